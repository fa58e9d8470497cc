"""The OpenAPI document of all endpoints, made from their table."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from schemas.instruments import Instrument
from web.auth.security import Security
from web.binance.endpoint import Endpoint
from web.binance.parameters import LEGAL, Parameter
from web.gateway import Gateway

PATH = "/api/openapi.json"
_INTEGER_MAX = 2**63 - 1
_JSON = "application/json"
_ERROR = {"$ref": "#/components/schemas/Error"}
_REFUSALS: Mapping[str, str] = {
    "400": "The request is refused; code and msg say why.",
    "401": "The key is missing, not known, or may not do this.",
    "409": "One half of a cancel-replace was done, the other refused.",
    "413": "The body is too large.",
    "418": "Nothing more is answered until Retry-After seconds are over.",
    "429": "Too many requests, or orders; wait Retry-After seconds.",
    "431": "The address and the headers are too long.",
    "503": "The exchange cannot be reached, or is overloaded.",
    "504": "No answer came in time: whether the request was carried out is not known.",
}
_SIGNED: tuple[dict[str, Any], ...] = (
    {
        "name": "timestamp",
        "in": "query",
        "required": True,
        "description": "When the request was made, in ms.",
        "schema": {"type": "integer", "format": "int64", "minimum": 0},
    },
    {
        "name": "recvWindow",
        "in": "query",
        "description": "For how many ms after that it counts.",
        "schema": {"type": "number", "minimum": 0, "maximum": 60_000, "default": 5_000},
    },
    {
        "name": "signature",
        "in": "query",
        "required": True,
        "description": "HMAC-SHA256 of query and body without it, by the key's secret, in hex.",
        "schema": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"},
    },
)


def routes(gateway: Gateway, endpoints: Iterable[Endpoint]) -> list[BaseRoute]:
    """The document's own route."""
    body = orjson.dumps(openapi_document(endpoints, gateway.instruments))

    async def respond(_request: Request) -> Response:
        return Response(body, media_type=_JSON)

    return [Route(PATH, respond, methods=["GET"])]


def openapi_document(
    endpoints: Iterable[Endpoint], instruments: Mapping[str, Instrument]
) -> dict[str, Any]:
    """The document; what may be traded is in it as well."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, sorted(instruments))
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TradeFlow",
            "version": "3",
            "description": "Binance's spot API. Amounts are decimal texts, times milliseconds, "
            "or microseconds with the header X-MBX-TIME-UNIT: MICROSECOND.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-MBX-APIKEY"},
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "properties": {
                        "code": {"type": "integer", "maximum": -1},
                        "msg": {"type": "string"},
                        "data": {"type": "object"},
                    },
                    "required": ["code", "msg"],
                    "additionalProperties": False,
                }
            },
        },
    }


def _operation(endpoint: Endpoint, symbols: list[str]) -> dict[str, Any]:
    parameters = [_parameter(each, symbols) for each in endpoint.parameters]
    if endpoint.security.is_signed:
        parameters += _SIGNED
    operation: dict[str, Any] = {
        "operationId": f"{endpoint.method.lower()}{endpoint.path.replace('/', '_')}",
        "summary": endpoint.summary,
        "description": _description(endpoint),
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "Done.",
                "content": {_JSON: {"schema": endpoint.replies or {"type": "object"}}},
            },
            **{
                status: {"description": what, "content": {_JSON: {"schema": _ERROR}}}
                for status, what in _REFUSALS.items()
            },
        },
    }
    if endpoint.security is not Security.NONE:
        operation["security"] = [{"key": []}]
    return operation


def _description(endpoint: Endpoint) -> str:
    weight = endpoint.weight if isinstance(endpoint.weight, int) else "depends on what is asked"
    parts = [f"Weight: {weight}."]
    if endpoint.security is not Security.NONE:
        parts.append(f"Needs {endpoint.security.value}.")
    if endpoint.ws_method:
        parts.append(f"WebSocket API: {endpoint.ws_method}.")
    return " ".join(parts)


def _parameter(parameter: Parameter, symbols: list[str]) -> dict[str, Any]:
    schema = _SCHEMAS[parameter.kind](parameter, symbols)
    if parameter.default is not None:
        schema["default"] = parameter.default
    described: dict[str, Any] = {"name": parameter.name, "in": "query"}
    if parameter.is_required:
        described["required"] = True
    if parameter.description:
        described["description"] = parameter.description
    # A list is one text of JSON, not a parameter for each of its items.
    place = {"content": {_JSON: {"schema": schema}}}
    return described | (place if parameter.kind == "symbols" else {"schema": schema})


def _symbols(_parameter: Parameter, symbols: list[str]) -> dict[str, Any]:
    items = {"type": "string", "enum": symbols}
    return {"type": "array", "items": items, "minItems": 1, "uniqueItems": True}


def _integer(parameter: Parameter, _symbols: object) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "integer",
        "format": "int64",
        "minimum": parameter.least,
        "maximum": _INTEGER_MAX,
    }
    if parameter.most is not None:
        schema["description"] = f"More than {parameter.most} is taken as {parameter.most}."
    return schema


def _legal(parameter: Parameter, _symbols: object) -> dict[str, Any]:
    return {"type": "string", "pattern": LEGAL[parameter.kind]}


_SCHEMAS: Mapping[str, Callable[[Parameter, list[str]], dict[str, Any]]] = {
    "symbol": lambda _parameter, symbols: {"type": "string", "enum": symbols},
    "symbols": _symbols,
    "integer": _integer,
    "time": _integer,
    "decimal": _legal,
    "name": _legal,
    "zone": _legal,
    "text": lambda _parameter, _symbols: {"type": "string"},
    "choice": lambda parameter, _symbols: {"type": "string", "enum": list(parameter.values)},
    "flag": lambda _parameter, _symbols: {"type": "boolean"},
}

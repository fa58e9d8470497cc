"""JSON schemas of replies, for the OpenAPI document: small parts to put together."""

from collections.abc import Mapping
from typing import Any

Shape = Mapping[str, Any]

TEXT: Shape = {"type": "string"}
FLAG: Shape = {"type": "boolean"}
AMOUNT: Shape = {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"}
"""A decimal number as a text."""
NUMBER: Shape = {"type": "integer", "format": "int64"}
TIME: Shape = {
    "type": "integer",
    "format": "int64",
    "description": "Milliseconds since the epoch; microseconds where X-MBX-TIME-UNIT asks.",
}


def record(**fields: Shape) -> Shape:
    """An object that has these fields and no others."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def listed(shape: Shape) -> Shape:
    """A list of such things."""
    return {"type": "array", "items": shape}


def row(*shapes: Shape) -> Shape:
    """A list with a place for each of these."""
    return {
        "type": "array",
        "prefixItems": list(shapes),
        "items": False,
        "minItems": len(shapes),
    }


def any_of(*shapes: Shape) -> Shape:
    """One of these."""
    return {"anyOf": list(shapes)}


def choice(*values: str) -> Shape:
    """One of these texts."""
    return {"type": "string", "enum": list(values)}

"""A client that signs, for the gateway's tests: httpx, and nothing of the gateway's own."""

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import httpx
from jsonschema import Draft202012Validator

from schemas.amounts import parse_units
from tests.chaos.exchange import await_condition
from tests.web.memory_keys import key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.unique_moments import unique_ms
from web.auth.caller import Scope
from web.binance.catalogue import ENDPOINTS

_SHAPES = {
    (each.method, each.path): Draft202012Validator(each.replies or {"type": "object"})
    for each in ENDPOINTS
}


class RefusedError(Exception):
    """An answer that is an error."""

    def __init__(self, answer: httpx.Response) -> None:
        body = answer.json()
        super().__init__(f"{answer.status_code} {body}")
        self.status = answer.status_code
        self.code: int = body["code"]
        self.msg: str = body["msg"]
        self.data: Any = body.get("data")

    @property
    def said(self) -> tuple[int, int, str]:
        """Status, code and text."""
        return self.status, self.code, self.msg


class SignedClient:
    """One account's."""

    def __init__(self, gateway: RunningGateway, account_id: str, *scopes: Scope) -> None:
        self.account_id = account_id
        self.gateway = gateway
        self._key = gateway.keys.add(key_of(account_id, *scopes))
        self._http = httpx.Client(
            base_url=gateway.url, timeout=90, headers={"X-MBX-APIKEY": self._key.key}
        )

    def get(self, path: str, **parameters: Any) -> Any:
        """The answer to a GET; raises RefusedError."""
        return self.ask("GET", path, **parameters)

    def post(self, path: str, **parameters: Any) -> Any:
        """The answer to a POST; raises RefusedError."""
        return self.ask("POST", path, **parameters)

    def put(self, path: str, **parameters: Any) -> Any:
        """The answer to a PUT; raises RefusedError."""
        return self.ask("PUT", path, **parameters)

    def delete(self, path: str, **parameters: Any) -> Any:
        """The answer to a DELETE; raises RefusedError."""
        return self.ask("DELETE", path, **parameters)

    def ask(self, method: str, path: str, **parameters: Any) -> Any:
        """The answer's JSON; raises RefusedError."""
        answer = self.response(method, path, **parameters)
        if answer.status_code != 200:
            raise RefusedError(answer)
        said = answer.json()
        # Whatever is asked for: the answer is what the OpenAPI document says of it.
        _SHAPES[method, path].validate(said)
        return said

    def response(
        self, method: str, path: str, headers: dict[str, str] | None = None, **parameters: Any
    ) -> httpx.Response:
        """The answer, whatever it is."""
        sent = {**parameters, "timestamp": unique_ms(), "recvWindow": 30_000}
        query = urlencode(sent)
        signature = hmac.new(self._key.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return self._http.request(method, f"{path}?{query}&signature={signature}", headers=headers)

    def balance(self, asset: str) -> tuple[int, int]:
        """Free and locked, in minor units."""
        balances = {each["asset"]: each for each in self.get("/api/v3/account")["balances"]}
        return parse_units(balances[asset]["free"]), parse_units(balances[asset]["locked"])

    def close(self) -> None:
        """Give its connections back."""
        self._http.close()


def funded_client(
    exchange: RunningExchange, gateway: RunningGateway, account_id: str, *, units: int = 10**14
) -> SignedClient:
    """A client whose account has so many minor units of each asset, and they have arrived."""
    exchange.open_account(account_id, units=units)
    client = SignedClient(gateway, account_id)
    await_condition(
        lambda: all(free == f"{units / 10**8:.8f}" for free in _frees(client)), "the money is there"
    )
    return client


def _frees(client: SignedClient) -> list[str]:
    return [each["free"] for each in client.get("/api/v3/account")["balances"]]

"""A client that trades without a pause, and remembers all that it was told, and what it was not."""

import json
import random
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self
from urllib.parse import urlencode

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.chaos.exchange import await_condition
from tests.web.socket_client import SECONDS, signed
from tests.web.unique_moments import unique_ms
from web.auth.api_key import ApiKey
from web.auth.signing import sign

SYMBOL = "BTCUSDT"
_PAUSE_SECONDS = 0.02
_OPERATIONS = {
    "place": ("POST", "/api/v3/order", "order.place"),
    "cancel": ("DELETE", "/api/v3/order", "order.cancel"),
    "show": ("GET", "/api/v3/order", "order.status"),
}


class Answer(NamedTuple):
    """Status, and what was asked for, or code and text."""

    status: int
    body: Any

    @property
    def is_unknown(self) -> bool:
        """Whether it says that the outcome is not known."""
        return self.status >= 500


class AwayError(Exception):
    """Nothing was sent: nobody was there."""


class LostError(Exception):
    """It was sent, and the answer never came."""


class Line(Protocol):
    """A way to the gateway."""

    def ask(self, operation: str, **parameters: Any) -> Answer:
        """The answer; raises AwayError, LostError."""

    def close(self) -> None:
        """Say goodbye."""


class RestLine:
    """Request after request."""

    def __init__(self, address: str, key: ApiKey) -> None:
        self._key = key
        self._http = httpx.Client(
            base_url=f"http://{address}", timeout=SECONDS, headers={"X-MBX-APIKEY": key.key}
        )

    def ask(self, operation: str, **parameters: Any) -> Answer:
        method, path, _ = _OPERATIONS[operation]
        query = urlencode({**parameters, "timestamp": unique_ms(), "recvWindow": 30_000})
        signature = sign(self._key.secret, query.encode())
        try:
            answer = self._http.request(method, f"{path}?{query}&signature={signature}")
        except httpx.ConnectError as error:
            raise AwayError from error
        except httpx.TransportError as error:
            raise LostError from error
        return Answer(answer.status_code, answer.json())

    def close(self) -> None:
        self._http.close()


class SocketLine:
    """One connection of the WebSocket API, as long as it holds."""

    def __init__(self, address: str, key: ApiKey) -> None:
        self._url = f"ws://{address}/ws-api/v3"
        self._key = key
        self._opened = ExitStack()
        self._socket: ClientConnection | None = None

    def ask(self, operation: str, **parameters: Any) -> Answer:
        method = _OPERATIONS[operation][2]
        params = signed(self._key, recvWindow=30_000, **parameters)
        if self._socket is None:
            try:
                opening = connect(self._url, compression=None)
                self._socket = self._opened.enter_context(opening)
            except (OSError, WebSocketException, EOFError) as error:
                raise AwayError from error
        try:
            self._socket.send(json.dumps({"id": 1, "method": method, "params": params}))
            while "status" not in (answer := json.loads(self._socket.recv(SECONDS))):
                # A goodbye.
                pass
        except (OSError, WebSocketException, EOFError) as error:
            self.close()
            raise LostError from error
        return Answer(answer["status"], answer.get("result", answer.get("error")))

    def close(self) -> None:
        self._socket = None
        self._opened.close()


@dataclass
class Told:
    """A request that changes something, and all that was said of it."""

    what: str
    name: str
    """Of the order, by the client."""
    answer: Answer | None = None
    """None: it never came."""
    asked: Answer | None = None
    """Where the outcome was unknown: how the order stood, as soon as there was an answer."""
    again: Answer | None = None
    """And what came of the same order once more."""

    @property
    def is_unknown(self) -> bool:
        return self.answer is None or self.answer.is_unknown


class RememberingClient:
    """Places and cancels on a thread, until it is stopped."""

    def __init__(self, line: Line, name: str, *, tries_again: bool) -> None:
        self._line = line
        self._name = name
        self._tries_again = tries_again
        """Whether it places again what turned out not to be there."""
        self._rng = random.Random(name)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)
        self._open: list[str] = []
        self.told: list[Told] = []
        self.failed: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_about: object) -> None:
        self._stop.set()
        self._thread.join()
        self._line.close()

    def _run(self) -> None:
        try:
            while not self._stop.wait(_PAUSE_SECONDS):
                self._do_something()
        except BaseException as error:
            self.failed = error

    def _do_something(self) -> None:
        if self._open and self._rng.random() < 0.3:
            name = self._open.pop(self._rng.randrange(len(self._open)))
            told, terms = Told("cancel", name), {"origClientOrderId": name}
        else:
            name = f"{self._name}-{len(self.told)}"
            told, terms = Told("place", name), self._terms(name)
        try:
            told.answer = self._line.ask(told.what, symbol=SYMBOL, **terms)
        except AwayError:
            return
        except LostError:
            told.answer = None
        self.told.append(told)
        if told.is_unknown:
            self._find_out(told, terms)
        if told.what == "place":
            self._note(told)

    def _note(self, told: Told) -> None:
        newest = told.again if told.again is not None and told.again.status == 200 else None
        shown = newest or told.asked or told.answer
        if shown is not None and shown.body.get("status") in ("NEW", "PARTIALLY_FILLED"):
            self._open.append(told.name)

    def _find_out(self, told: Told, terms: dict[str, str]) -> None:
        told.asked = self._until_answered("show", {"origClientOrderId": told.name})
        if told.what == "place" and (told.asked.status == 200 or self._tries_again):
            told.again = self._until_answered("place", terms)

    def _until_answered(self, operation: str, terms: dict[str, str]) -> Answer:
        def answer() -> Answer | None:
            try:
                given = self._line.ask(operation, symbol=SYMBOL, **terms)
            except (AwayError, LostError):
                return None
            return None if given.is_unknown else given

        found: Answer = await_condition(answer, f"an answer to {operation} {terms}")
        return found

    def _terms(self, name: str) -> dict[str, str]:
        rng = self._rng
        terms = {
            "side": rng.choice(("BUY", "SELL")),
            "quantity": f"{rng.randrange(1, 100) / 10_000:.4f}",
            "newClientOrderId": name,
            "newOrderRespType": "FULL",
        }
        kind = rng.choices(("GTC", "IOC", "MARKET"), (8, 1, 1))[0]
        if kind == "MARKET":
            return {**terms, "type": "MARKET"}
        price = f"{rng.randrange(49_990, 50_011)}"
        return {**terms, "type": "LIMIT", "timeInForce": kind, "price": price}

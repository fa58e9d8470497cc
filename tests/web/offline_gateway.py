"""The gateway's application over its memory, into which tests put what the log would tell."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from schemas.instruments import Instrument, load_instruments
from schemas.topics import CANDLES, ORDERBOOK_UPDATES, TICKERS, TRADES, Topic
from tests.web.gateway_parts import door_of, gateway_of
from tests.web.memory_keys import MemoryKeys
from web.app import make_app
from web.feed.hub import Hub
from web.feed.record import Received
from web.settings import GatewaySettings
from web.state.history import History, NoHistory

TOPICS = {
    "Trade": TRADES,
    "Tick": TRADES,
    "Candle": CANDLES,
    "Ticker": TICKERS,
    "DepthUpdate": ORDERBOOK_UPDATES,
}


class Answer(NamedTuple):
    """Status, headers and what the JSON says."""

    status: int
    headers: dict[str, str]
    json: Any


class OfflineGateway:
    """No broker, and nothing that asks the exchange: commands cannot be sent."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument] | None = None,
        *,
        history: History | None = None,
        keys: MemoryKeys | None = None,
        **settings: Any,
    ) -> None:
        self.hub = Hub()
        self.instruments = instruments or load_instruments()
        chosen = GatewaySettings(**settings)
        self.gateway = gateway_of(
            chosen,
            instruments=self.instruments,
            hub=self.hub,
            history=history or NoHistory(),
            door=door_of(keys or MemoryKeys()),
        )
        self.gateway.markets.listen(self.hub)
        self.gateway.balances.listen(self.hub)
        self.app = make_app(self.gateway)
        self._offsets: Counter[str] = Counter()

    def tell(self, name: str, record: Mapping[str, Any], topic: Topic | None = None) -> None:
        """What the feed would hand on; everything is on partition 0."""
        topic_name = (topic or TOPICS[name]).name
        offset = self._offsets[topic_name]
        self._offsets[topic_name] += 1
        self.hub.publish([Received(topic_name, 0, offset, b"", name, dict(record), {})])

    def get(self, path: str, *, headers: Mapping[str, str] | None = None, **sent: Any) -> Answer:
        """The answer to a GET; lists are sent as JSON."""
        query = urlencode(
            {
                name: json.dumps(value, separators=(",", ":")) if isinstance(value, list) else value
                for name, value in sent.items()
            }
        )
        return asyncio.run(self.call("GET", path, query.encode(), headers=headers))

    def json(self, path: str, **sent: Any) -> Any:
        """What a GET that is not refused says."""
        answer = self.get(path, **sent)
        assert answer.status == 200, answer
        return answer.json

    async def call(
        self, method: str, path: str, query: bytes, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request to the application."""
        told: list[dict[str, Any]] = []
        pairs: Iterable[tuple[str, str]] = (headers or {}).items()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        scope = {
            "type": "http",
            "scheme": "http",
            "method": method,
            "path": path,
            "root_path": "",
            "query_string": query,
            "headers": [(name.lower().encode(), value.encode()) for name, value in pairs],
            "client": ("127.0.0.1", 1),
        }
        await self.app(scope, receive, cast(Any, send))
        start, *bodies = told
        body = b"".join(each["body"] for each in bodies)
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], found, json.loads(body))

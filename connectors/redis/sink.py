"""The Redis sink: each batch and its positions in one script."""

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors.event import Place
from connectors.redis.candle_series import FORMS, CandleForm
from connectors.redis.failures import store_down
from connectors.redis.keys import CACHED_KINDS, Keys
from connectors.redis.plan import BatchPlan
from connectors.redis.scales import Scales
from connectors.redis.server import candle_form_name, look_at
from connectors.redis.settings import RedisSettings
from connectors.sink import Batch, FencedError, StoreDownError
from schemas.instruments import Instrument
from schemas.topics import (
    CANDLES,
    ORDERBOOK_SNAPSHOTS,
    ORDERBOOK_UPDATES,
    ORDERS_ORDERS,
    TICKERS,
    TRADES,
)

_SCRIPT = files("connectors.redis").joinpath("write_batch.lua").read_text()
_REMOVED_AT_ONCE = 5_000


class RedisSink:
    """Market data and finished sagas in Redis; see ``keys.py`` for what is where.

    A batch is one script, so it is there whole, with its positions, or not at all: also after the
    server was killed, since its append-only file holds a script's writes as one transaction.
    """

    name = "redis"
    topics: tuple[str, ...] = (
        TRADES.name,
        TICKERS.name,
        CANDLES.name,
        ORDERBOOK_UPDATES.name,
        ORDERBOOK_SNAPSHOTS.name,
        ORDERS_ORDERS.name,
    )

    def __init__(self, settings: RedisSettings, instruments: Mapping[str, Instrument]) -> None:
        self.settings = settings
        self.keys = Keys(self.settings.key_prefix)
        self._scales = Scales(instruments)
        self._address = _without_password(self.settings.url)
        self._client: redis.Redis | None = None
        self._candle_form: CandleForm | None = None
        self._script_sha = ""
        # Members of symbols:redis that are there for certain.
        self._members: set[str] = set()
        # A batch that was sent and not answered.
        self._in_doubt: Batch | None = None

    def connect(self) -> None:
        """See ``Sink``."""
        self.close()
        client = connected(self.settings)
        try:
            with self._clear_errors():
                server = look_at(client, self._address)
                self._script_sha = str(client.script_load(_SCRIPT))
            with self._clear_errors(self.keys.candle_form):
                form = candle_form_name(client, self.keys.candle_form, server, self._address)
        except BaseException:
            client.close()
            raise
        self._candle_form = FORMS[form](self.keys, self.settings.candles_kept)
        self._members.clear()
        self._client = client

    @property
    def candle_form(self) -> CandleForm:
        """How this server's candles are kept; known once connected."""
        if self._candle_form is None:
            raise StoreDownError(f"Redis at {self._address} is not connected")
        return self._candle_form

    def positions(self, places: Collection[Place]) -> dict[Place, int]:
        """See ``Sink``."""
        if not places:
            return {}
        with self._clear_errors(self.keys.positions):
            found: Any = self._open().hmget(self.keys.positions, [str(p) for p in places])
        self._in_doubt = None
        # Where the store was emptied, names of keys are gone too.
        self._members.clear()
        return {
            place: int(position)
            for place, position in zip(places, found, strict=True)
            if position is not None
        }

    def write(self, batch: Batch) -> int:
        """See ``Sink``."""
        client = self._open()
        now = time.time()
        plan = BatchPlan(
            self.keys,
            self._scales,
            self.candle_form,
            now_ms=int(now * 1_000),
            tell_from_ms=int((now - self.settings.publish_seconds) * 1_000),
        )
        plan.add(batch.events)
        members = plan.members() - self._members
        head: list[str | int] = [len(batch.starts)]
        for place, start in batch.starts.items():
            head += (str(place), start or "", batch.ends[place])
        try:
            answer = self._run(client, [*head, *plan.arguments(members)])
        except StoreDownError:
            self._in_doubt = batch
            raise
        if not answer[0] and not self._was_written_after_all(batch):
            place, there = answer[1].decode(), answer[2].decode()
            raise FencedError(
                f"Redis at {self._address} is at {there} in {place}: another connector writes to"
                " it, or it was given other data"
                if there
                else f"Redis at {self._address} has no position in {place} any more: it was emptied"
            )
        self._in_doubt = None
        self._members |= members
        return int(answer[1]) if answer[0] else 0

    def clear(self) -> None:
        """See ``Sink``: keys by their names, nothing by a pattern that others may use too.

        All but the ends of sagas goes in one command; those go one part after the other, and
        writing them again changes nothing.
        """
        client = self._open()
        with self._clear_errors():
            members: Any = client.smembers(self.keys.symbols)
            client.unlink(*self._keys_of(member.decode() for member in members))
            pattern = _literal(self.keys.saga("")) + "*-*-5*-*-*"
            part: list[bytes] = []
            for key in client.scan_iter(match=pattern, count=_REMOVED_AT_ONCE):
                part.append(key)
                if len(part) >= _REMOVED_AT_ONCE:
                    client.unlink(*part)
                    part = []
            if part:
                client.unlink(*part)
        self._members.clear()
        self._in_doubt = None
        # The form of candles is free to be chosen again.
        self.connect()

    def close(self) -> None:
        """See ``Sink``."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _run(self, client: Any, arguments: list[str | int]) -> Any:
        with self._clear_errors():
            try:
                return client.execute_command(
                    "EVALSHA", self._script_sha, 1, self.keys.positions, *arguments
                )
            except redis.exceptions.NoScriptError:
                # The server was started anew, or told to forget its scripts: nothing has run.
                return client.execute_command("EVAL", _SCRIPT, 1, self.keys.positions, *arguments)

    def _was_written_after_all(self, batch: Batch) -> bool:
        """Whether this very batch was sent before, and only the answer got lost."""
        before = self._in_doubt
        if before is None or (before.starts, before.ends) != (batch.starts, batch.ends):
            return False
        ends = [str(batch.ends[place]).encode() for place in batch.ends]
        with self._clear_errors():
            fields = [str(place) for place in batch.ends]
            there: Any = self._open().hmget(self.keys.positions, fields)
        return bool(there == ends)

    def _keys_of(self, members: Iterator[str]) -> list[str]:
        keys = [self.keys.positions, self.keys.symbols, self.keys.candle_form]
        for member in members:
            symbol, _, interval = member.partition(":")
            if interval:
                for form in FORMS.values():
                    keys += form(self.keys, 1).keys(symbol, interval)
                continue
            book = self.keys.book(symbol)
            keys += (self.keys.price(symbol), self.keys.ticker(symbol), book)
            keys += (f"{book}:{part}" for part in ("bids", "asks", "state", "touched"))
            keys += (self.keys.cached(kind, symbol) for kind in CACHED_KINDS)
        return keys

    def _open(self) -> "redis.Redis":
        if self._client is None:
            raise StoreDownError(f"Redis at {self._address} is not connected")
        return self._client

    @contextmanager
    def _clear_errors(self, key: str = "") -> Iterator[None]:
        try:
            yield
        except (redis.RedisError, OSError) as error:
            down = store_down(error, self._address, key)
            if down is None:
                raise
            raise down from error


def connected(settings: RedisSettings) -> "redis.Redis":
    """A client that answers in time or not at all, and never does a thing twice by itself."""
    return redis.Redis.from_url(
        settings.url,
        socket_timeout=settings.timeout_seconds,
        socket_connect_timeout=settings.timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        client_name="tradeflow-redis",
    )


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path or url


def _literal(text: str) -> str:
    """A text for SCAN's pattern that means itself."""
    return "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in text)

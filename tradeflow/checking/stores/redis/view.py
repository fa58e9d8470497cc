"""Redis as it is: positions and all keys of one symbol in one transaction."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from redis import Redis, ResponseError

from tradeflow.checking.stores.redis.candles import FIELDS, INTERVAL_MS, SORTED_SETS, TIME_SERIES
from tradeflow.topic_reader import Partition

Keys = dict[str, Any]

_SCANNED = 5_000
_ABSENT = ("does not exist", "unknown command")


class RedisView:
    """Reads through a client that decodes answers; errors are the client's."""

    def __init__(self, client: "Redis", prefix: str) -> None:
        self._client: Any = client
        self._prefix = prefix

    def form(self) -> str:
        """How candles are kept; "" where none ever were."""
        return self._client.get(f"{self._prefix}candles:redis") or ""

    def positions(self) -> dict[Partition, int]:
        """How far each partition is written."""
        return _positions(self._client.hgetall(f"{self._prefix}positions:redis"))

    def symbols(self) -> set[str]:
        """Those that the connector says it has keys of."""
        members = self._client.smembers(f"{self._prefix}symbols:redis")
        return {member.partition(":")[0] for member in members}

    def symbol(self, symbol: str, form: str) -> tuple[dict[Partition, int], set[str], Keys]:
        """Positions, members of «symbols:redis», and the keys of a symbol without the prefix."""
        pipeline: Any = self._client.pipeline(transaction=True)
        pipeline.hgetall(f"{self._prefix}positions:redis")
        pipeline.smembers(f"{self._prefix}symbols:redis")
        names = list(self._ask(pipeline, symbol, form))
        positions, members, *answers = pipeline.execute(raise_on_error=False)
        keys = {}
        for name, answer in zip(names, answers, strict=True):
            if value := _value(answer):
                keys[name] = value
        for answer in (positions, members):
            _require(answer)
        own = {each for each in members if each == symbol or each.startswith(f"{symbol}:")}
        return _positions(positions), own, keys

    def now(self) -> int:
        """The server's clock (s)."""
        return int(self._client.time()[0])

    def sagas(self) -> Iterator[str]:
        """UUIDs of the sagas that are remembered; one may come twice."""
        before = f"{self._prefix}processed:saga:"
        pattern = "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in before)
        for key in self._client.scan_iter(match=f"{pattern}*", count=_SCANNED):
            yield key.removeprefix(before)

    def ends_of_sagas(self, uuids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Of those that are remembered: the value, and until when (s)."""
        pipeline: Any = self._client.pipeline(transaction=False)
        for uuid in uuids:
            pipeline.get(f"{self._prefix}processed:saga:{uuid}")
            pipeline.expiretime(f"{self._prefix}processed:saga:{uuid}")
        answers = pipeline.execute()
        return {
            uuid: {"value": value, "until": until}
            for uuid, value, until in zip(uuids, answers[::2], answers[1::2], strict=True)
            if value is not None
        }

    def close(self) -> None:
        """Give the connection up."""
        self._client.close()

    def _ask(self, pipeline: Any, symbol: str, form: str) -> Iterator[str]:
        """Put the questions; the key that each is about."""
        book = f"orderbook:{symbol}"
        pipeline.get(f"{self._prefix}price:{symbol}")
        yield f"price:{symbol}"
        for name in (f"ticker:{symbol}", book, f"{book}:state", f"{book}:touched"):
            pipeline.hgetall(self._prefix + name)
            yield name
        for name in (f"{book}:bids", f"{book}:asks"):
            pipeline.zrange(self._prefix + name, 0, -1, withscores=True)
            yield name
        for interval in INTERVAL_MS:
            series = f"ticker:{symbol}:{interval}"
            if form == SORTED_SETS:
                pipeline.zrange(self._prefix + series, 0, -1, withscores=True)
                yield series
            elif form == TIME_SERIES:
                for field in FIELDS:
                    name = series if field == "close" else f"{series}:{field}"
                    pipeline.execute_command("TS.RANGE", self._prefix + name, "-", "+")
                    yield name


def _value(answer: Any) -> Any:
    """A value as the reference has it; nothing of a key that is not there."""
    if isinstance(answer, ResponseError) and any(text in str(answer) for text in _ABSENT):
        return None
    _require(answer)
    if not isinstance(answer, list):
        return answer
    pairs = [tuple(pair) for pair in answer]
    if pairs and isinstance(pairs[0][0], int):
        return [(at, float(value)) for at, value in pairs]
    return dict(pairs)


def _require(answer: Any) -> None:
    if isinstance(answer, Exception):
        raise answer


def _positions(fields: Mapping[str, str]) -> dict[Partition, int]:
    found = {}
    for place, at in fields.items():
        topic, _, number = place.rpartition("/")
        if topic and number.isdigit() and at.isdigit() and int(at):
            found[Partition(topic, int(number))] = int(at)
    return found

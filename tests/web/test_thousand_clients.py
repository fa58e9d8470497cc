"""A thousand clients on one gateway, twenty of which do not read: the others notice nothing."""

from collections import defaultdict
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.chaos.exchange import await_condition
from tests.web.gateway_process import GatewayProcess
from tests.web.market_load import MarketLoad
from tests.web.market_log import MarketLog
from tests.web.quiet_client import QuietClient
from tests.web.running_exchange import RunningExchange
from tests.web.swarm import Swarm

_CLIENTS = 1_000
_QUIET = 20
_QUEUE_BYTES = 64 * 1024
_MEMORY_MAX = 40 * 2**20
"""What the market may cost meanwhile, and twenty queues with what the transports hold: these are
20 × 200 KiB."""
_SYMBOLS = ("btcusdt", "ethusdt", "ltcusdt", "bnbbtc")
_BOOKS = [f"{symbol}@depth20@100ms" for symbol in _SYMBOLS]
_STATES = "/stream?streams=" + "/".join([*_BOOKS, "!bookTicker"])
_ALL = _STATES + "".join(f"/{symbol}@trade/{symbol}@depth@100ms" for symbol in _SYMBOLS)
_ENOUGH_BYTES = 1_500_000
"""More than kernel, transport and queue hold for a client that does not read."""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nobody_waits_for_who_does_not_read(exchange: RunningExchange) -> None:
    settings = {
        "connection_queue_bytes": _QUEUE_BYTES,
        # Those who are slow are to be found slow, not silent.
        "pong_seconds": 300,
        "close_seconds": 300,
    }
    with ExitStack() as stack:
        gateway = stack.enter_context(GatewayProcess(exchange, **settings))
        swarm = stack.enter_context(Swarm(gateway.address))
        trades: list[list[int]] = [[] for _ in range(_CLIENTS - _QUIET - 1)]
        readers = swarm.connect(
            len(trades),
            "/ws/btcusdt@trade",
            lambda number: lambda message: trades[number].append(message["t"]),
        )
        told: list[Any] = []
        (witness,) = swarm.connect(1, _ALL, lambda _: told.append)
        quiet = [
            stack.enter_context(QuietClient(f"ws://{gateway.address}{path}"))
            for path in [_STATES] * (_QUIET // 2) + [_ALL] * (_QUIET // 2)
        ]
        before, most, most_queued = gateway.resident_bytes, 0, 0.0

        def has_read_enough() -> bool:
            nonlocal most, most_queued
            most = max(most, gateway.resident_bytes)
            most_queued = max(most_queued, _figures(gateway)["websocket_queued_bytes"])
            return witness.received_bytes > _ENOUGH_BYTES

        with MarketLoad(exchange, rate=150):
            await_condition(has_read_enough, "more than a queue holds", seconds=120, every=0.2)
        log = MarketLog(exchange)
        last_trade = log.trades["BTCUSDT"][-1]["trade_id"]
        await_condition(
            lambda: all(ids and ids[-1] == last_trade for ids in trades), "all to hear all"
        )
        last_ids = {
            f"{symbol.lower()}@depth20@100ms": updates[-1]["last_update_id"]
            for symbol, updates in log.updates.items()
        }
        await_condition(lambda: _last_books(told) == last_ids, "the witness to hear all")

        assert [ids for ids in trades if ids != list(range(1, last_trade + 1))] == []
        assert not any(each.is_closed for each in [*readers, witness])
        _verify_whole(told, log)
        # They were slow indeed, and nothing was kept for them but their queues; what else there is
        # of the messages is there once for all.
        assert 0 < most_queued <= 2 * _QUIET * _QUEUE_BYTES
        assert most - before < _MEMORY_MAX
        assert _figures(gateway)["websocket_too_slow"] == _QUIET // 2
        _verify_resynced(quiet[: _QUIET // 2], told, last_ids)
        for client in quiet[_QUIET // 2 :]:
            client.read_all()
            reason = f"Too slow: more than {_QUEUE_BYTES} bytes wait to be read."
            assert client.closed == (1008, reason)


def _figures(gateway: GatewayProcess) -> dict[str, float]:
    """The gateway's own, by their names without a prefix."""
    text = httpx.get(f"http://{gateway.address}/metrics", timeout=30).text
    families = text_string_to_metric_families(text)
    samples = (sample for family in families for sample in family.samples)
    return {
        sample.name.removeprefix("tradeflow_gateway_"): sample.value
        for sample in samples
        if not sample.labels
    }


def _verify_whole(told: list[Any], log: MarketLog) -> None:
    """Every trade, and every change of every book, without a gap."""
    by_stream: dict[str, list[Any]] = defaultdict(list)
    for each in told:
        by_stream[each["stream"]].append(each["data"])
    for symbol, updates in log.updates.items():
        changes = by_stream[f"{symbol.lower()}@depth@100ms"]
        assert changes[-1]["u"] == updates[-1]["last_update_id"]
        assert all(then["U"] == now["u"] + 1 for now, then in pairwise(changes))
        trades = [each["t"] for each in by_stream[f"{symbol.lower()}@trade"]]
        assert trades == [each["trade_id"] for each in log.trades[symbol]]


def _last_books(messages: list[Any]) -> dict[str, int]:
    """The last id of each partial book's stream."""
    return {
        each["stream"]: each["data"]["lastUpdateId"]
        for each in list(messages)
        if each["stream"] in _BOOKS
    }


def _verify_resynced(clients: list[QuietClient], told: list[Any], last_ids: dict[str, int]) -> None:
    """They are told what is new, and not all that is old."""
    newest = {each["stream"]: each["data"] for each in told if each["stream"] in _BOOKS}
    count = sum(each["stream"] in _BOOKS for each in told)
    for client in clients:
        heard: dict[str, Any] = {}
        messages = client.read_until(
            lambda each, heard=heard: (
                heard.update({each["stream"]: each["data"]})
                or {name: heard.get(name, {}).get("lastUpdateId") for name in _BOOKS} == last_ids
            )
        )
        assert {name: heard[name] for name in _BOOKS} == newest
        assert sum(each["stream"] in _BOOKS for each in messages) < count

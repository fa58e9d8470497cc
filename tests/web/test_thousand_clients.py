"""A thousand clients on one gateway, twenty of which do not read: the others notice nothing."""

from contextlib import ExitStack
from typing import Any

import pytest

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
        before, most = gateway.resident_bytes, 0

        def has_read_enough() -> bool:
            nonlocal most
            most = max(most, gateway.resident_bytes)
            return witness.received_bytes > _ENOUGH_BYTES

        with MarketLoad(exchange, rate=150):
            await_condition(has_read_enough, "more than a queue holds", seconds=120)
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
        assert most - before < _MEMORY_MAX
        _verify_resynced(quiet[: _QUIET // 2], told, last_ids)
        for client in quiet[_QUIET // 2 :]:
            client.read_all()
            reason = f"Too slow: more than {_QUEUE_BYTES} bytes wait to be read."
            assert client.closed == (1008, reason)


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

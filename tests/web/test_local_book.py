"""Books that clients keep by Binance's procedure are the engine's, also when gateways come and go.

TRADEFLOW_LOCAL_BOOK_SECONDS says how long the market moves meanwhile.
"""

import os
import signal
import time

import pytest

from schemas.amounts import format_steps
from tests.chaos.exchange import await_condition
from tests.web.keyless_gateway import KeylessGateway
from tests.web.local_book import LocalBook
from tests.web.market_load import MarketLoad
from tests.web.market_log import Levels, MarketLog
from tests.web.running_exchange import RunningExchange

_SECONDS = float(os.environ.get("TRADEFLOW_LOCAL_BOOK_SECONDS", "10"))
_SYMBOL = "BTCUSDT"
_STREAMS = ("btcusdt@depth@100ms", "btcusdt@depth")


@pytest.mark.timeout(180 + 3 * _SECONDS)
def test_local_books_equal_the_engines_while_the_gateway_restarts(
    exchange: RunningExchange,
) -> None:
    with (
        KeylessGateway(exchange) as gateway,
        LocalBook(gateway.address, _SYMBOL, _STREAMS[0]) as fast,
        LocalBook(gateway.address, _SYMBOL, _STREAMS[1]) as slow,
    ):
        with MarketLoad(exchange, rate=100):
            for number, how in enumerate((signal.SIGTERM, signal.SIGKILL, None), start=1):
                await_condition(
                    lambda number=number: (
                        min(fast.connections, slow.connections) >= number or fast.failed
                    ),
                    f"connection {number}",
                )
                # The market moves for a third of the time on each connection.
                ends = time.monotonic() + _SECONDS / 3
                await_condition(
                    lambda ends=ends: time.monotonic() > ends, "the time", seconds=_SECONDS + 60
                )
                if how is not None:
                    gateway.end(how)
                    gateway.start()
        log = MarketLog(exchange)
        last_id = log.updates[_SYMBOL][-1]["last_update_id"]
        await_condition(
            lambda: fast.last_update_id == slow.last_update_id == last_id or fast.failed,
            f"both books to reach {last_id}",
        )

    rules = log.instruments[_SYMBOL]

    def shown(levels: Levels) -> dict[str, str]:
        tick, lot = rules.tick_size, rules.lot_size
        return {format_steps(p, tick): format_steps(q, lot) for p, q in levels.items()}

    for book in (fast, slow):
        assert book.failed is None
        assert book.connections >= 3
        assert book.last_update_id == last_id
        compared = 0
        for update_id, bids, asks in log.each_book(_SYMBOL):
            if update_id in book.states:
                assert book.states[update_id] == (shown(bids), shown(asks))
                compared += 1
        assert compared == len(book.states) > 0

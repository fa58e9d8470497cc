"""A market order where nobody has traded so far: the first order may be about to be in the book."""

import asyncio
from typing import Any

import pytest

from tests.web.memory_keys import MemoryKeys
from tests.web.standing_gateway import standing_gateway
from web.auth.caller import Caller, Scope
from web.binance.endpoint import Call
from web.binance.errors import BinanceError
from web.binance.order_parameters import SYMBOL, TERMS
from web.binance.parameters import read_parameters
from web.binance.placing import placement


def _call(side: str) -> Call:
    gateway = standing_gateway(MemoryKeys())
    sent = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": "1"}
    values = read_parameters(list(sent.items()), (SYMBOL, *TERMS), gateway.instruments)
    return Call(gateway, values, Caller(account_id="ann", key="k", scopes=frozenset(Scope)))


def test_it_waits_for_the_first_price() -> None:
    call = _call("BUY")

    async def play() -> dict[str, Any]:
        placing = asyncio.ensure_future(placement(call))
        # It has looked at the book before the order is in it.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not placing.done()
        call.gateway.markets.by_symbol["BTCUSDT"].book.asks.set(5_000_000, 100_000)
        return await placing

    assert asyncio.run(play())["budget_units"] >= 50_000 * 10**8


def test_it_does_not_wait_for_ever() -> None:
    with pytest.raises(BinanceError, match="liquidity"):
        asyncio.run(placement(_call("BUY")))

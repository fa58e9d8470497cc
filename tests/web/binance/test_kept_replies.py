"""Replies that are kept are never older than the state that they tell of."""

import asyncio
import json
import tracemalloc
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.binance.test_market_twin import BTCUSDT, SYMBOL
from tests.web.made_trades import MarketLog, happenings
from tests.web.offline_gateway import OfflineGateway
from web.binance.catalogue import ENDPOINTS
from web.binance.endpoint import Call, Endpoint
from web.binance.kept_replies import ENTRY_BYTES, KeptReplies
from web.binance.parameters import read_parameters
from web.binance.reply import to_json

KEPT = [each for each in ENDPOINTS if each.state_of is not None]
ASKED: dict[str, list[tuple[str, str]]] = {
    "symbol": [("symbol", SYMBOL)],
    "interval": [("symbol", SYMBOL), ("interval", "1m")],
}


def asked(endpoint: Endpoint) -> list[tuple[str, str]]:
    """Parameters that it takes."""
    names = {each.name for each in endpoint.parameters}
    return ASKED["interval" if "interval" in names else "symbol"]


def made_now(gateway: OfflineGateway, endpoint: Endpoint) -> Any:
    """What the endpoint says when nothing is kept."""
    values = read_parameters(asked(endpoint), endpoint.parameters, gateway.instruments)
    reply = asyncio.run(endpoint.handle(Call(gateway.gateway, values)))  # type: ignore[arg-type]
    return json.loads(to_json(reply))


@settings(max_examples=30)
@given(happenings, st.lists(st.integers(0, 300), max_size=8))
def test_tell_of_the_state_as_it_is(happened: Any, looks: list[int]) -> None:
    log = MarketLog(BTCUSDT, happened)
    gateway = OfflineGateway()

    for number, (name, record) in enumerate(log.told):
        gateway.tell(name, record)
        if name == "Trade":
            level = {"price_ticks": record["price_ticks"], "quantity_lots": number % 3}
            update = {"bids": [level], "asks": [], "symbol": SYMBOL, "time_ms": record["time_ms"]}
            ids = {"first_update_id": number + 1, "last_update_id": number + 1}
            gateway.tell("DepthUpdate", update | ids)
        if number in looks or number + 1 == len(log.told):
            for endpoint in KEPT:
                parameters = dict(asked(endpoint))
                expected = made_now(gateway, endpoint)
                assert gateway.json(endpoint.path, **parameters) == expected
                assert gateway.json(endpoint.path, **parameters) == expected


def test_tell_of_a_status_as_it_is() -> None:
    gateway = OfflineGateway()
    market = gateway.gateway.markets.by_symbol[SYMBOL]
    paths = [each.path for each in KEPT if "symbolStatus" in {p.name for p in each.parameters}]
    assert paths

    for status, expected in (("TRADING", 200), ("HALT", 400), ("TRADING", 200)):
        market.set_status(status)
        for path in paths:
            answer = gateway.get(path, symbol=SYMBOL, symbolStatus="TRADING")
            assert answer.status == expected
            listed = gateway.get(path, symbolStatus="HALT")
            if listed.status == 200:
                assert [each["symbol"] for each in listed.json] == [SYMBOL] * (status == "HALT")


def test_keep_no_more_bytes_than_they_may() -> None:
    kept = KeptReplies(bytes_max=100 + 3 * ENTRY_BYTES)

    for number in range(10):
        kept.keep(number, "state", b"x" * 30)
    kept.keep(9, "newer", b"y" * 40)

    assert kept.find(9, "newer") == b"y" * 40
    assert kept.find(9, "state") is None
    assert kept.find(8, "state") == b"x" * 30
    assert kept.find(7, "state") == b"x" * 30
    assert kept.find(6, "state") is None


def test_keep_not_more_of_a_reply_than_it_says() -> None:
    kept = KeptReplies()
    tracemalloc.start()
    try:
        for number in range(1_000):
            kept.keep(number, "state", to_json([]))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken < 1_000 * ENTRY_BYTES


def test_of_empty_replies_there_is_an_end_too() -> None:
    kept = KeptReplies(bytes_max=10 * ENTRY_BYTES)

    for number in range(100):
        kept.keep(number, "state", b"")

    assert [number for number in range(100) if kept.find(number, "state") == b""] == [
        *range(90, 100)
    ]

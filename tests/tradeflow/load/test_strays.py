"""Orders that are open although the flow believes them closed."""

from typing import Any, cast

from schemas.instruments import load_instruments
from schemas.records import ExecutionReport
from tradeflow.flow.generator import Generator
from tradeflow.flow.mix import DEFAULT_MIX, Mix
from tradeflow.load.strays import Strays


def _report(order_id: int, *, leaves: int, account_id: str = "load-1") -> ExecutionReport:
    fields: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "order_id": order_id,
        "account_id": account_id,
        "client_order_id": f"c{order_id}",
        "side": "BUY",
        "price_ticks": 100,
        "quantity_lots": 5,
        "leaves_quantity_lots": leaves,
    }
    return cast("ExecutionReport", fields)


def test_an_order_is_a_stray_when_it_stays_open_unbeknown_to_the_flow() -> None:
    generator = Generator(
        [load_instruments()["BTCUSDT"]], seed=1, run="r", mix=Mix.parse(DEFAULT_MIX)
    )
    generator.next_command(1)
    assert generator.believes_open("BTCUSDT", 1)
    strays = Strays()
    strays.take(_report(1, leaves=5), at=0.0)
    strays.take(_report(2, leaves=5), at=0.0)
    strays.take(_report(3, leaves=5), at=0.0)
    strays.take(_report(3, leaves=0), at=1.0)
    strays.take(_report(4, leaves=5, account_id="somebody"), at=0.0)
    strays.take(_report(5, leaves=5), at=90.0)

    assert strays.find(generator, now=5.0) == {}, "they changed just now"
    found = strays.find(generator, now=100.0)

    assert [order.client_order_id for order in found["BTCUSDT"]] == ["c2"]
    assert strays.find(generator, now=100.0) == {}, "each is given once"

"""Every reason to refuse, in Binance's codes and texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.enums import REJECT_REASONS, RejectReason, WalletRefusal
from schemas.instruments import load_instruments
from streams.domain.admission import ORDER_CHECKS
from streams.domain.symbol_state import SymbolState
from web.binance.errors import BinanceError
from web.binance.order_filters import filter_failure, notional_failure
from web.binance.rejections import amend_error, cancel_error, placement_error, query_error
from web.binance.wallet_commands import wallet_error

_FILTERS = (
    "PRICE_FILTER",
    "LOT_SIZE",
    "MARKET_LOT_SIZE",
    "ICEBERG_PARTS",
    "NOTIONAL",
    "PERCENT_PRICE_BY_SIDE",
    "MAX_NUM_ORDERS",
    "MAX_NUM_ALGO_ORDERS",
    "MAX_NUM_ICEBERG_ORDERS",
)
# https://github.com/binance/binance-spot-api-docs/blob/master/errors.md
_ENGINE_TEXTS = {
    "Unknown order sent.",
    "Duplicate order sent.",
    "Market is closed.",
    "Account has insufficient balance for requested action.",
    "Price * QTY is zero or less.",
    "IcebergQty exceeds QTY.",
    "This account may not place or cancel orders.",
    "Unsupported order combination",
    "Order would trigger immediately.",
    "Order would immediately match and take.",
    "This symbol is not permitted for this account.",
    "Order was not canceled due to cancel restrictions.",
    "Order book liquidity is less than symbol minimum quantity.",
    "Order amend (quantity increase) is not supported.",
    "The requested action would change no state; rejecting",
    "The relationship of the prices for the orders is not correct.",
}
_OTHER_TEXTS = {
    (-1000, "An unknown error occurred while processing the request."),
    (-1001, "Internal error; unable to process your request. Please try again."),
    (-1003, "Too many requests queued."),
    (-1108, "Parameter 'quantity' overflowed."),
    (-1121, "Invalid symbol."),
    (-2013, "Order does not exist."),
    *((-1013, f"Filter failure: {name}") for name in _FILTERS),
}
_ENGINE_CODES = {
    placement_error: -2010,
    cancel_error: -2011,
    lambda reason: amend_error(reason, is_same_quantity=False): -2038,
    lambda reason: amend_error(reason, is_same_quantity=True): -2038,
    query_error: -2010,
}


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_every_reason_has_a_code_and_a_text_that_clients_know(reason: RejectReason) -> None:
    for make, code in _ENGINE_CODES.items():
        refused: BinanceError = make(reason)

        if refused.code == code:
            assert refused.message in _ENGINE_TEXTS
            assert refused.status == 400
        else:
            assert (refused.code, refused.message) in _OTHER_TEXTS


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("INSUFFICIENT_BALANCE", "Account has insufficient balance for requested action."),
        ("WOULD_IMMEDIATELY_MATCH", "Order would immediately match and take."),
        ("SYMBOL_HALTED", "Market is closed."),
        ("DUPLICATE_CLIENT_ORDER_ID", "Duplicate order sent."),
        ("PRICE_FILTER", "Filter failure: PRICE_FILTER"),
    ],
)
def test_what_clients_tell_apart_by_text(reason: RejectReason, said: str) -> None:
    assert placement_error(reason).message == said


def test_an_unknown_order_is_another_error_for_each_that_asks_for_it() -> None:
    assert cancel_error("UNKNOWN_ORDER").code == -2011
    assert query_error("UNKNOWN_ORDER").code == -2013
    assert amend_error("UNKNOWN_ORDER", is_same_quantity=False).code == -2038


def test_no_text_but_a_filters_names_a_filter() -> None:
    # ccxt takes any answer with such a name for the failure of that filter.
    for reason in REJECT_REASONS:
        if reason not in _FILTERS:
            assert "LOT_SIZE" not in placement_error(reason).message
            assert "PRICE_FILTER" not in placement_error(reason).message


@pytest.mark.parametrize("reason", WalletRefusal.__args__)  # type: ignore[attr-defined]
def test_every_refusal_of_the_wallet_has_an_error(reason: WalletRefusal) -> None:
    assert wallet_error(reason).code < 0


_INSTRUMENT = load_instruments()["BTCUSDT"]
_SMALL = st.integers(0, 30)
_LARGE = st.integers(0, 2**62)


@given(
    order_type=st.sampled_from(
        (
            "LIMIT",
            "MARKET",
            "LIMIT_MAKER",
            "STOP_LOSS",
            "STOP_LOSS_LIMIT",
            "TAKE_PROFIT",
            "TAKE_PROFIT_LIMIT",
        )
    ),
    is_given=st.booleans(),
    time_in_force=st.sampled_from(("GTC", "IOC", "FOK")),
    price=st.one_of(_SMALL, _LARGE, st.integers(9_000_000, 110_000_000)),
    stop=st.one_of(_SMALL, _LARGE, st.integers(9_000_000, 110_000_000)),
    quantity=st.one_of(_SMALL, _LARGE, st.integers(9_000_000, 1_000_000_000)),
    iceberg=st.one_of(st.just(0), _SMALL, _LARGE),
)
def test_the_filters_refuse_what_the_pipeline_would_and_for_its_reason(
    order_type: str,
    is_given: bool,
    time_in_force: str,
    price: int,
    stop: int,
    quantity: int,
    iceberg: int,
) -> None:
    is_market = order_type in ("MARKET", "STOP_LOSS", "TAKE_PROFIT")
    is_stop = order_type.startswith(("STOP", "TAKE"))
    by_quote = order_type == "MARKET" and is_given
    order = {
        "side": "SELL",
        "order_type": order_type,
        "time_in_force": "GTC" if is_market or order_type == "LIMIT_MAKER" else time_in_force,
        "client_order_id": "a",
        "price_ticks": 0 if is_market else price,
        "stop_price_ticks": stop if is_stop else 0,
        "quantity_lots": 0 if by_quote else quantity,
        "quote_quantity_units": quantity if by_quote else 0,
        "iceberg_lots": 0 if is_market else iceberg,
        "budget_units": 1,
        "reserved_price_ticks": 0,
        "hold_id": "",
        "maker_rate_ppm": 0,
        "taker_rate_ppm": 0,
    }
    state = SymbolState(_INSTRUMENT, closed_limit=1)
    judged = next(
        (reason for reason, is_refused in ORDER_CHECKS if is_refused(state, order)),  # type: ignore[arg-type]
        "NONE",
    )

    assert filter_failure(_INSTRUMENT, order) == judged
    if judged == "NONE" and not is_market:
        amount = price * quantity * _INSTRUMENT.quote_units_per_tick_lot
        is_outside = not 5 * 10**8 <= amount <= 9_000_000 * 10**8
        assert notional_failure(_INSTRUMENT, order) == ("NOTIONAL" if is_outside else "NONE")

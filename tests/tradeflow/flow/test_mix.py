"""The mix of a flow."""

import pytest

from tradeflow.errors import TradeflowError
from tradeflow.flow.mix import DEFAULT_MIX, Mix


def test_a_mix_is_read_in_any_order_and_what_is_not_named_is_zero() -> None:
    assert Mix.parse(DEFAULT_MIX) == Mix(35, 20, 45)
    assert Mix.parse(" cancels = 1, makers=2 ") == Mix(makers=2, takers=0, cancels=1)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "an empty part"),
        ("makers", "'makers' is none of its parts"),
        ("makers=1,sleepers=2", "'sleepers=2' is none of its parts"),
        ("makers=1,makers=2", "makers is there twice"),
        ("makers=-1", "makers must be a whole number"),
        ("makers=1.5", "makers must be a whole number"),
        ("makers=0,takers=1", "without makers"),
        ("takers=1,cancels=1", "without makers"),
    ],
)
def test_what_will_not_do_is_said_with_an_example(text: str, fault: str) -> None:
    with pytest.raises(TradeflowError, match=fault) as caught:
        Mix.parse(text)
    assert DEFAULT_MIX in str(caught.value)

"""What a limit is, and how settings say it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from web.limits.rule import read_rule, read_rules
from web.settings import GatewaySettings


def test_reads_several_limits() -> None:
    rules = read_rules("ORDERS", "100/10 seconds; 200000/day")

    assert [(rule.most, rule.span, rule.in_words) for rule in rules] == [
        (100, "10S", "10 SECOND"),
        (200_000, "1D", "DAY"),
    ]


def test_is_shown_as_exchange_info_has_it() -> None:
    assert read_rule("RAW_REQUESTS", "300000/5 minutes").as_json() == {
        "rateLimitType": "RAW_REQUESTS",
        "interval": "MINUTE",
        "intervalNum": 5,
        "limit": 300_000,
    }


@pytest.mark.parametrize("text", ["", "many", "0/minute", "5/month", "5/fortnight", "-5/minute"])
def test_says_what_a_limit_looks_like(text: str) -> None:
    with pytest.raises(ValidationError, match="a limit is «6000/minute»"):
        GatewaySettings(limit_weight=text)


def test_takes_one_limit_where_one_can_be() -> None:
    with pytest.raises(ValidationError, match="only one limit"):
        GatewaySettings(limit_weight="5/minute; 7/hour")


@given(
    number=st.integers(1, 90),
    unit=st.sampled_from(["second", "minute", "hour", "day"]),
    at_ms=st.integers(0, 2**43),
)
def test_windows_follow_one_another_from_the_epoch(number: int, unit: str, at_ms: int) -> None:
    rule = read_rule("ORDERS", f"5/{number} {unit}")
    length_ms = number * {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}[unit] * 1_000

    window = rule.window(at_ms)

    assert window.end_ms % length_ms == 0
    assert window.end_ms - length_ms <= at_ms < window.end_ms
    assert rule.window(window.end_ms).number == window.number + 1

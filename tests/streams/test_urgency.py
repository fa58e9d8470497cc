"""Which records begin a round at once."""

from typing import Any

import pytest

from schemas.codec import encode
from streams.urgency import urgent_but


class Record:
    def __init__(self, value: bytes | None) -> None:
        self._value = value

    def value(self) -> bytes | None:
        return self._value


def is_urgent(value: bytes | None, *unhurried: str) -> bool:
    record: Any = Record(value)
    return urgent_but(unhurried)(record)


def test_only_what_is_named_can_wait() -> None:
    tick = encode("Tick", {"time_ms": 1})

    assert not is_urgent(tick, "Tick")
    assert not is_urgent(tick, "FillSettledEvent", "Tick")
    assert is_urgent(tick, "FillSettledEvent")


@pytest.mark.parametrize("value", [None, b"", b"\0\0", b"\0\xff\xff\xff\xff", b"garbage"])
def test_what_is_not_known_is_urgent(value: bytes | None) -> None:
    assert is_urgent(value, "Tick")

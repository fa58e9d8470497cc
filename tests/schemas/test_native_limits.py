"""The check of limits in C says yes to nothing that Python refuses, and yes to what is common."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import limits
from schemas.limits import LIMITS, find_fault
from tests.schemas.test_limits import COMMANDS, GOOD, cases

if not limits.is_built:
    pytest.skip("the check of limits in C was not built", allow_module_level=True)

ODD = st.one_of(
    st.text(max_size=3),
    st.text("aZ9-;. \n\x7f\x80é漢", max_size=70),
    st.integers(),
    st.none(),
    st.binary(max_size=3),
)
COMMON = [case for case in cases(GOOD) if str(case.values[2]).isascii()]


@pytest.mark.parametrize(("name", "field", "value"), COMMON)
def test_what_is_common_needs_no_second_look(name: str, field: str, value: Any) -> None:
    assert limits._SURELY_WITHIN[name](COMMANDS[name] | {field: value}) is True


@given(st.data())
def test_c_and_python_agree(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(COMMANDS)))
    command = _with_odd_values(data, COMMANDS[name])
    if not limits._SURELY_WITHIN[name](command):
        return
    assert next(limits._faults(name, LIMITS[name], command), None) is None
    assert find_fault(name, command) is None


def _with_odd_values(data: st.DataObject, record: Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(record)
    for field in data.draw(st.sets(st.sampled_from(list(record)), max_size=2)):
        inner = record[field]
        changed[field] = (
            _with_odd_values(data, inner) if isinstance(inner, dict) else data.draw(ODD)
        )
    return changed


class Mine(str):
    """A text of a kind that the check does not know."""


@pytest.mark.parametrize("record", [None, 5, [], {}, {"time_ms": None}, {"time_ms": Mine("1")}])
def test_what_it_does_not_know_is_for_python(record: Any) -> None:
    assert limits._SURELY_WITHIN["Tick"](record) is False


@pytest.mark.parametrize(
    "fields",
    [
        5,
        (5,),
        (("a", 5),),
        ((5, ("below", 1)),),
        (("a", ("below",)),),
        (("a", ("below", "x")),),
        (("a", ("above", 1)),),
        (("a", (5, 5)),),
        (("a", ("text", "abc", 1)),),
        (("a", ("record", 5)),),
        (("a", ("record", (5,))),),
    ],
)
def test_wrong_rules_are_refused(fields: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        limits.Limits(fields)


@pytest.mark.parametrize("arguments", [(), ({}, {})])
def test_one_argument_is_wanted(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        limits._SURELY_WITHIN["Tick"](*arguments)

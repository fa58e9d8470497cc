"""Commands and the reports that answer them."""

from typing import Any, cast

from schemas.records import ExecutionReport
from tradeflow.answers import Answers


def _report(command_id: str, execution_type: str, **fields: Any) -> ExecutionReport:
    report = {
        "command_id": command_id,
        "account_id": "a",
        "execution_type": execution_type,
        "order_status": execution_type,
        "order_id": 1,
        "role": "NONE",
        "reject_reason": "NONE",
        **fields,
    }
    return cast("ExecutionReport", report)


def _sent(kind: str = "PlaceOrder", command_id: str = "c") -> Answers:
    answers = Answers()
    answers.add(kind, {"command_id": command_id, "account_id": "a"}, at=10.0)
    return answers


def test_the_first_report_answers_and_the_last_one_says_the_outcome() -> None:
    answers = _sent()

    assert answers.waiting == 1
    assert answers.take(_report("c", "NEW"), at=10.5)
    assert answers.take(_report("c", "TRADE", order_status="FILLED", role="TAKER"), at=11.0)

    assert (answers.waiting, answers.answered) == (0, 1)
    assert answers.counted_outcomes() == {("PlaceOrder", "FILLED"): 1}
    assert answers.latencies.count == 1
    assert {kind: each.count for kind, each in answers.latencies_by_kind.items()} == {
        "PlaceOrder": 1
    }
    assert 0.49 < answers.latencies.percentile(50) < 0.51


def test_reports_about_makers_and_of_others_commands_are_no_answers() -> None:
    answers = _sent()
    answers.take(_report("c", "NEW"), at=10.5)

    maker = {"order_status": "FILLED", "role": "MAKER", "order_id": 7}
    assert not answers.take(_report("c", "TRADE", account_id="b", **maker), at=11.0)
    assert not answers.take(_report("c", "TRADE", **maker), at=11.0)
    prevented = _report("c", "TRADE_PREVENTION", order_status="EXPIRED_IN_MATCH", order_id=8)
    assert not answers.take(prevented, at=11.0)
    assert not answers.take(_report("other", "NEW"), at=11.0)

    assert answers.counted_outcomes() == {("PlaceOrder", "NEW"): 1}


def test_refusals_are_counted_by_reason() -> None:
    answers = _sent("CancelOrder")

    answers.take(_report("c", "CANCEL_REJECTED", reject_reason="UNKNOWN_ORDER"), at=10.1)

    assert answers.rejected == 1
    assert answers.rejections == {"UNKNOWN_ORDER": 1}
    assert answers.counted_outcomes() == {("CancelOrder", "CANCEL_REJECTED"): 1}


def test_a_cancel_replace_is_what_became_of_the_new_order() -> None:
    answers = _sent("CancelReplaceOrder")

    answers.take(_report("c", "CANCELED", order_id=1), at=10.1)
    answers.take(_report("c", "NEW", order_id=2), at=10.1)
    answers.take(_report("c", "TRADE", order_status="FILLED", order_id=2, role="TAKER"), at=10.1)

    assert answers.counted_outcomes() == {("CancelReplaceOrder", "FILLED"): 1}


def test_what_is_never_answered_is_given_up() -> None:
    answers = _sent()
    answers.add("PlaceOrder", {"command_id": "d", "account_id": "a"}, at=20.0)

    assert answers.give_up(before=20.0) == ["c"]
    assert (answers.waiting, answers.given_up) == (1, 1)

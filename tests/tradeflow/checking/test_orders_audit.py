"""What is wrong between clients and matching is found: I2, I4, I6, I7 and I8."""

from collections.abc import Iterable
from typing import Any

import pytest

from schemas.codec import decode, encoder
from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS, ORDERS_INCOMING, ORDERS_ORDERS
from tests.tradeflow.checking.made_exchange import COUNTS, MadeExchange, Written, made_exchange
from tests.tradeflow.checking.made_log import violated
from tests.tradeflow.checking.test_made_exchange import first_found
from tests.tradeflow.checking.test_money_audit import Once, lost, says, with_more
from tradeflow.checking.audit import LogAudit
from tradeflow.topic_reader import Partition

COMMANDS, INCOMING, REPORTS = ORDERS_COMMANDS.name, ORDERS_INCOMING.name, ORDERS_EXECUTIONS.name
REPORT = "ExecutionReport"


class TestAnswers:
    @pytest.mark.parametrize(
        ("wanted", "text"),
        [
            ({"execution_type": "ORDER_STATUS"}, "has no answer"),
            ({"execution_type": "CANCEL_REJECTED", "reject_reason": "LOT_SIZE"}, "half an answer"),
            ({"execution_type": "AMEND_REJECTED", "execution_id": 0}, "has no answer"),
            (
                {"execution_type": "REJECTED", "reject_reason": "INSUFFICIENT_BALANCE"},
                "is FAILED, and nobody was told",
            ),
        ],
    )
    def test_one_that_is_missing(self, wanted: dict[str, Any], text: str) -> None:
        exchange = made_exchange(units=400_000)
        record, _ = exchange.find(REPORTS, REPORT, **wanted)
        exchange.replace(record)
        says(exchange, {"I2"}, text)

    def test_one_that_is_there_twice(self) -> None:
        exchange = made_exchange()
        record, report = exchange.find(REPORTS, REPORT, 2, execution_type="ORDER_STATUS")
        exchange.replace(record, (REPORT, report), (REPORT, report))
        says(exchange, {"I2"}, "answered in full before")

    def test_a_rejection_that_is_there_twice(self) -> None:
        exchange = made_exchange(units=400_000)
        record, report = exchange.find(REPORTS, REPORT, reject_reason="INSUFFICIENT_BALANCE")
        exchange.replace(record, (REPORT, report), (REPORT, report))
        says(exchange, {"I7"}, "nobody sent that, or it was answered before")

    def test_one_to_a_command_that_nobody_sent(self) -> None:
        exchange = made_exchange()
        record, report = exchange.find(REPORTS, REPORT, 2, execution_type="ORDER_STATUS")
        exchange.replace(record, (REPORT, {**report, "command_id": "nobody's"}))
        says(exchange, {"I7"}, "is another command")

    def test_a_new_order_that_nobody_sent(self) -> None:
        exchange = made_exchange()
        record, report = exchange.find(REPORTS, REPORT, 9, execution_type="NEW")
        nobodys = {**report, "command_id": "nobody's", "hold_id": "nobody's"}
        exchange.replace(record, (REPORT, report), (REPORT, nobodys))
        audit = exchange.audit()
        assert {"I2", "I6", "I7"} <= violated(audit.findings)
        assert any('NEW for "nobody\'s"' in text for _, text in first_found(audit))

    def test_a_client_order_id_of_two_orders(self) -> None:
        exchange = made_exchange()
        _, one = exchange.find(REPORTS, REPORT, 5, execution_type="NEW")
        about = {"account_id": one["account_id"], "symbol": one["symbol"]}
        for nth in range(1, 50):
            record, two = exchange.find(REPORTS, REPORT, nth, execution_type="NEW", **about)
            if two["order_id"] > one["order_id"]:
                break
        forged = {**two, "client_order_id": one["client_order_id"]}
        exchange.replace(record, (REPORT, forged))
        says(exchange, {"I6", "I8"}, "has the client order id")


class TestTheWayToMatching:
    def test_a_symbol_that_is_gone_when_its_order_comes_to_matching(self) -> None:
        exchange = MadeExchange()
        exchange.fund(6_000_000)
        exchange.run()
        exchange.stopped.add(INCOMING)
        exchange.feed(12)
        exchange.run()
        _, order = exchange.find(INCOMING, "PlaceOrder")
        del exchange.instruments[order["symbol"]]
        exchange.stopped.clear()
        exchange.run()
        exchange.find(REPORTS, REPORT, reject_reason="UNKNOWN_SYMBOL", hold_id=order["hold_id"])
        audit = exchange.audit()
        # Its assets are gone with it, so that the wallets are another matter.
        assert "I2" not in violated(audit.findings), first_found(audit)

    def test_an_order_that_no_reservation_paid_for(self) -> None:
        exchange = made_exchange()
        _, order = exchange.find(INCOMING, "PlaceOrder", 5)
        forged = {
            **order,
            "command_id": "forged",
            "client_order_id": "forged",
            "hold_id": "forged",
        }
        exchange.write(INCOMING, "PlaceOrder", forged)
        exchange.run()
        audit = exchange.audit()
        assert {"I4", "I7"} <= violated(audit.findings)
        assert any("has no reservation" in text for _, text in first_found(audit))

    def test_an_order_that_is_sent_twice(self) -> None:
        def twice(topic: str, value: dict[str, Any]) -> Iterable[Written]:
            return [(topic, "PlaceOrder", value)] * 2

        audit = made_exchange(tamper=Once("PlaceOrder", twice, topic=INCOMING)).audit()
        assert {"I4", "I7"} <= violated(audit.findings)

    def test_an_order_without_a_hold(self) -> None:
        def unpaid(topic: str, value: dict[str, Any]) -> Iterable[Written]:
            return [(topic, "PlaceOrder", {**value, "hold_id": ""})]

        audit = made_exchange(tamper=Once("PlaceOrder", unpaid, topic=INCOMING)).audit()
        assert "I4" in violated(audit.findings)
        assert any("no hold pays it" in text for _, text in first_found(audit))
        assert audit.found.holds.figures["unpaid orders"] == 1

    def test_an_order_that_is_not_what_the_client_asked_for(self) -> None:
        change = with_more("PlaceOrder", "stop_price_ticks", 1)
        tamper = Once("PlaceOrder", change, topic=INCOMING, order_type="STOP_LOSS_LIMIT", nth=1)
        says(made_exchange(tamper=tamper), {"I7"}, "the client asked for")

    @pytest.mark.parametrize("kind", ["CancelOrder", "AmendOrder"])
    def test_a_command_that_is_lost(self, kind: str) -> None:
        tamper = Once(kind, lost, topic=INCOMING, nth=5)
        says(made_exchange(tamper=tamper), {"I2"}, "has no answer, and waits for no order")

    def test_a_command_that_is_changed(self) -> None:
        tamper = Once("AmendOrder", with_more("AmendOrder", "time_ms", 1), topic=INCOMING)
        says(made_exchange(tamper=tamper), {"I7"}, "time_ms is")

    def test_an_order_that_waits_too_long_by_the_logs_clocks(self) -> None:
        """Where the tables cannot be had, time tells."""
        tamper = Once("FundsReservedEvent", lost, topic="wallet.events")
        exchange = made_exchange(tamper=tamper)
        exchange.tick()
        exchange.run()
        assert not any("is stuck" in text for _, text in _without_tables(exchange))
        exchange.now_ms += 4 * 30_000
        for _ in range(2):  # the one is counted from when it was logged, and that tick comes back
            exchange.tick()
            exchange.run()
        assert any("is stuck" in text for _, text in _without_tables(exchange))


def _without_tables(exchange: Any) -> list[tuple[str, str]]:
    return first_found(exchange.audit(change_tables=lambda tables: tables.clear()))


class TestSagaRows:
    @pytest.mark.parametrize(
        ("field", "value", "text"),
        [
            ("last_execution_id", 1, "it has execution 1"),
            ("order_status", "EXPIRED", "(EXPIRED), the log"),
        ],
    )
    def test_one_that_knows_another_report(self, field: str, value: Any, text: str) -> None:
        def change(tables: dict[str, Any]) -> None:
            rows = tables[ORDERS_ORDERS.name][0]
            key, row = _open_saga(rows)
            rows[key] = encoder("OrderSagaRow")({**row, field: value})

        says(made_exchange(), {"I6"}, text, change_tables=change)

    def test_one_that_is_missing(self) -> None:
        def change(tables: dict[str, Any]) -> None:
            rows = tables[ORDERS_ORDERS.name][0]
            del rows[_open_saga(rows)[0]]

        says(made_exchange(), {"I6"}, "has no such row", change_tables=change)


def _open_saga(rows: dict[str, bytes]) -> tuple[str, dict[str, Any]]:
    for key, data in rows.items():
        row = decode(data)[1]
        if key.startswith("saga ") and row["order_id"] > 1 and not row["closed_ms"]:
            return key, row
    raise LookupError


def test_a_dead_letter_that_is_missing_or_there_twice() -> None:
    exchange = made_exchange(50)
    exchange.put(Partition(COMMANDS, 0), b"nobody", "QueryOrder", _query())
    exchange.run()
    assert first_found(exchange.audit()) == []
    letters = exchange.records[Partition("orders.dead-letters", 0)]
    again = letters[0]._replace(offset=1)

    letters.append(again)
    says(exchange, {"I2"}, "DeadLetter answers a command that was answered in full before")
    letters.clear()
    says(exchange, {"I2"}, "'asked' has no answer")


def test_where_only_matching_is_there_the_others_are_not_looked_at() -> None:
    exchange = made_exchange(50)
    counts = {name: count for name, count in COUNTS.items() if not name.startswith("orders.c")}
    cut, tables = exchange.cut()
    audit = LogAudit(exchange.instruments, counts, cut)
    for records in exchange.records.values():
        for record in records:
            audit.take(record)
    audit.finish(tables)

    assert first_found(audit) == []
    whys = {each.invariant: each.why_not for each in audit.findings if each.why_not}
    assert whys == {"I3": "no store was looked at", "I7": "no orders stage is here"}


def _query() -> dict[str, Any]:
    return {
        "command_id": "asked",
        "account_id": "somebody",
        "symbol": "AAAUSD",
        "order_id": 1,
        "original_client_order_id": "",
        "time_ms": 0,
    }

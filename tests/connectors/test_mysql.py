"""What MySQL holds after a log, beside a slow reference; and what its own rules refuse."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import mysql.connector
import pytest

from connectors.errors import ConfigError
from connectors.event import Event
from connectors.mysql.tables import SAGA_INSTANCE
from connectors.sink import RefusedError
from tests.connectors.agreement import expected, require_agreement
from tests.connectors.batches import Feeder
from tests.connectors.exchange_log import as_events, exchange_log
from tests.connectors.mysql_store import MysqlStore


@pytest.fixture
def events(mysql_store: MysqlStore) -> list[Event]:
    return as_events(exchange_log(400), mysql_store.sink().topics)


def fed(store: MysqlStore, events: list[Event], size: int = 300) -> Feeder:
    feeder = Feeder(store.sink(), events)
    feeder.feed(size)
    return feeder


def one(events: list[Event], name: str, **changes: Any) -> Event:
    """The first event of this name, with other fields."""
    event = next(each for each in events if each.name == name)
    return replace(event, record={**event.record, **changes})


def test_the_log_makes_rows_of_every_kind(events: list[Event]) -> None:
    content = expected(events)

    assert {name for name, rows in content.items() if not rows} == set()
    state = SAGA_INSTANCE.columns.index("current_state")
    assert {"COMPLETED", "FAILED"} <= {row[state] for row in content["saga_instance"]}


@pytest.mark.parametrize("size", [1, 23, 100_000])
def test_tables_equal_the_reference(
    mysql_store: MysqlStore, events: list[Event], size: int
) -> None:
    events = events if size > 1 else events[:300]
    fed(mysql_store, events, size)

    require_agreement(mysql_store, events)


def test_the_books_add_up_in_sql(mysql_store: MysqlStore, events: list[Event]) -> None:
    fed(mysql_store, events)

    by_asset = mysql_store.query(
        "SELECT currency, SUM(available + held) FROM wallet_balance GROUP BY currency"
    )
    of_entries = mysql_store.query(
        "SELECT b.wallet_id FROM wallet_balance b JOIN (SELECT wallet_id,"
        " SUM(IF(part = 'held', 0, amount)) available, SUM(IF(part = 'held', amount, 0)) held"
        " FROM wallet_transaction GROUP BY wallet_id) t ON t.wallet_id = b.wallet_id"
        " WHERE t.available <> b.available OR t.held <> b.held"
    )

    assert by_asset
    assert {total for _, total in by_asset} == {Decimal(0)}
    assert of_entries == []


def test_each_question_of_the_gateway_has_its_index(
    mysql_store: MysqlStore, events: list[Event]
) -> None:
    fed(mysql_store, events)
    questions = {
        "orders_by_account": "orders WHERE account_id = 'trader-1' ORDER BY created_at LIMIT 5",
        "trades_by_time": "trades WHERE symbol = 'AAAUSD' ORDER BY traded_at LIMIT 5",
        "executions_by_order": "executions WHERE symbol = 'AAAUSD' AND order_id = 1",
        "wallet_transaction_by_account": "wallet_transaction WHERE account_id = 'trader-1'"
        " ORDER BY created_at LIMIT 5",
        "PRIMARY": "candles WHERE symbol = 'AAAUSD' AND `interval` = '1s' ORDER BY open_at LIMIT 5",
    }

    used = {
        index: mysql_store.query(f"EXPLAIN SELECT * FROM {question}")[0]
        for index, question in questions.items()
    }

    for index, plan in used.items():
        assert index in plan, plan
        assert "filesort" not in str(plan[-1]), plan


def test_a_balance_below_zero_is_refused_by_the_table(
    mysql_store: MysqlStore, events: list[Event]
) -> None:
    fed(mysql_store, events)

    with pytest.raises(mysql.connector.Error, match="balance_is_never_negative"):
        mysql_store.execute("UPDATE wallet_balance SET held = -1 WHERE account_id = 'trader-1'")


def test_a_balance_that_somebody_changed_is_told_and_put_right(
    mysql_store: MysqlStore, events: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    feeder = fed(mysql_store, events[: len(events) // 2])
    feeder.sink.close()
    mysql_store.execute("UPDATE wallet_balance SET available = 5 WHERE account_id LIKE 'trader%'")

    fed(mysql_store, events)

    assert "the ledger's are written: look for who changed the row" in caplog.text
    by_account = mysql_store.query("SELECT account_id, currency, available FROM wallet_balance")
    right = {row[1:4] for row in expected(events)["wallet_balance"]}
    assert {row for row in by_account if row[0].startswith("trader-1")} <= right


def test_an_amount_without_room_is_refused_clearly(
    mysql_store: MysqlStore, events: list[Event]
) -> None:
    feeder = Feeder(mysql_store.sink(), events)
    trade = one(events, "Trade", price_ticks=2**62)

    with pytest.raises(RefusedError, match=r"does not fit DECIMAL\(20,8\)"):
        feeder.write(feeder.batch([trade]))

    assert mysql_store.content()["trades"] == []


def test_a_text_without_room_is_found_among_good_records(
    mysql_store: MysqlStore, events: list[Event]
) -> None:
    feeder = Feeder(mysql_store.sink(), events)
    bad = one(events, "ExecutionReport", command_id="x" * 200)
    good = [event for event in events if event.place.topic == "trades"]

    with pytest.raises(RefusedError) as refused:
        feeder.write(feeder.batch([*good, bad]))

    assert list(refused.value.reasons) == [bad.position]
    assert "command_id" in refused.value.reasons[bad.position]
    assert mysql_store.content()["trades"] == []


def test_an_unknown_symbol_stops_the_connector_with_what_to_do(
    mysql_store: MysqlStore, events: list[Event]
) -> None:
    feeder = Feeder(mysql_store.sink(), events)

    with pytest.raises(ConfigError, match="is about NEWUSD, .* set TRADEFLOW_INSTRUMENTS"):
        feeder.write(feeder.batch([one(events, "Trade", symbol="NEWUSD")]))


def test_the_refusal_of_an_unknown_symbol_is_kept_without_prices(
    mysql_store: MysqlStore, events: list[Event]
) -> None:
    feeder = Feeder(mysql_store.sink(), events)
    refusal = one(events, "ExecutionReport", symbol="NEWUSD", order_id=0, execution_type="REJECTED")

    feeder.write(feeder.batch([refusal]))

    (row,) = mysql_store.query("SELECT symbol, price, last_quantity FROM executions")
    assert row == ("NEWUSD", None, None)


def test_a_refused_cancel_of_anothers_order_leaves_the_order(
    mysql_store: MysqlStore, events: list[Event]
) -> None:
    feeder = fed(mysql_store, events)
    before = mysql_store.content()["orders"]
    report = one(
        events,
        "ExecutionReport",
        symbol=before[0][0],
        order_id=before[0][1],
        account_id="thief",
        execution_type="CANCEL_REJECTED",
        order_status="REJECTED",
    )

    feeder.write(feeder.batch([replace(report, offset=10**6)]))

    assert mysql_store.content()["orders"] == before


def test_migrations_that_were_interrupted_are_run_again(mysql_store: MysqlStore) -> None:
    mysql_store.sink().connect()
    mysql_store.execute("DROP TABLE orders, alembic_version")

    mysql_store.sink().connect()

    assert mysql_store.query("SELECT version_num FROM alembic_version") == [("0001",)]
    assert mysql_store.query("SELECT * FROM orders") == []

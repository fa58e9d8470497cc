"""MySQL beside the log: what is right passes, and whatever is planted is found and named."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from connectors.mysql.tables import DATA, POSITIONS, SqlTable
from tests.connectors.mysql_store import MysqlStore
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.fixtures.mysql import fresh_database
from tests.tradeflow.checking.stores.filled_stores import (
    fed,
    feed,
    first_share,
    instruments,
    look,
    told,
)
from tradeflow.checking.entry import read_entry
from tradeflow.checking.stores.expected_rows import ExpectedRows
from tradeflow.checking.stores.mysql.columns import KEYS, TOPICS, key_of
from tradeflow.checking.stores.mysql.reference import MysqlReference
from tradeflow.checking.stores.store_log import StoreLog
from tradeflow.stores.mysql import EmbeddedMysql

TABLES = {table.name: table for table in DATA}


class Change(NamedTuple):
    """A column that is changed, and what to."""

    table: str
    column: str
    to: str
    """In SQL."""


CHANGES = (
    Change("orders", "status", "'FILLED_TWICE'"),
    Change("orders", "executed_quantity", "executed_quantity + 0.00000001"),
    Change("orders", "updated_at", "updated_at + INTERVAL 1000 MICROSECOND"),
    Change("executions", "last_price", "last_price + 0.00000001"),
    Change("executions", "account_id", "'somebody'"),
    Change("executions", "commission", "commission + 1"),
    Change("trades", "quantity", "quantity * 2"),
    Change("trades", "is_buyer_maker", "NOT is_buyer_maker"),
    Change("candles", "high", "high + 0.01"),
    Change("candles", "trades", "trades + 1"),
    Change("wallet", "created_at", "'2020-01-01'"),
    Change("wallet_transaction", "amount", "amount * 2"),
    Change("wallet_transaction", "reference_type", "IF(reference_type = 'FEE', 'TRADE', 'FEE')"),
    Change("wallet_balance", "available", "available + 0.00000001"),
    Change("wallet_balance", "held", "held + 1"),
    Change("saga_instance", "current_state", "'STARTED'"),
    Change("saga_instance", "step_history", "JSON_ARRAY_APPEND(step_history, '$', 'more')"),
    Change("saga_instance", "payload", "JSON_SET(payload, '$.command.account_id', 'thief')"),
)
NEW_KEYS: dict[str, dict[str, Any]] = {
    "orders": {"order_id": 10**9},
    "executions": {"log_offset": 0},
    "trades": {"trade_id": 10**9},
    "candles": {"open_at": "2020-01-01"},
    "wallet": {"wallet_id": "0" * 36, "user_id": "nobody"},
    "wallet_transaction": {"entry_id": 10**9},
    "wallet_balance": {"wallet_id": "0" * 36, "account_id": "nobody"},
    "saga_instance": {"saga_id": "never-placed"},
}


@pytest.fixture(scope="module")
def whole_store(mysql_server: EmbeddedMysql, topics: ExchangeTopics) -> MysqlStore:
    """With all of the log in it."""
    store = MysqlStore(fresh_database(mysql_server))
    fed(store, topics)
    return store


@pytest.fixture
def store(whole_store: MysqlStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[MysqlStore]:
    """The same for all tests: what one of them has changed is put back."""
    monkeypatch.setenv("TRADEFLOW_MYSQL_PORT", str(whole_store.settings.port))
    monkeypatch.setenv("TRADEFLOW_MYSQL_DATABASE", whole_store.settings.database)
    content, positions = whole_store.content(), whole_store.query("SELECT * FROM positions")
    yield whole_store
    changed = whole_store.content()
    for name, table in TABLES.items():
        if changed[name] != content[name]:
            put_back(whole_store, table, content[name])
    if whole_store.query("SELECT * FROM positions") != positions:
        put_back(whole_store, POSITIONS, positions)


def put_back(store: MysqlStore, table: SqlTable, rows: list[tuple[Any, ...]]) -> None:
    with closing(store.connect()) as db:
        cursor = db.cursor()
        cursor.execute(f"DELETE FROM `{table.name}`")
        cursor.executemany(table.statement, rows)
        db.commit()


def first_key(store: MysqlStore, table: SqlTable) -> tuple[Any, ...]:
    """The key of one row; not of a wallet of the exchange's, whose age nobody knows."""
    columns = ", ".join(f"`{name}`" for name in table.key)
    where = "WHERE LEFT(user_id, 1) <> '@'" if table.name == "wallet" else ""
    return store.query(f"SELECT {columns} FROM `{table.name}` {where} ORDER BY {columns} LIMIT 1")[
        0
    ]


def where(table: SqlTable) -> str:
    return " AND ".join(f"`{name}` = %s" for name in table.key)


def test_a_store_that_is_right_passes(store: MysqlStore, topics: ExchangeTopics) -> None:
    findings, report = look("mysql", topics)

    assert told(findings) == []
    assert findings.holds and findings.why_not == ""
    counts = {name: len(rows) for name, rows in store.content().items()}
    assert {name: table.rows for name, table in report.tables.items()} == counts
    assert all(counts.values())
    assert findings.standing == {"rows in mysql": sum(counts.values())}
    assert report.behind == 0
    assert report.lines() == []


def test_the_reference_has_every_column_and_reads_every_topic(
    store: MysqlStore, topics: ExchangeTopics
) -> None:
    assert set(TOPICS) == set(store.sink().topics)
    assert {name: table.key for name, table in TABLES.items()} == dict(KEYS)
    rows = ExpectedRows()
    reference = MysqlReference(instruments(), rows)
    log = StoreLog(topics.bootstrap, TOPICS)
    for record in log.rest():
        reference.take(read_entry(record))
    log.close()
    reference.settle()

    for name, table in TABLES.items():
        _, row = next(rows.left(name))
        assert set(row) == set(table.columns), name
    rows.close()


def _tables() -> Iterator[Any]:
    """All of them; the first two are no variants of others."""
    for number, name in enumerate(TABLES):
        yield pytest.param(name, marks=[pytest.mark.variant] if number > 1 else [])


def _changes() -> Iterator[Any]:
    """All of them; the first one of each table is no variant of another."""
    seen: set[str] = set()
    for change in CHANGES:
        marks = [pytest.mark.variant] if change.table in seen else []
        seen.add(change.table)
        yield pytest.param(change, id=f"{change.table}.{change.column}", marks=marks)


@pytest.mark.parametrize("change", list(_changes()))
def test_a_changed_value_is_found(
    store: MysqlStore, topics: ExchangeTopics, change: Change
) -> None:
    table = TABLES[change.table]
    key = first_key(store, table)
    before = value_of(store, table, change.column, key)
    store.execute(
        f"UPDATE `{table.name}` SET `{change.column}` = {change.to} WHERE {where(table)}", *key
    )
    after = value_of(store, table, change.column, key)
    assert after != before

    findings, report = look("mysql", topics)

    (line,) = told(findings)
    named = key_of(table.name, dict(zip(table.key, (_text(each) for each in key), strict=True)))
    assert line.startswith(f"mysql {table.name} {named}: {change.column} is ")
    assert ", the log gives " in line
    assert report.tables[table.name].differences == {"wrong": 1, "missing": 0, "extra": 0}


@pytest.mark.parametrize("name", list(_tables()))
def test_a_row_that_is_gone_is_found(store: MysqlStore, topics: ExchangeTopics, name: str) -> None:
    table = TABLES[name]
    key = first_key(store, table)
    store.execute(f"DELETE FROM `{name}` WHERE {where(table)}", *key)

    findings, report = look("mysql", topics)

    (line,) = told(findings)
    assert line.startswith(f"mysql {name} {_text(key[0])}")
    assert ": is missing; the log gives {" in line
    assert report.tables[name].differences == {"wrong": 0, "missing": 1, "extra": 0}


@pytest.mark.parametrize("name", list(_tables()))
def test_a_row_too_many_is_found(store: MysqlStore, topics: ExchangeTopics, name: str) -> None:
    table = TABLES[name]
    key = first_key(store, table)
    new = NEW_KEYS[name]
    names = ", ".join(f"`{column}`" for column in table.columns)
    values = ", ".join("%s" if column in new else f"`{column}`" for column in table.columns)
    given = [new[column] for column in table.columns if column in new]
    store.execute(
        f"INSERT INTO `{name}` ({names}) SELECT {values} FROM `{name}` WHERE {where(table)}",
        *given,
        *key,
    )

    findings, report = look("mysql", topics)

    (line,) = told(findings)
    assert ": the log gives no such row; the store has {" in line
    assert report.tables[name].differences == {"wrong": 0, "missing": 0, "extra": 1}


def test_many_differences_are_counted_and_the_first_of_each_table_shown(
    store: MysqlStore, topics: ExchangeTopics
) -> None:
    store.execute("UPDATE wallet_transaction SET amount = amount * 3")
    store.execute("UPDATE trades SET price = price + 1")
    entries, trades = (len(store.content()[name]) for name in ("wallet_transaction", "trades"))

    findings, _ = look("mysql", topics)

    assert findings.violations == entries + trades
    lines = told(findings)
    assert sum(line.startswith("mysql trades ") for line in lines) == 5
    assert f"mysql trades: in all {trades:,} wrong" in lines
    assert f"mysql wallet_transaction: in all {entries:,} wrong" in lines


def test_a_store_that_is_behind_is_no_violation(mysql: MysqlStore, topics: ExchangeTopics) -> None:
    events = topics.events(mysql.sink().topics)
    half = first_share(events, 0.5)
    feed(mysql, half)

    findings, report = look("mysql", topics)

    assert told(findings) == []
    said = [event for event in events if event.name != "Tick"]
    assert report.behind == len(said) - sum(event.name != "Tick" for event in half) > 0
    assert f"mysql: {report.behind:,} records behind the log: what it has was compared." in (
        report.lines()
    )


def test_a_change_is_found_in_a_store_that_is_behind(
    mysql: MysqlStore, topics: ExchangeTopics
) -> None:
    events = topics.events(mysql.sink().topics)
    feed(mysql, first_share(events, 0.7))
    mysql.execute("UPDATE wallet_balance SET available = available + 1 ORDER BY wallet_id LIMIT 1")

    findings, _ = look("mysql", topics)

    (line,) = told(findings)
    assert line.startswith("mysql wallet_balance ")


def test_positions_without_their_rows_are_found(mysql: MysqlStore, topics: ExchangeTopics) -> None:
    events = topics.events(mysql.sink().topics)
    feed(mysql, first_share(events, 0.5))
    mysql.execute("UPDATE positions SET position = position + 20 WHERE topic = 'orders.executions'")

    findings, report = look("mysql", topics)

    assert not findings.holds
    assert report.tables["executions"].differences["missing"] > 0


def test_a_store_of_another_log_is_said_to_be_one(
    store: MysqlStore, topics: ExchangeTopics
) -> None:
    store.execute("UPDATE positions SET position = 10000000 WHERE topic = 'trades'")
    store.execute("INSERT INTO positions VALUES ('trades', 77, 5)")

    findings, report = look("mysql", topics)

    assert findings.violations == 3
    assert any(line.startswith("mysql positions trades/77") for line in told(findings))
    assert "fed from another log" in report.lines()[0]


def _text(value: Any) -> Any:
    return value.isoformat(" ", "milliseconds") if hasattr(value, "isoformat") else value


def value_of(store: MysqlStore, table: SqlTable, column: str, key: tuple[Any, ...]) -> Any:
    return store.query(f"SELECT `{column}` FROM `{table.name}` WHERE {where(table)}", *key)[0][0]

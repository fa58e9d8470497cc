"""Keys in the database, MySQL and SQLite alike."""

import logging
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import insert, select, update

from tests.chaos.exchange import await_condition
from tests.fixtures.mysql import as_root
from tests.web.auth.conftest import mysql_url
from tradeflow.stores.mysql import EmbeddedMysql
from web.auth.caller import Scope
from web.auth.database import Database, DatabaseAwayError
from web.auth.key_store import KeyStore
from web.auth.settings import AuthSettings
from web.auth.tables import API_KEYS, METADATA
from web.errors import ConfigError, ExitCode

BOTH = (Scope.READ, Scope.TRADE)


@pytest.fixture
def store(settings: AuthSettings) -> Iterator[KeyStore]:
    """An open store."""
    opened = KeyStore(settings)
    opened.open()
    yield opened
    opened.close()


def _texts(store: KeyStore) -> str:
    """All that is in the table of keys, as whoever steals the database sees it."""
    with store.database.reading() as connection:
        return repr(connection.execute(select(API_KEYS)).all())


def test_a_key_is_made_and_found(store: KeyStore) -> None:
    made = store.create("alice", BOTH, label="Bot ☂")
    other = store.create("bob", [Scope.OPERATE])

    assert re.fullmatch("[A-Za-z0-9]{64}", made.key)
    assert re.fullmatch("[A-Za-z0-9]{64}", made.secret)
    found = store.find([made.key, other.key, "x" * 64])
    assert found.keys == {made.key: made, other.key: other}
    assert found.keys[made.key].secret == made.secret
    assert found.keys[made.key].scopes == {Scope.READ, Scope.TRADE}
    assert found.unreadable == frozenset()
    assert store.find([]).keys == {}


def test_no_secret_is_in_the_database_nor_in_what_is_shown(store: KeyStore) -> None:
    made = store.create("alice", BOTH)

    assert made.secret not in _texts(store)
    assert made.secret not in repr(made) and made.secret not in repr(store.find([made.key]))
    assert made.secret not in repr(store.listed())


def test_a_key_in_another_case_is_another_key(store: KeyStore) -> None:
    made = store.create("alice", BOTH)

    assert store.find([made.key.swapcase()]).keys == {}
    assert not store.revoke(made.key.swapcase())
    assert store.beginning_with(made.key[:10].swapcase()) == []
    assert [row.key for row in store.beginning_with(made.key[:10])] == [made.key]
    assert store.beginning_with("%" * 10) == []


def test_a_revoked_key_is_not_found_but_listed(store: KeyStore) -> None:
    made, kept = store.create("alice", BOTH, label="old"), store.create("alice", BOTH)
    store.create("bob", BOTH)

    assert store.revoke(made.key)
    assert not store.revoke(made.key)

    assert store.find([made.key, kept.key]).keys == {kept.key: kept}
    assert [row.key for row in store.listed("alice")] == [kept.key]
    rows = {row.key: row for row in store.listed("alice", with_revoked=True)}
    assert rows.keys() == {made.key, kept.key}
    assert rows[made.key].label == "old"
    assert rows[made.key].revoked_ms is not None and rows[kept.key].revoked_ms is None
    assert len(store.listed()) == 2


def test_who_opens_it_again_reads_the_same_keys(store: KeyStore, settings: AuthSettings) -> None:
    made = store.create("alice", BOTH)
    again = KeyStore(settings)
    again.open()

    assert again.find([made.key]).keys[made.key].secret == made.secret
    assert settings.key_file.stat().st_mode & 0o777 == 0o600
    again.close()


def test_many_may_open_it_at_once(settings: AuthSettings) -> None:
    stores = [KeyStore(settings) for _ in range(4)]
    start = threading.Barrier(len(stores))

    def open_(store: KeyStore) -> str:
        start.wait()
        store.open()
        return store.create("alice", BOTH).key

    with ThreadPoolExecutor(len(stores)) as threads:
        keys = list(threads.map(open_, stores))

    for store in stores:
        assert store.find(keys).keys.keys() == set(keys)
        store.close()


def test_somebody_may_be_writing_when_it_is_opened_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As another process does that makes the same tables."""
    caplog.set_level(logging.DEBUG, "web.auth.database")
    (tmp_path / "gateway").mkdir()
    other = sqlite3.connect(tmp_path / "gateway" / "auth.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store = KeyStore(AuthSettings(state_dir=tmp_path / "gateway"))

    with ThreadPoolExecutor(1) as threads:
        opening = threads.submit(store.open)
        await_condition(lambda: "Retrying" in caplog.text or opening.done(), "it finds it locked")
        other.execute("COMMIT")
        opening.result()

    other.close()
    store.close()


def test_migrations_give_the_tables_that_the_code_has(store: KeyStore) -> None:
    with store.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_migration_that_was_interrupted_is_done_again(settings: AuthSettings) -> None:
    with Database(settings).migrated() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
        connection.exec_driver_sql("DROP TABLE outbox_events")

    store = KeyStore(settings)
    store.open()
    store.create("alice", BOTH)
    store.close()


def test_another_master_key_does_not_fit(store: KeyStore, settings: AuthSettings) -> None:
    store.create("alice", BOTH)
    other = settings.model_copy(update={"master_key": SecretStr("A" * 43 + "=")})

    with pytest.raises(ConfigError, match="is not the one that the secrets") as refused:
        KeyStore(other).open()
    assert refused.value.exit_code == ExitCode.CONFIG
    assert "A" * 43 not in str(refused.value)


def test_a_master_key_that_is_lost_is_not_made_anew(
    store: KeyStore, settings: AuthSettings
) -> None:
    settings.key_file.unlink()

    with pytest.raises(ConfigError, match="there is no master key in"):
        KeyStore(settings).open()
    assert not settings.key_file.exists()


def test_a_secret_that_was_put_to_another_key_is_not_taken(store: KeyStore) -> None:
    mine, victims = store.create("eve", BOTH), store.create("alice", BOTH)
    with store.database.writing() as connection:
        sealed = select(API_KEYS.c.sealed_secret).where(API_KEYS.c.api_key == mine.key)
        is_victims = API_KEYS.c.api_key == victims.key
        stolen = connection.scalar(sealed)
        connection.execute(update(API_KEYS).where(is_victims).values(sealed_secret=stolen))

    found = store.find([mine.key, victims.key])

    assert found.keys == {mine.key: mine}
    assert found.unreadable == {victims.key}


def test_scopes_of_a_newer_version_are_left_out(store: KeyStore) -> None:
    made = store.create("alice", BOTH)
    with store.database.writing() as connection:
        connection.execute(update(API_KEYS).values(scopes="read teleport"))

    assert store.find([made.key]).keys[made.key].scopes == {Scope.READ}


def test_a_transaction_that_fails_leaves_nothing(store: KeyStore) -> None:
    row = {"label": "", "scopes": "", "sealed_secret": "", "created_ms": 0, "account_id": "a"}
    with pytest.raises(ZeroDivisionError), store.database.writing() as connection:
        connection.execute(insert(API_KEYS).values(api_key="a", **row))
        _ = 1 // 0

    assert store.listed() == []


def test_texts_that_do_not_fit_are_refused_and_not_cut(mysql_server: EmbeddedMysql) -> None:
    with pytest.raises(DatabaseAwayError, match="Data too long"):
        _opened(mysql_server, "long").create("x" * 65, BOTH)


def test_a_connection_that_breaks_is_told_in_one_line(
    mysql_server: EmbeddedMysql, caplog: pytest.LogCaptureFixture
) -> None:
    url = mysql_url(mysql_server, "tradeflow_auth")
    database = Database(AuthSettings(database_url=SecretStr(url)))

    with (
        pytest.raises(DatabaseAwayError, match="^MySQL at .*Lost connection|gone away"),
        database.reading() as connection,
    ):
        number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar()
        as_root(mysql_server, f"KILL {number}")

    assert caplog.text == ""
    database.close()


def test_the_own_schema_is_ready_on_the_embedded_server(mysql_server: EmbeddedMysql) -> None:
    url = mysql_url(mysql_server, "tradeflow_auth")
    with Database(AuthSettings(database_url=SecretStr(url))).reading() as connection:
        assert connection.exec_driver_sql("SELECT DATABASE()").scalar() == "tradeflow_auth"


def test_without_the_right_to_a_database_it_says_what_to_grant(
    mysql_server: EmbeddedMysql, tmp_path: Path
) -> None:
    url = mysql_url(mysql_server, "nobodys")
    store = KeyStore(AuthSettings(database_url=SecretStr(url), state_dir=tmp_path))

    with pytest.raises(DatabaseAwayError) as refused:
        store.open()
    assert "GRANT ALL ON nobodys.* TO tradeflow" in str(refused.value)
    assert mysql_server.settings.password + "@" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "is no URL"),
        ("postgresql://u:hush@h/d", "cannot be kept in postgresql"),
        ("mysql://u:hush@h", "names no database"),
        ("sqlite://", "names no database"),
    ],
)
def test_a_url_that_will_not_do(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        KeyStore(AuthSettings(database_url=SecretStr(url)))
    assert "hush" not in str(refused.value)


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="keys cannot be kept in"):
        KeyStore(AuthSettings(state_dir=tmp_path / "file" / "below")).open()


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "auth.sqlite").write_text("not a database, surely" * 100)

    with pytest.raises(DatabaseAwayError, match="not a database"):
        KeyStore(AuthSettings(state_dir=tmp_path)).open()


def test_a_writer_that_was_killed_locks_nobody_out(tmp_path: Path) -> None:
    store = KeyStore(AuthSettings(state_dir=tmp_path))
    store.open()
    code = "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
    code += "c.execute('BEGIN IMMEDIATE'); c.execute('DELETE FROM master_key'); os._exit(1)"
    subprocess.run([sys.executable, "-c", code, os.fspath(tmp_path / "auth.sqlite")], check=False)

    made = store.create("alice", BOTH)

    assert store.find([made.key]).keys == {made.key: made}
    with sqlite3.connect(tmp_path / "auth.sqlite") as database:
        assert database.execute("SELECT COUNT(*) FROM master_key").fetchone() == (1,)
    database.close()


def _opened(server: EmbeddedMysql, name: str) -> KeyStore:
    as_root(server, f"GRANT ALL ON auth_{name}.* TO tradeflow")
    url = mysql_url(server, f"auth_{name}")
    store = KeyStore(
        AuthSettings(database_url=SecretStr(url), master_key=SecretStr("A" * 43 + "="))
    )
    store.open()
    return store

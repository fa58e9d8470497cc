"""API keys on the command line."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tradeflow.commands.running_exchange import run
from tradeflow.stores.mysql import EmbeddedMysql, EmbeddedMysqlSettings
from web.auth.caller import Scope
from web.auth.key_store import KeyStore
from web.auth.settings import AuthSettings


def said(folder: Path, *arguments: str, **settings: str) -> str:
    result = run("key", *arguments, folder=folder, settings=settings)
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(folder: Path, *arguments: str, **settings: str) -> str:
    result = run("key", *arguments, folder=folder, settings=settings)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("Error: ").strip()


def made(folder: Path, *arguments: str, **settings: str) -> dict[str, str]:
    answer: dict[str, str] = json.loads(said(folder, "create", *arguments, "--json", **settings))
    return answer


def listed(folder: Path, *arguments: str, **settings: str) -> list[dict[str, str]]:
    lines = said(folder, "list", "--json", *arguments, **settings).splitlines()
    return [json.loads(line) for line in lines]


def test_a_key_from_its_making_to_its_end(tmp_path: Path) -> None:
    text = said(tmp_path, "create", "alice", "--label", "my [bold]bot")

    found = re.fullmatch(
        "API key: ([A-Za-z0-9]{64})\nSecret:  ([A-Za-z0-9]{64})\n"
        "A key of alice, to read, trade. The secret is shown this once: keep it safe.\n",
        text,
    )
    assert found is not None
    key, secret = found.groups()
    store = KeyStore(AuthSettings(state_dir=tmp_path / ".tradeflow" / "gateway"))
    store.open()
    kept = store.find([key]).keys[key]
    assert (kept.secret, kept.account_id) == (secret, "alice")
    assert kept.scopes == {Scope.READ, Scope.TRADE}
    store.close()
    table = said(tmp_path, "list")
    assert key[:12] in table and "my [bold]bot" in table and secret[:12] not in table

    gone = said(tmp_path, "revoke", key[:8])

    assert f"The key {key} of alice is revoked" in gone
    assert said(tmp_path, "revoke", key) == "That key was revoked before.\n"
    assert "There are no such keys" in said(tmp_path, "list")
    assert key[:12] in said(tmp_path, "list", "--all")


def test_for_programs(tmp_path: Path) -> None:
    trader = made(tmp_path, "alice", "--scope", "trade", "--scope", "withdraw", "--label", "x")
    operator = made(tmp_path, "root", "--operator")

    assert set(trader) == {"key", "secret", "account", "scopes", "label"}
    assert (trader["account"], trader["scopes"], trader["label"]) == (
        "alice",
        ["trade", "withdraw"],
        "x",
    )
    assert operator["scopes"] == ["operate"]
    rows = listed(tmp_path)
    assert [row["key"] for row in rows] == [trader["key"], operator["key"]]
    assert all("secret" not in row for row in rows)
    assert [row["key"] for row in listed(tmp_path, "--account", "root")] == [operator["key"]]


def test_a_new_master_key_leaves_keys_as_they_are(tmp_path: Path) -> None:
    key = made(tmp_path, "alice")
    file = tmp_path / ".tradeflow" / "gateway" / "master.key"
    before = file.read_text()

    text = said(tmp_path, "rotate-master")

    assert text.startswith("1 secrets are encrypted with the first key in .tradeflow/gateway/")
    assert file.read_text() != before
    assert before.strip() not in text and file.read_text().strip() not in text
    assert [row["key"] for row in listed(tmp_path)] == [key["key"]]
    file.write_text(before)
    assert "is not the one that the secrets in" in refused(tmp_path, "list")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "a b"), "is not 1 to 64 visible ASCII characters."),
        (("create", "@fees"), "Ids that begin with @ are the exchange's own."),
        (("create", "a", "--operator", "--scope", "read"), "A key is an operator's or an account"),
        (("create", "a", "--label", "x" * 101), "A label has at most 100 characters"),
        (("create", "a", "--label", "x\ny"), "A label has at most 100 characters"),
        (("revoke", "abc"), "'abc' is too short: at least 8 characters of a key."),
        (("revoke", "abcdefgh"), "There is no key that begins with 'abcdefgh'."),
    ],
)
def test_refusals_are_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    assert words in refused(tmp_path, *arguments)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TRADEFLOW_AUTH_DATABASE_URL": "oracle://h/d"}, "Keys cannot be kept in oracle."),
        (
            {"TRADEFLOW_AUTH_DATABASE_URL": "mysql://me:hush@127.0.0.1:1/keys"},
            "The database of keys does not answer: MySQL at 127.0.0.1:1/keys: ",
        ),
        ({"TRADEFLOW_MYSQL_HOST": "127.0.0.1", "TRADEFLOW_MYSQL_PORT": "1"}, "/tradeflow_auth"),
        ({"TRADEFLOW_AUTH_FRESH_SECONDS": "x"}, "TRADEFLOW_AUTH_FRESH_SECONDS=x will not do"),
        ({"TRADEFLOW_AUTH_MASTER_KEY": "x"}, "TRADEFLOW_AUTH_MASTER_KEY holds no master key"),
    ],
)
def test_settings_that_cannot_work(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    text = refused(tmp_path, "list", **settings)

    assert words in text
    assert "hush" not in text


# --- which database -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mysql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMysql]:
    """An embedded MySQL where `tradeflow store start mysql` would put it."""
    folder = tmp_path_factory.mktemp("with-mysql")
    server = EmbeddedMysql(EmbeddedMysqlSettings(port=0, data_dir=folder / ".tradeflow/mysql"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_keys_are_in_the_embedded_mysql_where_it_runs(mysql: EmbeddedMysql) -> None:
    folder = mysql.settings.data_dir.parents[1]

    key = made(folder, "alice")

    assert [row["key"] for row in listed(folder)] == [key["key"]]
    assert not (folder / ".tradeflow/gateway/auth.sqlite").exists()
    # Once it is stopped, keys are not looked for, nor made, anywhere else.
    mysql.stop()
    try:
        assert "does not answer: MySQL at" in refused(folder, "list")
        assert "does not answer: MySQL at" in refused(folder, "create", "bob")
    finally:
        mysql.start()
    assert [row["key"] for row in listed(folder)] == [key["key"]]


def test_keys_stay_in_the_file_when_a_mysql_is_started_later(mysql: EmbeddedMysql) -> None:
    folder = mysql.settings.data_dir.parents[1]
    state = {"TRADEFLOW_AUTH_STATE_DIR": str(folder / "other-state")}
    hidden = {"TRADEFLOW_MYSQL_SERVER_DATA_DIR": str(folder / "no-mysql-here")}
    key = made(folder, "alice", **state, **hidden)

    assert [row["key"] for row in listed(folder, **state)] == [key["key"]]

    chosen = folder / "other-state" / "keys-are-in"
    assert chosen.read_text() == "sqlite"
    chosen.write_text("paper")
    assert "says 'paper', neither mysql nor sqlite." in refused(folder, "list", **state)
    shutil.rmtree(folder / "other-state")


def test_a_mysql_that_is_named_is_used(mysql: EmbeddedMysql, tmp_path: Path) -> None:
    named = {"TRADEFLOW_MYSQL_PORT": str(mysql.port)}
    key = f"{'A' * 43}="
    settings = {**named, "TRADEFLOW_AUTH_DATABASE": "tradeflow", "TRADEFLOW_AUTH_MASTER_KEY": key}

    made(tmp_path, "zoe", **settings)

    assert [row["account"] for row in listed(tmp_path, **settings)] == ["zoe"]
    assert list((tmp_path).rglob("*")) == [], "nothing is kept here"

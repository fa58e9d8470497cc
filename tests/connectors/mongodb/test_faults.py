"""What an operator can do to MongoDB: one clear line, nothing lost, and on by itself when mended.

The server here is SecantusDB's.  With --auth it knows a role's actions by database, not by
collection, and asks for them when a connection logs in: what only MongoDB does (rights that are
gone at once, a role that may insert here and not there) is in ``test_connection.py`` as texts.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from connectors.mongodb.collections import AUDIT_LOGS, INDEXES, POSITIONS, USER_TIME, VALIDATOR
from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.trail import Question, opened
from connectors.sink import StoreDownError
from schemas.codec import encode
from schemas.topics import AUDIT
from tests.connectors.feeding import Written, eventually
from tests.connectors.mishap import Mishap
from tests.connectors.mongodb.made_log import audited_records, login
from tests.connectors.mongodb_store import MongodbStore
from tests.connectors.processes import Connectors
from tests.connectors.small_disk import small_disk
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.fixtures.mongodb import NODE, new_server, settings_for
from tradeflow.stores.mongodb import EmbeddedMongodb

pytestmark = pytest.mark.variant

COMMANDS = 150
MEGABYTES = 96
WRITER, PASSWORD = "audit_writer", "open-sesame"


@pytest.fixture(scope="module")
def records() -> list[Written]:
    return audited_records(COMMANDS)


@pytest.fixture
def connectors(
    fresh_topics: ExchangeTopics, mongodb_store: MongodbStore, tmp_path: Path
) -> Connectors:
    return Connectors(fresh_topics, mongodb_store, tmp_path)


@pytest.fixture
def mishap(connectors: Connectors, records: list[Written]) -> Mishap:
    return Mishap(connectors, records)


@pytest.mark.variant
def test_a_full_disk(fresh_topics: ExchangeTopics, records: list[Written], tmp_path: Path) -> None:
    """The server's storage gives up for good then; MongoDB's own server ends itself."""
    with small_disk(tmp_path / "disk", MEGABYTES) as disk:
        server = new_server(disk.folder / "mongodb")
        server.start()

        def mend() -> None:
            server.kill()
            disk.free()
            server.start()

        try:
            store = MongodbStore(settings_for(server.url))
            said = Mishap(Connectors(fresh_topics, store, tmp_path), records).run(
                disk.fill, mend, "has given up"
            )
        finally:
            server.stop()

    assert said.endswith("If its disk is full make room; start it anew")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[EmbeddedMongodb]:
    """A server that asks who one is, with the roles of ``roles.json`` and a user who writes."""
    folder = tmp_path / "guarded"
    server = new_server(folder)
    server.start()
    with MongoClient[Any](server.url) as client:
        client.admin.command("createUser", "root", pwd=PASSWORD, roles=["root"])
        for role in json.loads(files("connectors.mongodb").joinpath("roles.json").read_text()):
            client.tradeflow.command(role)
        client.tradeflow.command("createUser", WRITER, pwd=PASSWORD, roles=[WRITER])
    server.stop()
    server = new_server(folder, options="--auth")
    server.start()
    yield server
    server.stop()


def address_of(server: EmbeddedMongodb, user: str, database: str) -> str:
    return server.url.replace("//", f"//{user}:{PASSWORD}@") + f"&authSource={database}"


class Guards:
    """The administrator of a guarded server."""

    def __init__(self, server: EmbeddedMongodb) -> None:
        self._server = server
        self._url = address_of(server, "root", "admin")
        self.store = MongodbStore(
            MongodbSettings(url=address_of(server, WRITER, "tradeflow"), node_id=NODE), self._url
        )

    def command(self, *arguments: Any, **more: Any) -> None:
        with MongoClient[Any](self._url) as client:
            client.tradeflow.command(*arguments, **more)

    def take_away(self, *arguments: Any, **more: Any) -> None:
        """It counts for those who log in from now on."""
        self.command(*arguments, **more)
        self._server.kill()
        self._server.start()


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(["audit_reader"], id="may read", marks=pytest.mark.variant),
        pytest.param([], id="may nothing"),
    ],
)
def test_a_lost_grant(
    guarded: EmbeddedMongodb,
    fresh_topics: ExchangeTopics,
    records: list[Written],
    tmp_path: Path,
    left: list[str],
) -> None:
    guards = Guards(guarded)

    said = Mishap(Connectors(fresh_topics, guards.store, tmp_path), records).run(
        lambda: guards.take_away("updateUser", WRITER, roles=left),
        lambda: guards.command("updateUser", WRITER, roles=[WRITER]),
        "refuses: not authorized on tradeflow",
    )

    assert said.endswith("Grant the user its role (roles.json has it)")
    assert PASSWORD not in said


@pytest.mark.variant
def test_a_wrong_password(
    guarded: EmbeddedMongodb, fresh_topics: ExchangeTopics, records: list[Written], tmp_path: Path
) -> None:
    guards = Guards(guarded)

    said = Mishap(Connectors(fresh_topics, guards.store, tmp_path), records).run(
        lambda: guards.take_away("updateUser", WRITER, pwd="other"),
        lambda: guards.command("updateUser", WRITER, pwd=PASSWORD),
        "refuses the user or the password",
    )

    assert said.endswith("of TRADEFLOW_MONGODB_URL")


@pytest.mark.parametrize(
    ("dropped", "says"),
    [
        (AUDIT_LOGS, "audit_logs was dropped and is made again; its positions are read again"),
        (POSITIONS, "has no position any more: positions was dropped or emptied"),
        ("", "audit_logs was dropped and is made again; its positions are read again"),
    ],
    ids=["the trail", "the positions", "the database"],
)
def test_what_is_dropped_is_filled_from_the_beginning(
    mishap: Mishap, mongodb_store: MongodbStore, dropped: str, says: str
) -> None:
    def harm() -> None:
        with mongodb_store.database() as database:
            if dropped:
                database.drop_collection(dropped)
            else:
                database.client.drop_database(database.name)

    mishap.pass_by(harm, says)

    with mongodb_store.database() as database:
        (trail,) = database.list_collections(filter={"name": AUDIT_LOGS})
        assert trail["options"]["validator"] == VALIDATOR
        assert len(database[AUDIT_LOGS].index_information()) == len(INDEXES) + 1


def test_a_trail_that_was_dropped_while_nobody_wrote_is_filled_from_the_beginning(
    connectors: Connectors, mongodb_store: MongodbStore, records: list[Written]
) -> None:
    connectors.write(records)
    connectors.run_to_the_end()
    with mongodb_store.database() as database:
        database.drop_collection(AUDIT_LOGS)

    with connectors.start() as connector:
        connectors.await_end(connector)
        assert connector.terminate() == 0

    assert connector.log.count("it was dropped, or restored from a backup") == 1
    connectors.require_agreement()


def test_a_trail_that_an_insert_has_made_gets_its_validator(
    connectors: Connectors, mongodb_store: MongodbStore, records: list[Written]
) -> None:
    with mongodb_store.database() as database:
        database[AUDIT_LOGS].insert_one({"_id": "a stranger's"})
        database[AUDIT_LOGS].delete_many({})
        connectors.write(records)

        with connectors.start() as connector:
            connectors.await_end(connector)
            assert connector.terminate() == 0

        (trail,) = database.list_collections(filter={"name": AUDIT_LOGS})
        assert trail["options"]["validator"] == VALIDATOR
    assert connector.log.count("audit_logs had not its validator: it is set again") == 1
    connectors.require_agreement()


def test_a_dropped_index_is_one_line_for_readers_and_made_again(
    connectors: Connectors, mongodb_store: MongodbStore, records: list[Written]
) -> None:
    connectors.write(records)
    question = Question(user="ann")
    record = login(0, 0).record
    more = [(AUDIT.name, 0, b"ann", encode("AuditEvent", dict(record)))]
    with connectors.start() as connector, opened(mongodb_store.settings) as trail:
        connectors.await_end(connector)
        there = trail.entries(question, limit=100)
        with mongodb_store.database() as database:
            database[AUDIT_LOGS].drop_index(USER_TIME)
        with pytest.raises(StoreDownError, match="lacks an index: .+ makes it again$"):
            trail.entries(question, limit=100)

        def is_made_again() -> bool:
            # It looks now and then, while it writes.
            connectors.write(more)
            return "audit_logs lacked 1 of its indexes: they are made again" in connector.log

        eventually(is_made_again, connector.log)
        connectors.await_end(connector)
        assert trail.entries(question, limit=100)[: len(there)] == there
        assert connector.terminate() == 0
    connectors.require_agreement()

"""Keys from the command line to several gateway processes, over MySQL, Redis and the log."""

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
import requests

from schemas.codec import decode
from schemas.topics import AUDIT
from tests.chaos.exchange import await_condition, read_all
from tests.fixtures.mysql import running_mysql
from tests.web.gateway_command import PROBED, GatewayProcess, tradeflow
from tests.web.running_exchange import RunningExchange
from tests.web.unique_moments import unique_ms
from tradeflow.stores.mysql import EmbeddedMysql
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings
from web.auth.security import Security
from web.auth.signing import sign
from web.clock import now_ms

pytestmark = pytest.mark.shares_exchange

FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Key:
    key: str
    secret: str

    def signed(self, **parameters: str) -> bytes:
        """A request's parameters, percent-encoded, with their signature."""
        given = {**parameters, "recvWindow": "30000", "timestamp": str(unique_ms())}
        payload = urlencode(given).encode()
        return payload + b"&signature=" + sign(self.secret, payload).encode()


@dataclass(frozen=True, slots=True)
class House:
    """Two gateways with their stores."""

    folder: Path
    settings: dict[str, str]
    mysql: EmbeddedMysql
    redis: EmbeddedRedis
    gateways: tuple[GatewayProcess, GatewayProcess]

    def run(self, *arguments: str) -> str:
        result = tradeflow("key", *arguments, folder=self.folder, settings=self.settings)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def key(self, account: str, *options: str) -> Key:
        made = json.loads(self.run("create", account, "--json", *options))
        return Key(made["key"], made["secret"])

    def ask(self, gateway: int, security: Security, key: Key, query: bytes) -> httpx.Response:
        url = f"{self.gateways[gateway].url}/probe/{security.name}?{query.decode()}"
        return httpx.get(url, headers={"X-MBX-APIKEY": key.key}, timeout=20)


@pytest.fixture(scope="module")
def house(exchange: RunningExchange, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    own = EmbeddedRedisSettings(port=0, data_dir=folder / "redis", time_series=False)
    redis = EmbeddedRedis(own)
    redis.start()
    with running_mysql(folder / "mysql") as mysql:
        settings = {
            "BROKER": exchange.broker.bootstrap,
            "TRADEFLOW_MYSQL_PORT": str(mysql.port),
            "TRADEFLOW_GATEWAY_REDIS_URL": redis.url,
            "TRADEFLOW_AUTH_FRESH_SECONDS": str(FRESH_SECONDS),
        }
        made = []
        try:
            for name in ("one", "two"):
                (folder / name).mkdir()
                shared = {"TRADEFLOW_AUTH_STATE_DIR": str(folder / "gateway"), **settings}
                made.append(GatewayProcess(folder / name, command=PROBED, **shared))
            one, two = made
            assert one.url and two.url
            yield House(folder, settings, mysql, redis, (one, two))
        finally:
            for process in made:
                process.close()
            redis.stop()


def _code(answer: httpx.Response) -> tuple[int, int | None]:
    return answer.status_code, answer.json().get("code")


def _audited(house: House, key: Key, action: str) -> list[dict[str, str]]:
    told = (decode(each.value())[1] for each in read_all(house.settings["BROKER"], AUDIT.name))
    return [
        event for event in told if event["resource_id"] == key.key[:8] and event["action"] == action
    ]


def test_a_key_that_was_just_made_works_in_every_gateway(house: House) -> None:
    key = house.key("alice")

    for gateway in (0, 1):
        for security in (Security.USER_DATA, Security.TRADE):
            answer = house.ask(gateway, security, key, key.signed())
            assert answer.json() == {"account": "alice", "note": None}
        assert _code(house.ask(gateway, Security.WITHDRAW, key, key.signed())) == (401, -2015)
        assert _code(house.ask(gateway, Security.OPERATOR, key, key.signed())) == (401, -2015)
    assert "mysql" not in house.gateways[0].said().lower().replace("mysql at 127.0.0.1", "")


def test_an_operators_key_is_for_operators(house: House) -> None:
    key = house.key("root", "--operator")

    assert house.ask(0, Security.OPERATOR, key, key.signed()).status_code == 200
    assert _code(house.ask(0, Security.TRADE, key, key.signed())) == (401, -2015)


def test_a_request_that_came_to_one_gateway_comes_to_no_other(house: House) -> None:
    key = house.key("alice")
    changing, reading = key.signed(note="1"), key.signed(note="2")

    assert house.ask(0, Security.TRADE, key, changing).status_code == 200
    for gateway in (1, 0, 1):
        assert _code(house.ask(gateway, Security.TRADE, key, changing)) == (400, -1022)
        assert house.ask(gateway, Security.USER_DATA, key, reading).status_code == 200


def test_what_the_library_requests_encodes_is_taken_as_it_came(house: House) -> None:
    """It percent-encodes what is no ASCII, in query and body, and leaves what it may leave."""
    key = house.key("alice")
    full_width = "".join(chr(0xFF10 + digit) for digit in range(1, 7))
    for note in (full_width, "a b+c/d?&=%", "~._-:@!$'()*,;", "ü"):
        for where in ("params", "data"):
            given = [("note", note), ("timestamp", str(now_ms()))]
            signature = sign(key.secret, urlencode(given).encode())
            # A GET says all in its query.
            for method in ("POST", "DELETE", *(["GET"] if where == "params" else [])):
                signed = [*given, ("signature", signature)]
                answer = requests.request(
                    method,
                    f"{house.gateways[0].url}/probe/USER_DATA",
                    headers={"X-MBX-APIKEY": key.key},
                    timeout=20,
                    **{where: signed},
                )
                assert answer.json() == {"account": "alice", "note": note}


def test_bytes_that_are_no_text_are_answered(house: House) -> None:
    key = house.key("alice")
    url = f"{house.gateways[0].url}/probe/TRADE"

    for header in (b"\xff\xfe", "é".encode(), b"k" * 64 + b"\xc3"):
        answer = httpx.post(url, headers={b"X-MBX-APIKEY": header}, content=key.signed())
        assert _code(answer) == (401, -2014)
    for body in (b"\xff=\xff&timestamp=1", b"signature=\xc3\xa9", b"signature=" + b"%ff" * 64):
        answer = httpx.post(url, headers={"X-MBX-APIKEY": key.key}, content=body)
        assert answer.status_code == 400


def test_a_revoked_key_stops_in_every_gateway_in_time(house: House) -> None:
    key = house.key("bob", "--label", "old bot")
    for gateway in (0, 1):
        assert house.ask(gateway, Security.USER_DATA, key, key.signed()).status_code == 200

    said = house.run("revoke", key.key[:10])
    revoked_at = time.monotonic()

    assert f"The key {key.key} of bob is revoked; within 1 s no gateway" in said
    for gateway in (0, 1):
        began = time.monotonic()
        while (answer := house.ask(gateway, Security.USER_DATA, key, key.signed())).is_success:
            assert began - revoked_at <= FRESH_SECONDS
            began = time.monotonic()
        assert _code(answer) == (401, -2015)
    assert key.key[:12] not in house.run("list", "--account", "bob")
    assert key.key[:12] in house.run("list", "--account", "bob", "--all")


def test_the_trail_is_told(house: House) -> None:
    key = house.key("carol", "--scope", "read")
    wrong = key.signed()[:-4] + b"0000"

    assert _code(house.ask(0, Security.USER_DATA, key, wrong)) == (400, -1022)
    assert _code(house.ask(0, Security.TRADE, key, key.signed())) == (401, -2015)
    house.run("revoke", key.key)

    await_condition(lambda: len(_audited(house, key, "API_KEY_REFUSED")) == 2, "refusals are told")
    refused = _audited(house, key, "API_KEY_REFUSED")
    assert {event["reason"] for event in refused} == {"WRONG_SIGNATURE", "MISSING_SCOPE"}
    assert {(event["user_id"], event["ip"]) for event in refused} == {("carol", "127.0.0.1")}
    for action in ("API_KEY_CREATED", "API_KEY_REVOKED"):
        # The command has told it before it ended.
        (event,) = _audited(house, key, action)
        assert (event["user_id"], event["outcome"]) == ("carol", "SUCCESS")


def test_what_was_done_without_a_broker_a_gateway_tells(house: House) -> None:
    without = {name: text for name, text in house.settings.items() if name != "BROKER"}
    result = tradeflow("key", "create", "dora", "--json", folder=house.folder, settings=without)
    assert result.returncode == 0, result.stderr
    made = json.loads(result.stdout)
    key = Key(made["key"], made["secret"])

    await_condition(lambda: _audited(house, key, "API_KEY_CREATED"), "a gateway has told it")


def test_a_new_master_key_is_not_noticed_by_clients(house: House) -> None:
    key = house.key("erin")
    assert house.ask(0, Security.TRADE, key, key.signed()).status_code == 200

    assert "encrypted with the first key in" in house.run("rotate-master")

    later = house.key("erin")
    for each in (key, later):
        for gateway in (0, 1):
            assert house.ask(gateway, Security.TRADE, each, each.signed()).status_code == 200


def test_without_mysql_and_redis_keys_that_were_used_go_on(house: House) -> None:
    key, unused = house.key("alice"), house.key("alice")
    assert house.ask(0, Security.TRADE, key, key.signed()).status_code == 200
    house.mysql.kill()
    house.redis.kill()
    try:
        # What is fresh holds without a question; then the database is found to be away.
        await_condition(
            lambda: (
                _code(house.ask(0, Security.USER_DATA, unused, unused.signed())) == (503, -1001)
            ),
            "the database is away",
        )
        again = key.signed(note=quote("while away"))
        for query in (key.signed(), again):
            assert house.ask(0, Security.TRADE, key, query).status_code == 200
        assert _code(house.ask(0, Security.TRADE, key, again)) == (400, -1022)
        assert httpx.get(f"{house.gateways[0].url}/api/v3/ping").status_code == 200
    finally:
        house.mysql.start()
        house.redis.start()
    await_condition(
        lambda: house.ask(0, Security.USER_DATA, unused, unused.signed()).is_success,
        "the database is back",
    )
    await_condition(lambda: "Redis is back" in house.gateways[0].said(), "Redis is back")
    assert _code(house.ask(1, Security.TRADE, key, again)) == (400, -1022)


def test_no_secret_is_in_any_log(house: House) -> None:
    """Behind all the others: whatever was logged of them is looked at."""
    key = house.key("alice")
    assert house.ask(0, Security.TRADE, key, key.signed()).status_code == 200

    master = (house.folder / "gateway" / "master.key").read_text().strip()
    for gateway in house.gateways:
        assert gateway.end(signal.SIGTERM) == 0
        said = gateway.said()
        assert "Traceback" not in said
        assert key.secret not in said and master not in said
        assert house.mysql.settings.password + "@" not in said

"""`tradeflow load` and `tradeflow replay` against a real exchange."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import decode
from schemas.instruments import DEFAULT_FILE
from schemas.topics import (
    ACCOUNTS_WALLET,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    WALLET_EVENTS,
    Topic,
)
from streams.settings import StreamsSettings
from tests.tradeflow.commands.running_exchange import CHEAPER
from tests.tradeflow.replay.synthetic import SyntheticMarket, write_recording
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.errors import TradeflowError
from tradeflow.event_reader import EventReader
from tradeflow.funding import Treasury
from tradeflow.replay.private_exchange import PrivateExchange, private_exchange
from tradeflow.supervision.topics import make_topics
from tradeflow.table_rows import read_rows

pytestmark = pytest.mark.timeout(300)
_COMMAND = Path(sys.executable).with_name("tradeflow")
_DEADLINE_SECONDS = 200


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateExchange]:
    """An exchange with the default instruments; each test has symbols of its own."""
    with private_exchange(tmp_path_factory.mktemp("exchange"), DEFAULT_FILE.read_text()) as running:
        yield running


def _environment(bootstrap: str = "") -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in CHEAPER or not name.startswith(("BROKER", "TRADEFLOW_"))
    }
    return {**kept, "BROKER": bootstrap, "COLUMNS": "200", "TRADEFLOW_BROKER_HEAP": "256m"}


def _run(folder: Path, *arguments: str, bootstrap: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_COMMAND, *arguments],
        cwd=folder,
        env=_environment(bootstrap),
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=False,
    )


def test_a_recording_is_replayed_on_an_exchange_of_its_own(tmp_path: Path) -> None:
    market = SyntheticMarket(11)
    recording = write_recording(tmp_path / "made.txt", market, 60)

    run = _run(tmp_path, "replay", str(recording), "--json", "--expect-agreement", "1")

    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["agreement"]["share"] == 1
    assert report["agreement"]["levels"] == len(market.bids) + len(market.asks)
    assert report["agreement"]["best_prices_over_time"]["share"] == 1
    assert report["agreement"]["best_prices_over_time"]["samples"] >= 58
    assert report["trades"]["recorded"] == len(market.trades) > 20
    assert report["trades"]["matched_quantity"] == report["trades"]["recorded_quantity"]
    assert report["unanswered"] == 0
    assert [(each["account"], each["asset"]) for each in report["deposits"]] == [
        ("replay-house", "USDT"),
        ("replay-house", "LTC"),
    ]
    assert report["rejections"] == report["not_sent"] == {}
    assert sum(report["commands_by_kind"].values()) == report["commands"]
    assert list((tmp_path / ".tradeflow" / "replay").iterdir()) == [], "nothing stays behind"


def test_the_running_exchange_is_fed_once_and_only_while_its_book_is_empty(
    exchange: PrivateExchange, tmp_path: Path
) -> None:
    recording = write_recording(tmp_path / "made.txt", SyntheticMarket(12), 10)
    arguments = ("replay", str(recording), "--live", "--speed", "4")

    first = _run(tmp_path, *arguments, bootstrap=exchange.bootstrap)
    second = _run(tmp_path, *arguments, bootstrap=exchange.bootstrap)

    assert first.returncode == 0, first.stderr
    assert "Replay of LTCUSDT" in first.stdout
    assert re.search(r"best bid equal, best ask equal", first.stdout)
    assert re.search(
        r"deposited +[\d.]+ LTC to replay-house \(replay-\w+-deposit-LTC-1\)", first.stdout
    )
    assert second.returncode == 1
    assert re.search(r"The book of LTCUSDT has \d+ levels already", second.stderr)


def test_load_sends_what_it_was_asked_for_and_reports_on_it(
    exchange: PrivateExchange, tmp_path: Path
) -> None:
    arguments = ("load", "--symbols", "BTCUSDT,ETHUSDT", "--open-orders", "100")

    run = _run(tmp_path, *arguments, "--rate", "0", "--count", "600", bootstrap=exchange.bootstrap)

    assert run.returncode == 0, run.stderr
    assert "600 commands sent, 600 answered" in run.stdout
    for word in ("CancelReplaceOrder", "FILLED", "through orders, accounts and matching", "p99"):
        assert word in run.stdout
    assert "INSUFFICIENT_BALANCE" not in run.stdout

    # Another run on these books, with the same seed: new ids, and it knows what is there.
    again = _run(
        tmp_path, *arguments, "--rate", "100", "--count", "300", bootstrap=exchange.bootstrap
    )
    assert "300 commands sent, 300 answered" in again.stdout, again.stderr
    assert "DUPLICATE" not in again.stdout
    refused = re.search(r"rejected: UNKNOWN_ORDER +(\d+)", run.stdout + again.stdout)
    assert refused is None or int(refused[1]) < 60, "only where a fill was sooner"


def test_nothing_of_load_reaches_matching_unpaid_and_the_money_adds_up(
    exchange: PrivateExchange, tmp_path: Path
) -> None:
    run = _run(
        tmp_path,
        *("load", "--rate", "0", "--count", "300", "--accounts", "3", "--seed", "7"),
        bootstrap=exchange.bootstrap,
    )
    assert run.returncode == 0, run.stderr

    orders = [
        record.get("place", record)
        for name, record in _all_of(exchange, ORDERS_INCOMING)
        if name in ("PlaceOrder", "CancelReplaceOrder")
    ]
    assert len(orders) > 150
    assert all(order["hold_id"] for order in orders)
    assert {order["account_id"] for order in orders} >= {"load-1", "load-2", "load-3"}

    deposited: Counter[str] = Counter()
    for name, event in _all_of(exchange, WALLET_EVENTS):
        if name == "FundsDepositedEvent":
            deposited[event["asset"]] += event["amount_units"]
    assert set(deposited) >= {"BTC", "ETH", "USDT"}
    # The last fills may still be on their way to the wallets.
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while (found := _balances(exchange))[0] != deposited or any(found[1].values()):
        assert time.monotonic() < deadline, (deposited, found)
        time.sleep(0.2)


def _all_of(exchange: PrivateExchange, topic: Topic) -> list[tuple[str, dict[str, Any]]]:
    with contextlib.closing(
        EventReader(exchange.bootstrap, [topic.name], from_end=False)
    ) as reader:
        records = []
        while not reader.is_at_end:
            records += reader.read(timeout_seconds=0.2)
        return records


def _balances(exchange: PrivateExchange) -> tuple[Counter[str], Counter[str]]:
    """By asset: what users have, with the commissions they paid; what is between two parties."""
    kept: Counter[str] = Counter()
    passing: Counter[str] = Counter()
    rows = read_rows(exchange.bootstrap, ACCOUNTS_WALLET.name, prefixes=(b"balance ",))
    for _, value in rows:
        _, row = decode(value)
        units = row["available_units"] + row["held_units"]
        if row["account_id"].startswith("@clearing"):
            passing[row["asset"]] += units
        elif row["account_id"] != "@external":
            assert row["available_units"] >= 0
            assert row["held_units"] >= 0
            kept[row["asset"]] += units
    return kept, passing


def test_accounts_are_filled_up_by_what_they_lack(exchange: PrivateExchange) -> None:
    first = Treasury(exchange.bootstrap, "first", stamp=lambda: 1)
    second = Treasury(exchange.bootstrap, "second", stamp=lambda: 2)

    first.fill_up({"fill-1": {"BTC": 5, "USDT": 7}, "fill-2": {}})
    second.fill_up({"fill-1": {"BTC": 8, "USDT": 6}, "fill-2": {"BTC": 1}})
    second.bring_in("fill-2", "BTC", 3)

    assert sorted(first.deposits) == [
        ("fill-1", "BTC", 5, "first-deposit-BTC-1"),
        ("fill-1", "USDT", 7, "first-deposit-USDT-1"),
    ]
    assert sorted(second.deposits) == [
        ("fill-1", "BTC", 3, "second-deposit-BTC-1"),
        ("fill-2", "BTC", 1, "second-deposit-BTC-1"),
        ("fill-2", "BTC", 3, "second-deposit-BTC-2"),
    ]
    with pytest.raises(TradeflowError, match="refused 0.00000001 NONE for fill-1: unknown asset"):
        second.fill_up({"fill-1": {"NONE": 1}})


def test_the_log_of_such_an_exchange_holds(exchange: PrivateExchange, tmp_path: Path) -> None:
    check = _run(tmp_path, "check", bootstrap=exchange.bootstrap)

    assert check.returncode == 0, check.stdout + check.stderr


@pytest.mark.variant
def test_load_says_what_to_do_where_nobody_keeps_accounts(tmp_path: Path) -> None:
    broker = EmbeddedBroker(BrokerSettings(port=0, controller_port=0, data_dir=tmp_path / "kafka"))
    broker.start()
    try:
        make_topics(StreamsSettings(broker=broker.bootstrap))
        run = _run(tmp_path, "load", "--count", "5", bootstrap=broker.bootstrap)
    finally:
        broker.stop()

    assert run.returncode == 1
    said = " ".join(run.stderr.split())
    assert "Accounts does not answer" in said
    assert "Is its worker running? tradeflow up starts it" in said


def test_ctrl_c_ends_load_with_its_report(exchange: PrivateExchange, tmp_path: Path) -> None:
    reader = EventReader(exchange.bootstrap, [ORDERS_EXECUTIONS.name], from_end=True)
    load = subprocess.Popen(
        [_COMMAND, "load", "--symbols", "BNBBTC", "--rate", "200"],
        cwd=tmp_path,
        env=_environment(exchange.bootstrap),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while all(name == "Tick" for name, _ in reader.read(timeout_seconds=0.1)):
            assert load.poll() is None
            assert time.monotonic() < deadline
        load.send_signal(signal.SIGINT)
        output, _ = load.communicate(timeout=_DEADLINE_SECONDS)
    finally:
        reader.close()
        load.kill()
        load.wait()

    assert load.returncode == 0
    sent, answered = re.findall(r"([\d,]+) commands sent, ([\d,]+) answered", output)[0]
    assert sent == answered


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("load",), "No broker runs here. Start the exchange with: tradeflow up"),
        (("load", "--symbols", "NONE"), "There is no instrument NONE. There are: BTCUSDT"),
        (("load", "--mix", "makers=0"), "without makers"),
        (("replay", "nothing.gz"), "nothing.gz cannot be read: No such file"),
        (("replay", "nothing.gz", "--speed", "0"), "0 is neither a factor above 0 nor max"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    run = _run(tmp_path, *arguments)

    assert run.returncode != 0
    assert "Traceback" not in run.stderr
    assert said in " ".join(run.stderr.split())

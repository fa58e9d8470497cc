"""`tradeflow load` and `tradeflow replay` against a real exchange."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.instruments import DEFAULT_FILE
from schemas.topics import ORDERS_EXECUTIONS
from tests.tradeflow.replay.synthetic import SyntheticMarket, write_recording
from tradeflow.event_reader import EventReader
from tradeflow.replay.private_exchange import PrivateExchange, private_exchange

_COMMAND = Path(sys.executable).with_name("tradeflow")
_DEADLINE_SECONDS = 60


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateExchange]:
    """An exchange with the default instruments; each test has symbols of its own."""
    with private_exchange(tmp_path_factory.mktemp("exchange"), DEFAULT_FILE.read_text()) as running:
        yield running


def _environment(bootstrap: str = "") -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "TRADEFLOW_CACHE_DIR" or not name.startswith(("BROKER", "TRADEFLOW_"))
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
    assert second.returncode == 1
    assert re.search(r"The book of LTCUSDT has \d+ levels already", second.stderr)


def test_load_sends_what_it_was_asked_for_and_reports_on_it(
    exchange: PrivateExchange, tmp_path: Path
) -> None:
    run = _run(
        tmp_path,
        *("load", "--symbols", "BTCUSDT,ETHUSDT", "--rate", "0", "--count", "600"),
        bootstrap=exchange.bootstrap,
    )

    assert run.returncode == 0, run.stderr
    assert "600 commands sent, 600 answered" in run.stdout
    for word in ("PlaceOrder", "CancelReplaceOrder", "FILLED", "p50", "p99"):
        assert word in run.stdout
    assert "UNKNOWN_ORDER" not in run.stdout, "it knows its own orders"

    # Another run on these books, with the same seed: new ids, and it knows what is there.
    again = _run(
        tmp_path,
        *("load", "--symbols", "BTCUSDT,ETHUSDT", "--rate", "0", "--count", "300"),
        bootstrap=exchange.bootstrap,
    )
    assert "300 commands sent, 300 answered" in again.stdout, again.stderr
    assert "DUPLICATE" not in again.stdout
    assert "UNKNOWN_ORDER" not in again.stdout


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
        while not reader.read(timeout_seconds=0.1):
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

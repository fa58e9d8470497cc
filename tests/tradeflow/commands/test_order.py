"""Orders on the command line: paid for by an account, matched, canceled and shown."""

import subprocess
from pathlib import Path

import pytest

from tests.tradeflow.commands.running_exchange import Up, json_lines, run

pytestmark = [pytest.mark.slow, pytest.mark.shares_exchange]


@pytest.fixture(scope="module")
def folder(exchange: Up) -> Path:
    """The folder of an exchange with two accounts."""
    folder = exchange.folder
    for account, asset, amount in (("alice", "USDT", "1000"), ("bob", "BTC", "1")):
        run("account", "create", account, folder=folder)
        run("account", "deposit", account, asset, amount, folder=folder)
    return folder


def order(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("order", *arguments, folder=folder)


def test_an_order_is_placed_paid_for_matched_and_canceled(folder: Path) -> None:
    resting = order(folder, "place", "bob", "BTCUSDT", "sell", "0.01", "--price", "50000")
    assert resting.stdout.startswith("NEW  order 1, 0.00000000 filled")

    taken = order(folder, "place", "alice", "BTCUSDT", "buy", "0.005", "--client-id", "a1")
    assert taken.returncode == 0, taken.stderr
    assert "TRADE  FILLED  0.00500000 at 50000.00000000" in taken.stdout
    # The budget was 5 % more than that, and the rest is back at once.
    balance = run("account", "balance", "alice", folder=folder).stdout
    assert "750.00000000" in balance
    assert "0.00499500" in balance

    shown = order(folder, "show", "alice", "BTCUSDT", "--client-id", "a1")
    assert shown.stdout == "ORDER_STATUS  FILLED  order 2, 0.00500000 filled\n"
    canceled = order(folder, "cancel", "bob", "BTCUSDT", "--order-id", "1")
    assert canceled.stdout == "CANCELED  order 1, 0.00500000 filled\n"

    check = run("check", folder=folder)
    assert check.returncode == 0, check.stdout + check.stderr


def test_refusals_say_why(folder: Path) -> None:
    too_much = order(folder, "place", "alice", "BTCUSDT", "buy", "1", "--price", "50000")
    assert too_much.returncode == 1
    assert too_much.stdout == "REJECTED  (insufficient balance)\n"
    nobody = order(folder, "place", "carol", "BTCUSDT", "buy", "1", "--price", "50000")
    assert nobody.stdout == "REJECTED  (unknown account)\n"
    decimals = order(folder, "place", "alice", "BTCUSDT", "buy", "1.123456789", "--price", "1")
    assert decimals.returncode == 1
    assert decimals.stderr.startswith("Error: The quantity 1.123456789 will not do: ")
    others = order(folder, "cancel", "alice", "BTCUSDT", "--order-id", "1")
    assert others.returncode == 1
    assert others.stdout.startswith("CANCEL_REJECTED  REJECTED  (unknown order)")
    lonely = order(folder, "place", "alice", "ETHUSDT", "buy", "1")
    assert lonely.stderr.startswith("Error: Nobody is there to trade ETHUSDT with now.")


def test_the_same_id_again_is_one_order(folder: Path) -> None:
    terms = ("place", "alice", "BTCUSDT", "buy", "0.001", "--price", "40000", "--id", "twice")
    first = order(folder, *terms)
    assert first.stdout.startswith("NEW  order ")
    assert order(folder, *terms).stdout == first.stdout.replace("NEW", "ORDER_STATUS  NEW", 1)
    reused = order(folder, *terms[:-2], "--id", "twice", "--time-in-force", "IOC")
    assert reused.stdout == "REJECTED  (command id reused)\n"


def test_sagas_are_listed_and_none_is_stuck(folder: Path) -> None:
    listed = run("sagas", "--account", "alice", folder=folder).stdout
    assert "COMPLETED" in listed
    assert "FAILED" in listed
    assert "bob" not in listed
    stuck = run("sagas", "--stuck", folder=folder)
    assert (stuck.returncode, stuck.stdout) == (0, "No saga is stuck.\n")


def test_ticks_are_shown_on_request(folder: Path) -> None:
    shown = run(
        "tail", "orders.executions", "--json", "--from", "beginning", "--once", folder=folder
    )
    assert {record["record"] for record in json_lines(shown.stdout)} == {"ExecutionReport"}
    every = (
        "tail",
        "orders.executions",
        "--ticks",
        "--json",
        "--from",
        "beginning",
        "--count",
        "9",
    )
    ticks = json_lines(run(*every, folder=folder).stdout)
    assert "Tick" in {record["record"] for record in ticks}

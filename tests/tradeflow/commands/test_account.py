"""Accounts and money on the command line."""

from pathlib import Path

import pytest

from tests.tradeflow.commands.running_exchange import Up, run

pytestmark = [pytest.mark.slow, pytest.mark.shares_exchange]


@pytest.fixture(scope="module", autouse=True)
def ada(exchange: Up) -> None:
    """An account that is open."""
    run("account", "create", "ada", folder=exchange.folder)


def said(exchange: Up, *arguments: str) -> str:
    result = run("account", *arguments, folder=exchange.folder)
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(exchange: Up, *arguments: str) -> str:
    result = run("account", *arguments, folder=exchange.folder)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("Error: ").strip()


def test_money_comes_in_and_goes_out(exchange: Up) -> None:
    assert said(exchange, "create", "ann") == "Account ann is open.\n"
    assert said(exchange, "deposit", "ann", "usdt", "1000.5") == (
        "1000.50000000 USDT deposited. ann has 1000.50000000 available, 0.00000000 held.\n"
    )
    assert "has 990.50000000 available" in said(exchange, "withdraw", "ann", "USDT", "10")
    assert "has 0.00000001 available" in said(exchange, "deposit", "ann", "BTC", "0.00000001")

    balance = said(exchange, "balance", "ann")
    assert "ann (open)" in balance
    assert "990.50000000" in balance
    entries = said(exchange, "ledger", "ann", "--last", "2")
    assert "WITHDRAWAL" in entries
    assert "1000.5" not in entries, "only the last two"
    narrow = run("account", "ledger", "ann", folder=exchange.folder, settings={"COLUMNS": "80"})
    for whole in ("1000.50000000 USDT", "0.00000001 BTC", "WITHDRAWAL"):
        assert whole in narrow.stdout


def test_the_same_command_twice_has_one_effect_and_says_so(exchange: Up) -> None:
    said(exchange, "create", "ben")
    said(exchange, "deposit", "ben", "USDT", "5", "--id", "d1")

    again = said(exchange, "deposit", "ben", "USDT", "5", "--id", "d1")
    assert "(it had been done before; nothing moved now). ben has 5.00000000" in again
    assert refused(exchange, "deposit", "ben", "USDT", "6", "--id", "d1") == (
        "Refused: a command with this id said something else."
    )


def test_a_locked_account(exchange: Up) -> None:
    said(exchange, "create", "cy")
    said(exchange, "deposit", "cy", "USDT", "5")
    assert said(exchange, "lock", "cy") == "Account cy is locked.\n"

    assert refused(exchange, "withdraw", "cy", "USDT", "5") == "Refused: account locked."
    said(exchange, "unlock", "cy")
    said(exchange, "withdraw", "cy", "USDT", "5")
    assert said(exchange, "close", "cy") == "Account cy is closed.\n"
    assert refused(exchange, "deposit", "cy", "USDT", "5") == "Refused: account closed."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("deposit", "nobody", "USDT", "1"), "Refused: unknown account."),
        (("deposit", "ada", "DOGE", "1"), "Refused: unknown asset."),
        (("deposit", "ada", "USDT", "0"), "Refused: the amount must be more than 0."),
        (("withdraw", "ada", "USDT", "5000"), "Refused: insufficient balance."),
        (
            ("deposit", "ada", "USDT", "0.000000001"),
            "The amount 0.000000001 will not do: 0.000000001 has more than 8 decimals.",
        ),
        (("deposit", "ada", "USDT", "1e3"), "The amount 1e3 will not do: '1e3' is no decimal."),
        (
            ("deposit", "ada", "USDT", "9000000000"),
            "Refused: the exchange takes in no more of this asset.",
        ),
        (("create", "ada"), "Refused: there is such an account already."),
        (("create", "@fees"), "Refused: ids that begin with @ are the exchange's own."),
        (
            ("balance", "nobody"),
            "There is no account 'nobody'. Open it with: tradeflow account create nobody",
        ),
    ],
)
def test_refusals_are_one_line(exchange: Up, arguments: tuple[str, ...], words: str) -> None:
    assert refused(exchange, *arguments) == words


def test_without_an_exchange_it_says_what_to_start(tmp_path: Path) -> None:
    result = run("account", "balance", "ada", folder=tmp_path)

    assert result.returncode == 1
    assert result.stderr.startswith("Error: No broker runs here. Start the exchange with:")

"""The account that `up` gives to who has just arrived: some money, and a key."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.amounts import parse_units
from schemas.instruments import assets_of, load_instruments
from tradeflow.errors import TradeflowError
from tradeflow.funding import Treasury
from tradeflow.present import now_ms

ACCOUNT = "demo"

_MONEY: Mapping[str, str] = {
    "USDT": "100000",
    "BTC": "1",
    "ETH": "20",
    "LTC": "500",
    "BNB": "100",
}
_OTHERWISE = "1000"
_KEY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class DemoKey:
    """A key of the account."""

    key: str
    secret: str


def give_money(bootstrap: str, instruments: Path | None) -> None:
    """Open the account with money in it; one that is there keeps what it has.

    Raises:
        TradeflowError: accounts does not answer.
    """
    assets = assets_of(load_instruments(instruments))
    wanted = {asset: parse_units(_MONEY.get(asset, _OTHERWISE)) for asset in sorted(assets)}
    Treasury(bootstrap, f"demo-{now_ms():x}", stamp=now_ms).open_with(ACCOUNT, wanted)


def demo_key(file: Path, bootstrap: str) -> DemoKey:
    """The account's key: the one that is kept in the file, if it still works, else a new one.

    Raises:
        TradeflowError: no key can be made; it says why.
    """
    kept = read_key(file)
    if kept is not None and _is_known(kept.key, bootstrap):
        return kept
    made = _key_command(bootstrap, "create", ACCOUNT, "--label", "made by tradeflow up", "--json")
    key = DemoKey(str(made["key"]), str(made["secret"]))
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        json.dump({"key": key.key, "secret": key.secret}, opened)
    fresh.replace(file)
    return key


def read_key(file: Path) -> DemoKey | None:
    """What is kept in the file."""
    try:
        kept = json.loads(file.read_text())
        return DemoKey(str(kept["key"]), str(kept["secret"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_known(key: str, bootstrap: str) -> bool:
    lines = _run(bootstrap, "list", "--account", ACCOUNT, "--json").splitlines()
    return any(json.loads(line).get("key") == key for line in lines)


def _key_command(bootstrap: str, *arguments: str) -> dict[str, object]:
    said = _run(bootstrap, *arguments)
    try:
        made: dict[str, object] = json.loads(said)
    except ValueError as error:
        raise TradeflowError(f"tradeflow key said: {said.strip()[:200]}") from error
    return made


def _run(bootstrap: str, *arguments: str) -> str:
    """The command is a process of its own: keys and their database are the gateway's, not ours."""
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "tradeflow", "key", *arguments],
            env={**os.environ, "BROKER": bootstrap},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_KEY_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TradeflowError(f"tradeflow key did not end within {_KEY_SECONDS:.0f} s.") from error
    if ended.returncode:
        said = ended.stderr.strip().splitlines() or ["nothing"]
        raise TradeflowError(said[-1].removeprefix("Error: "))
    return ended.stdout

"""The feed that hftbacktest is given: what became of a book, level by level, and its trades."""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from struct import Struct

from bench.flow import Command
from bench.rival_environment import rival_python
from schemas.instruments import Instrument
from streams.domain.market import Market
from streams.domain.outcome import Outcome
from tradeflow.errors import TradeflowError

ENVIRONMENT = Path(".venv-hftbacktest")
REQUIREMENTS = Path(__file__).with_name("requirements-hftbacktest.txt")
_PROGRAM = Path(__file__).parent / "rivals" / "hftbacktest_replay.py"

# Its own layout of an event: kind, two times in ns, price, quantity, order, two spare fields.
_EVENT = Struct("<QqqddQqd")
_DEPTH, _TRADE = 1, 2
_EVERYBODY = (1 << 31) | (1 << 30)
_BUY, _SELL = 1 << 29, 1 << 28


def write_feed(
    path: Path, rules: Instrument, first: Iterable[Command], rest: Iterable[Command]
) -> Path:
    """The levels after ``first``, and each change and trade that ``rest`` leads to."""
    market = Market(rules)
    for kind, command in first:
        market.apply(kind, command)
    market.take_changes()
    tick, lot = float(rules.tick_size), float(rules.lot_size)
    time_ns = market.state.time_ms * 1_000_000
    with path.open("wb") as file:
        for side, levels in zip((_BUY, _SELL), market.depth(), strict=True):
            for price, lots in levels:
                file.write(_event(_DEPTH | side, time_ns, price * tick, lots * lot))
        for kind, command in rest:
            outcome = market.apply(kind, command)
            time_ns = max(time_ns + 1, command["time_ms"] * 1_000_000)
            for ev, price, lots in _told(outcome):
                file.write(_event(ev, time_ns, price * tick, lots * lot))
    return path


def hftbacktest_python(say: Callable[[str], None]) -> Path:
    """The Python of its environment; raises TradeflowError where there can be none."""
    return rival_python("hftbacktest", ENVIRONMENT, REQUIREMENTS, say)


def seconds_for(python: Path, feed: Path, rules: Instrument) -> float:
    """How long hftbacktest takes for a feed."""
    command = [str(python), str(_PROGRAM), str(feed), rules.tick_size, rules.lot_size]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise TradeflowError(f"hftbacktest failed: {last}.")
    return float(done.stdout)


def _told(outcome: Outcome) -> Iterator[tuple[int, int, int]]:
    for trade in outcome.trades:
        side = _SELL if trade.is_buyer_maker else _BUY
        yield _TRADE | side, trade.price_ticks, trade.quantity_lots
    if outcome.depth is not None:
        for side, levels in ((_BUY, outcome.depth.bids), (_SELL, outcome.depth.asks)):
            for price, lots in levels:
                yield _DEPTH | side, price, lots


def _event(ev: int, time_ns: int, price: float, quantity: float) -> bytes:
    return _EVENT.pack(ev | _EVERYBODY, time_ns, time_ns, price, quantity, 0, 0, 0.0)

"""What an order costs by the number of accounts, and by how many orders came before it.

Orders, wallet and matching as one, without Kafka: their rules alone.  Each round has all sizes in
turn, since a machine drifts.
"""

from typing import Any

from bench.figure import Figure, Goal, figure
from bench.flow import START_MS, Command, bench_instruments
from bench.paid_core import PaidCore
from bench.paid_flow import PaidFlow, funding
from bench.run import Run
from schemas.codec import encode
from schemas.instruments import Instrument, assets_of

ACCOUNTS = (100, 1_000, 10_000, 100_000)
PAST = (1_000, 10_000, 100_000)
"""Orders and other commands before those that are measured; all within the ten minutes for which
they are remembered."""
_BEFORE = 10_000
"""The same with each number of accounts."""
_GRACE = 2.0
"""Caches grow cold with what is remembered; what grew with it would be a thousand times as slow."""

_Encoded = tuple[str, dict[str, Any], bytes]


def measure(run: Run) -> list[Figure]:
    """The time of a command with few and many accounts, and early and late."""
    return [*_by_accounts(run), *_by_past(run)]


def _by_accounts(run: Run) -> list[Figure]:
    sizes = ACCOUNTS if not run.is_quick else ACCOUNTS[:2]
    instruments = bench_instruments(run.folder)
    cores, flows = {}, {}
    for size in sizes:
        run.say(f"opening {size} accounts")
        flows[size] = _Flow(size)
        cores[size] = flows[size].core(instruments)
        cores[size].seconds_for(flows[size].take(run.size(_BEFORE, 500)))
    rounds = _rounds(run, cores, flows, "accounts")
    return _figures("accounts", rounds)


def _by_past(run: Run) -> list[Figure]:
    sizes = PAST if not run.is_quick else PAST[:2]
    instruments = bench_instruments(run.folder)
    cores, flows = {}, {}
    for size in sizes:
        run.say(f"{size} orders and other commands")
        flows[size] = _Flow(ACCOUNTS[1])
        cores[size] = flows[size].core(instruments)
        cores[size].seconds_for(flows[size].take(size))
    rounds = _rounds(run, cores, flows, "past commands")
    return _figures("past commands", rounds)


class _Flow:
    """A flow whose commands follow each other by half a millisecond."""

    def __init__(self, accounts: int) -> None:
        self._accounts = [f"acct-{number:06d}" for number in range(accounts)]
        self._flow = PaidFlow(self._accounts)
        self._taken = 0

    def core(self, instruments: dict[str, Instrument]) -> PaidCore:
        """A core whose accounts have money."""
        core = PaidCore(instruments)
        assets = sorted(assets_of(instruments))
        # Together no more than the supply that one partition takes in.
        units = 10**17 // len(self._accounts)
        core.fund(list(funding(self._accounts, assets, units)))
        return core

    def take(self, count: int) -> list[_Encoded]:
        """The next commands, with their bytes."""
        return [self._encoded(command) for command in self._flow.take(count)]

    def _encoded(self, command: Command) -> _Encoded:
        name, fields = command
        self._taken += 1
        fields["time_ms"] = START_MS + self._taken // 2
        return name, fields, encode(name, fields)


def _rounds(
    run: Run, cores: dict[int, PaidCore], flows: dict[int, _Flow], what: str
) -> dict[int, list[float]]:
    count = run.size(4_000, 200)
    found: dict[int, list[float]] = {size: [] for size in cores}
    for number in range(run.rounds):
        for size, core in cores.items():
            run.say(f"{size} {what}, round {number + 1} of {run.rounds}")
            commands = flows[size].take(count)
            found[size].append(core.seconds_for(commands) / count * 1e6)
    return found


def _figures(what: str, rounds: dict[int, list[float]]) -> list[Figure]:
    least, *_, most = rounds
    return [
        figure(
            "accounts",
            f"one command, {size} {what}",
            values,
            "µs",
            beside=None if size == least else (f"with {least}", rounds[least]),
            goal=Goal("ratio", "<=", _GRACE) if size == most else None,
            note=f"orders, wallet and matching without Kafka, processor time; {PaidFlow.mix}",
        )
        for size, values in rounds.items()
    ]

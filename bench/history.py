"""Restarts after a short and a long log: what is read again should be state, not history."""

from bench.crash import Restart, Service, service
from bench.figure import Figure, figure
from bench.flow import Flow, bench_instruments
from bench.run import Run
from schemas.topics import MATCHING_BOOK

RESTING = 20_000
SHORT = 40_000
LONGER = 5
SETTLE_SECONDS = 90
"""Deletions stay in a changelog for a minute after it was compacted."""


def measure(run: Run) -> list[Figure]:
    """The same books after some commands, and after five times as many."""
    flow = Flow(bench_instruments(run.folder), resting=run.size(RESTING, 400))
    short = run.size(SHORT, 1_000)
    with service(run, flow) as running:
        run.say("making commands")
        running.feed(flow.fill())
        early = _after(running, flow, short)
        late = _after(running, flow, (LONGER - 1) * short)
        written = running.broker.end(MATCHING_BOOK.name)
    read = [restart.rows for restart in late]
    return [
        figure(
            "history",
            f"restore after {LONGER * short} commands",
            [restart.restore for restart in late],
            "s",
            beside=(f"after {short}", [restart.restore for restart in early]),
            note=(
                f"{flow.in_words()}. Client order ids of closed orders are kept for a day, so "
                "their rows grow with the commands of a day; those of books do not"
            ),
        ),
        figure(
            "history",
            f"rows read after {LONGER * short} commands",
            read,
            "rows",
            beside=("written", [float(written)] * len(read)),
        ),
    ]


def _after(running: Service, flow: Flow, count: int) -> list[Restart]:
    run = running.run
    running.feed(flow.take(count))
    running.settle(run.size(SETTLE_SECONDS, 1))
    restarts = []
    for number in range(run.rounds):
        run.say(f"kill -9 after {count} commands, round {number + 1} of {run.rounds}")
        restarts.append(running.restart())
    return restarts

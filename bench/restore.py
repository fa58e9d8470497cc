"""Back in service after a crash with a large book, and the memory that the book takes."""

from bench.crash import SETTLE_SECONDS, service
from bench.figure import Figure, at_most, figure
from bench.flow import Flow, bench_instruments
from bench.run import Run

RESTING = 100_000


def measure(run: Run) -> list[Figure]:
    """Kill the worker over a full book; watch the clock and the memory."""
    flow = Flow(bench_instruments(run.folder), resting=run.size(RESTING, 1_000), accounts=2_000)
    with service(run, flow) as running:
        empty = running.worker.resident_bytes
        run.say("making makers")
        makers = flow.fill()
        running.feed(makers)
        full = running.worker.resident_bytes
        running.settle(run.size(SETTLE_SECONDS, 1))
        restarts = []
        for number in range(run.rounds):
            run.say(f"kill -9, round {number + 1} of {run.rounds}")
            restarts.append(running.restart())
        restored = running.worker.resident_bytes
    resting = len(makers)
    rows = max(restart.rows for restart in restarts)
    note = f"same slot, compacted changelogs, {rows} rows read; the clock starts at the kill"
    per_order = (full - empty) / resting
    return [
        figure(
            "restore",
            f"kill -9 to first report, {resting} resting orders",
            [restart.until_report for restart in restarts],
            "s",
            goal=at_most(3),
            note=note,
        ),
        figure(
            "restore",
            "of this: Python, imports, joining",
            [r.until_assigned for r in restarts],
            "s",
        ),
        figure("restore", "of this: reading the changelogs", [r.restore for r in restarts], "s"),
        figure(
            "restore",
            "of this: the rest (first round, commit)",
            [r.until_report - r.until_assigned - r.restore for r in restarts],
            "s",
        ),
        figure("restore", f"memory, {resting} resting orders", [full / 2**20], "MiB"),
        figure("restore", "memory after a restart", [restored / 2**20], "MiB"),
        figure("restore", "memory, one resting order", [per_order], "bytes"),
    ]

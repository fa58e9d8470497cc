"""What grows and what does not: the core's cost by the size of the books and by their history."""

from bench.domain import markets_after, seconds_for
from bench.figure import Figure, Goal, figure
from bench.flow import Flow, bench_instruments
from bench.run import Run

SIZES = (1_000, 10_000, 100_000)
_CHUNK = 20_000


def measure(run: Run) -> list[Figure]:
    """The time of a command in small and large books, and early and late in a long log."""
    return [*_by_size(run), _by_history(run)]


def _by_size(run: Run) -> list[Figure]:
    instruments = bench_instruments(run.folder)
    sizes = SIZES if not run.is_quick else tuple(size // 10 for size in SIZES)
    count = run.size(50_000, 1_000)
    flows = {}
    for size in sizes:
        run.say(f"making books of {size} orders")
        flow = Flow(instruments, resting=size, accounts=2_000)
        flows[size] = flow.fill(), flow.take(count)
    rounds: dict[int, list[float]] = {size: [] for size in sizes}
    for number in range(run.rounds):
        for size, (first, commands) in flows.items():
            run.say(f"{size} resting orders, round {number + 1} of {run.rounds}")
            seconds = seconds_for(markets_after(first, instruments), commands)
            rounds[size].append(seconds / count * 1e6)
    least = sizes[0]
    return [
        figure(
            "growth",
            f"one command, {size} resting orders",
            rounds[size],
            "µs",
            beside=None if size == least else (f"with {least}", rounds[least]),
            # Sorted lists and caches grow a little; what grows with the book would be 100 here.
            goal=Goal("ratio", "<=", 2) if size == sizes[-1] else None,
        )
        for size in sizes
    ]


def _by_history(run: Run) -> Figure:
    """The same books early and late; what they remember of closed orders is at its limit by then.

    Two commands' times are compared that lie minutes apart, so there are rounds of the early part
    beside the late one: a fresh pair of markets does the same first commands again.
    """
    instruments = dict(list(bench_instruments(run.folder).items())[:2])
    total = run.size(1_000_000, 10_000)
    chunk = min(_CHUNK, total // 10)
    flow = Flow(instruments, resting=1_000)
    first = flow.fill()
    early = flow.take(chunk)
    markets = markets_after(first, instruments)
    seconds_for(markets, early)
    done = chunk
    while done < total:
        run.say(f"{done} of {total} commands")
        seconds_for(markets, flow.take(chunk))
        done += chunk
    before, after = [], []
    for number in range(run.rounds):
        run.say(f"after {total} commands, round {number + 1} of {run.rounds}")
        after.append(seconds_for(markets, flow.take(chunk)) / chunk * 1e6)
        fresh = markets_after(first, instruments)
        before.append(seconds_for(fresh, early) / chunk * 1e6)
    return figure(
        "growth",
        f"one command, after {total} commands",
        after,
        "µs",
        beside=("after none", before),
        goal=Goal("ratio", "<=", 2),
    )

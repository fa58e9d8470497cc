"""What goes wrong, and how often."""

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from random import Random

from tradeflow.errors import TradeflowError


@dataclass(frozen=True, kw_only=True)
class FaultRates:
    """The chance of each fault, each time that it could happen."""

    crash_before_commit: float = 0.05
    """A worker dies with its round done and nothing of it written."""
    crash_after_commit: float = 0.04
    """A worker dies when its transaction has ended."""
    fenced: float = 0.02
    """A partition is given away in the midst of a round: its commit is refused."""
    rebalance: float = 0.04
    """A partition goes to another worker between two rounds."""
    stage_away: float = 0.01
    """A stage takes nothing for up to 100 seconds of the log's time."""
    time_jump: float = 0.02
    """Nothing happens for up to 45 seconds."""
    late_read: float = 0.4
    """A round leaves out an input partition that has records: others overtake it."""
    short_read: float = 0.4
    """A round takes only some of what is there."""
    producer_repeat: float = 0.05
    """A client sends a command again: the same, later, or with other content."""
    client_clock: float = 0.06
    """A client's clock is slow or fast."""
    bad_record: float = 0.03
    """Something that is no command comes into an input topic."""
    missed_tick: float = 0.15
    """The clock's tick reaches some partitions only."""
    skewed_worker: float = 0.2
    """A stage's machines have another time than the brokers."""


NO_FAULTS = FaultRates(**{each.name: 0.0 for each in fields(FaultRates)})
"""For the end of a run, and to see what a seed does without them."""


@dataclass(slots=True)
class Faults:
    """Draws faults from the one source of chance, and counts them."""

    rng: Random
    rates: FaultRates
    counts: Counter[str] = field(default_factory=Counter)

    def happens(self, kind: str) -> bool:
        """Whether this time it goes wrong."""
        rate: float = getattr(self.rates, kind)
        if not rate or self.rng.random() >= rate:
            return False
        self.counts[kind] += 1
        return True


def rates_of(text: str) -> FaultRates:
    """The rates of «all», of «none», or of the kinds named with commas between them.

    Raises:
        TradeflowError: there is no such kind.
    """
    kinds = [each.name for each in fields(FaultRates)]
    if text == "all":
        return FaultRates()
    wanted = [] if text == "none" else [name.strip() for name in text.split(",")]
    for name in wanted:
        if name not in kinds:
            raise TradeflowError(
                f"{name!r} is no kind of fault.", remedy=f"There are: {', '.join(kinds)}"
            )
    return replace(NO_FAULTS, **{name: getattr(FaultRates(), name) for name in wanted})

"""One run: what chance does with the exchange, then peace, then the reckoning."""

from collections import Counter, deque
from dataclasses import dataclass
from random import Random
from typing import Any

from schemas.topics import ORDERS_COMMANDS, WALLET_COMMANDS
from tradeflow.simulation.bad_records import bad_record
from tradeflow.simulation.cashier import Cashier
from tradeflow.simulation.exchange import TIMEOUT_MS, SimulatedExchange
from tradeflow.simulation.faults import NO_FAULTS, FaultRates, Faults
from tradeflow.simulation.instruments import INSTRUMENTS
from tradeflow.simulation.promises import Promises
from tradeflow.simulation.report import Failure, SimulationReport
from tradeflow.simulation.workload import OrderFlow, Sent

COMMANDS = 100
"""Of clients, in a run."""

_TRACE_STEPS = 30
_PAUSES_MS = (0, 0, 0, 1, 1, 3, 20, 150, 900)
_DRAIN_ROUNDS_MAX = 400
_QUIET_TICKS = 6
"""Of a third of a time-out each: enough for every window of the join to close."""

_FAR_AHEAD_MS = 60_000
_CLOCK_FAULTS_MS = (-90_000, -5_000, 30_000, 59_000, 61_000, 3_600_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationSettings:
    """What a run is made of, beside its seed."""

    commands: int = COMMANDS
    rates: FaultRates = FaultRates()
    trace_steps: int = _TRACE_STEPS
    """How many of the last steps a report shows; 0: all."""


class Simulation:
    """A seed's run; equal seeds and settings give equal logs."""

    def __init__(self, seed: int, settings: SimulationSettings) -> None:
        self.seed = seed
        self._settings = settings
        self._rng = Random(seed)
        self._faults = Faults(self._rng, settings.rates)
        self.exchange = SimulatedExchange(INSTRUMENTS, self._rng, self._faults)
        self.log = self.exchange.log
        self.promises = Promises(INSTRUMENTS, self.exchange)
        self._flow = OrderFlow(self._rng, self.promises.open_orders)
        self._cashier = Cashier(self._rng)
        self._steps = 0
        self._trace: deque[str] = deque(maxlen=settings.trace_steps or None)
        self._actions = (
            (24, self._client),
            (4, self._cashier_acts),
            (7, self._tick),
            (20, self._pass_time),
            (36, lambda: self._round("orders")),
            (18, lambda: self._round("accounts")),
            (18, lambda: self._round("matching")),
        )
        self._weights = [weight for weight, _ in self._actions]

    def run(self) -> SimulationReport:
        """All of it; what is violated is in the report, at the step that showed it."""
        failure = self._fails()
        self.exchange.close()
        return SimulationReport(
            seed=self.seed,
            steps=self._steps,
            faults=Counter(self._faults.counts),
            commands=Counter(sent.name for sent in self._flow.sent),
            findings=self.promises.findings,
            outcomes=self.promises.outcomes,
            digest=self.log.digest(),
            failure=failure,
            trace=list(self._trace),
        )

    def _fails(self) -> Failure | None:
        try:
            for sent in self._cashier.opening(self.log.now_ms):
                self._send(WALLET_COMMANDS.name, sent)
            while len(self._flow.sent) < self._settings.commands:
                if (failure := self._step()) is not None:
                    return failure
            if (failure := self._drain()) is not None:
                return failure
            self.promises.reckon()
        except Exception as error:  # whatever it is, the seed replays it
            return Failure(self._steps, "no stage fails", f"{type(error).__name__}: {error}", error)
        return self.promises.first_failure(self._steps)

    def _step(self) -> Failure | None:
        self._steps += 1
        action = self._rng.choices(self._actions, self._weights)[0][1]
        self._note(action())
        self.promises.look()
        return self.promises.first_failure(self._steps)

    def _drain(self) -> Failure | None:
        """No more faults: everything that is under way comes to its end."""
        self._faults.rates = NO_FAULTS
        for stage in self.exchange.stages.values():
            stage.away_until_ms = 0
        quiet = 0
        for _ in range(_DRAIN_ROUNDS_MAX):
            self._steps += 1
            has_worked = self.exchange.drain_round()
            self.promises.look()
            if (failure := self.promises.first_failure(self._steps)) is not None:
                return failure
            if has_worked:
                continue
            if self.promises.is_at_rest():
                quiet += 1
                if quiet > _QUIET_TICKS:
                    return None
            self.log.now_ms += TIMEOUT_MS // 3
            self._note(self.exchange.tick())
        return Failure(self._steps, "everything comes to its end", "sagas are open for ever")

    def _note(self, what: str) -> None:
        self._trace.append(f"{self._steps:5} {self.log.now_ms % 10_000_000:>8} ms  {what}")

    # --- what may happen --------------------------------------------------------------------------

    def _pass_time(self) -> str:
        ms = self._rng.choice(_PAUSES_MS)
        # While a stage is away time goes faster: the others see it pass.
        if self.exchange.is_away():
            ms *= 20
        if self._faults.happens("time_jump"):
            ms = self._rng.randint(5_000, 45_000)
        self.log.now_ms += ms
        return f"{ms} ms pass"

    def _tick(self) -> str:
        return self.exchange.tick()

    def _round(self, name: str) -> str:
        return self.exchange.round(self.exchange.stages[name])

    def _client(self) -> str:
        if self._flow.sent and self._faults.happens("bad_record"):
            bad = bad_record(self._rng, self._rng.choice(self._flow.sent), self.log.now_ms)
            record = self.log.append(bad.topic, bad.key, bad.value)
            self.promises.expect_letter(record)
            return f"a bad record: {record.position}"
        if self._faults.happens("producer_repeat"):
            repeated = self._flow.repeat(self._client_time())
            if repeated is not None:
                return "again: " + self._send(ORDERS_COMMANDS.name, repeated)
        return self._send(ORDERS_COMMANDS.name, self._flow.next(self._client_time()))

    def _cashier_acts(self) -> str:
        return self._send(WALLET_COMMANDS.name, self._cashier.next(self._client_time()))

    def _client_time(self) -> int:
        if self._faults.happens("client_clock"):
            return self.log.now_ms + self._rng.choice(_CLOCK_FAULTS_MS)
        return self.log.now_ms

    def _send(self, topic: str, sent: Sent) -> str:
        record = self.log.append(topic, sent.key, sent.value)
        command: dict[str, Any] = sent.command
        if command["time_ms"] > self.log.now_ms + _FAR_AHEAD_MS:
            self.promises.expect_letter(record)
        return f"{sent.name} {command['command_id']} of {command['account_id']}: {record.position}"

"""I6: a worker that never died makes the same of the same input, byte for byte."""

from collections import defaultdict
from collections.abc import Iterable
from random import Random
from typing import Any

from schemas.headers import CAUSATION_ID
from tradeflow.checking.findings import Findings
from tradeflow.simulation.app import SimulatedTable
from tradeflow.simulation.log import Headers, SimulatedLog
from tradeflow.simulation.promises.interleaving import interleaved, rounds_of, steps_of
from tradeflow.simulation.promises.owners import Owners
from tradeflow.simulation.rounds import Output, Take
from tradeflow.simulation.stage import SimulatedStage, SimulatedWorker, changelog_of

_STEPS_MAX = 6
"""Of a round in another order."""

Place = tuple[str, int]
"""Topic and partition."""
Said = tuple[Place, bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]
"""Place, key, value and headers of an output."""


class Replay:
    """Runs a stage's log again from its beginning, and compares outputs and rows."""

    def __init__(self, log: SimulatedLog) -> None:
        self.findings = Findings("I6", "run again without a fault: the same records, the same rows")
        self._log = log

    def run(self, stage: SimulatedStage) -> None:
        """A stage with one input: each partition in one go.  With several: its own rounds."""
        worker = stage.fresh_worker()
        # A worker that has restored nothing yet takes its partitions as empty ones.
        for number in range(stage.partitions):
            worker.begin_empty(number)
        outputs: list[Output] = []
        if len(stage.inputs) == 1:
            for (topic, number), end in stage.offsets.items():
                if end:
                    takes = [Take(topic, number, 0, end)]
                    outputs += worker.process(takes, worker.turns(takes)).outputs
        else:
            for work in stage.history:
                outputs += worker.process(work.takes, work.turns).outputs
        self._compare_outputs(stage, outputs)
        self._compare_rows(stage, worker)
        worker.app.close()

    def run_otherwise(self, stage: SimulatedStage) -> None:
        """A stage with several inputs once more, interleaved in another way that is as good."""
        if len(stage.inputs) == 1:
            return
        rng = Random(self._log.digest())
        steps = interleaved(steps_of(stage.history), Owners(self._log), rng)
        worker = stage.fresh_worker()
        for number in range(stage.partitions):
            worker.begin_empty(number)
        outputs: list[Output] = []
        for work in rounds_of(steps, rng, most=_STEPS_MAX):
            outputs += worker.process(work.takes, work.turns).outputs
        self._compare_outputs(stage, outputs)
        self._compare_rows(stage, worker)
        worker.app.close()

    def check_restored(self, stage: SimulatedStage) -> None:
        """What a worker has that was restored from the rows amounts to the same rows."""
        worker = stage.fresh_worker()
        for number in range(stage.partitions):
            worker.restore(number)
        self._compare_rows(stage, worker)
        for number in range(stage.partitions):
            own = _own_rows(stage.name, worker, number)
            if own is None:
                continue
            table, rows = own
            encoded = {key.encode(): table.encode(row) for key, row in rows.items()}
            kept = self._log.rows(changelog_of(stage.name, table.name), number)
            # A clock at 0 has no row yet.
            for key in sorted(kept):
                if kept[key] != encoded.get(key):
                    where = f"{stage.name} {number} {key.decode()}"
                    self.findings.violated(where, "is another row when it has been restored")
        worker.app.close()

    def _compare_outputs(self, stage: SimulatedStage, outputs: Iterable[Output]) -> None:
        expected: defaultdict[str, list[Said]] = defaultdict(list)
        topics = set()
        for output in outputs:
            topic, number = output.topic, output.partition
            if number is None:
                number = self._log.partition_of(topic, output.key)
            expected[_cause(output.headers)].append(
                ((topic, number), output.key, output.value, tuple(output.headers or ()))
            )
            topics.add(topic)
        found = self._found(stage, topics)
        for cause in sorted(expected.keys() | found.keys()):
            self.findings.figures["records"] += len(expected[cause])
            # In a partition, what one record caused has an order; between partitions there is none.
            if sorted(expected[cause], key=_place) != sorted(found.get(cause, ()), key=_place):
                self.findings.violated(cause, _difference(expected[cause], found.get(cause, [])))

    def _found(self, stage: SimulatedStage, topics: set[str]) -> dict[str, list[Said]]:
        """What the log has of the stage's outputs, by what caused them."""
        found: defaultdict[str, list[Said]] = defaultdict(list)
        for topic in sorted(topics):
            for record in self._log.all_records(topic):
                headers = record.headers()
                cause = _cause(headers)
                if cause.partition("/")[0] in stage.inputs:
                    place = topic, record.partition()
                    found[cause].append((place, record.key(), record.value(), tuple(headers or ())))
        return found

    def _compare_rows(self, stage: SimulatedStage, worker: SimulatedWorker) -> None:
        for table in worker.app.tables.values():
            changelog = changelog_of(stage.name, table.name)
            for number in range(stage.partitions):
                kept = self._log.rows(changelog, number)
                rows = {key.encode(): table.encode(row) for key, row in table.rows(number).items()}
                self.findings.figures["rows"] += len(rows)
                for key in sorted(kept.keys() | rows.keys()):
                    if kept.get(key) != rows.get(key):
                        where = f"{changelog}/{number} {key.decode()}"
                        self.findings.violated(where, _row_fault(kept.get(key), rows.get(key)))


def _own_rows(
    name: str, worker: SimulatedWorker, number: int
) -> tuple[SimulatedTable, dict[str, Any]] | None:
    """The rows of a stage's own state, and their table; None where rows are the state itself."""
    if name == "accounts":
        return worker.app.tables["wallet"], worker.declared.wallet(number).state.rows()
    if name == "orders":
        return worker.app.tables["orders"], worker.declared.orders(number).state.rows()
    return None


def _cause(headers: Headers | None) -> str:
    for name, value in headers or ():
        if name == CAUSATION_ID:
            return value.decode()
    return ""


def _place(said: Said) -> Place:
    return said[0]


def _difference(expected: list[Said], found: list[Said]) -> str:
    if len(expected) != len(found):
        return f"caused {len(found)} records; run again, {len(expected)}"
    return "caused other records; run again, they differ"


def _row_fault(kept: Any, again: Any) -> str:
    if kept is None:
        return "is no row; run again, it is one"
    return "is a row; run again, it is none" if again is None else "differs when run again"

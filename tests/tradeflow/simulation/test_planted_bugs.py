"""Bugs, planted one at a time: the simulator finds each, and says which promise it breaks."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

import streams.agents.matching as matching
from streams.domain.orders import Orders
from streams.domain.settlement import settlement
from streams.transport import Batch
from streams.transport.table import RowStore
from tradeflow.cli import app
from tradeflow.simulation.report import Failure
from tradeflow.simulation.run import Simulation, SimulationSettings

SEEDS = 40
_END = "everything comes to its end"
Plant = Callable[[pytest.MonkeyPatch], None]


def first_failure() -> Failure | None:
    for seed in range(SEEDS):
        report = Simulation(seed, SimulationSettings(commands=60)).run()
        if not report.holds:
            return report.failure
    return None


def changed(change: Callable[[Any, dict[str, Any]], dict[str, Any] | None]) -> Plant:
    """The wallet is told something else of a report; None: nothing."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        def planted(instrument: Any, report: Any) -> Any:
            told = settlement(instrument, report)
            if told is None:
                return None
            name, command = told
            other = change(report, dict(command))
            return None if other is None else (name, other)

        monkeypatch.setattr(matching, "settlement", planted)

    return plant


def lost_release(report: Any, command: dict[str, Any]) -> dict[str, Any] | None:
    return None if report.execution_type == "EXPIRED" else command


def smaller_fee(report: Any, command: dict[str, Any]) -> dict[str, Any]:
    fee = command.get("commission_units", 0)
    return command | {"commission_units": fee - 1} if fee else command


def wrong_side(report: Any, command: dict[str, Any]) -> dict[str, Any]:
    asset = {"BTC": "USDT", "USDT": "BTC", "ETH": "BTC"}.get(command.get("received_asset", ""))
    return command | {"received_asset": asset} if asset else command


def keeps_too_much(report: Any, command: dict[str, Any]) -> dict[str, Any]:
    return command | {"keep_units": command["keep_units"] + (command["keep_units"] > 0)}


def settles_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = matching.MatchingStage._settle

    def twice(stage: Any, emit: Any, report: Any) -> None:
        settle(stage, emit, report)
        settle(stage, emit, report)

    monkeypatch.setattr(matching.MatchingStage, "_settle", twice)


def release_overtakes_fill(monkeypatch: pytest.MonkeyPatch) -> None:
    send = matching.MatchingStage._send

    def overtaking(stage: Any, emit: Any, symbol: str, outcome: Any) -> None:
        sent: list[tuple[Any, ...]] = []
        send(stage, lambda *record: sent.append(record), symbol, outcome)
        money = [record for record in sent if record[0] == "wallet.commands"]
        others = [record for record in sent if record[0] != "wallet.commands"]
        for record in (*others, *reversed(money)):
            emit(*record)

    monkeypatch.setattr(matching.MatchingStage, "_send", overtaking)


def row_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    take = RowStore.take_changes

    def without_last(store: Any) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        for number, records in take(store):
            yield number, records[:-1] if len(records) > 3 else records

    monkeypatch.setattr(RowStore, "take_changes", without_last)


def row_not_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    restore = RowStore.restore

    def without_holds(store: Any, number: int, records: Any) -> None:
        restore(store, number, [each for each in records if not each[0].startswith(b"hold ")])

    monkeypatch.setattr(RowStore, "restore", without_holds)


def asks_other_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What becomes of a reservation depends on how far all others have come."""
    reservation = Orders.reservation

    def planted(orders: Orders, name: str, event: Any) -> Any:
        sagas = orders.state.sagas
        saga = sagas.get(f"{event['account_id']} {event['command_id']}")
        sent = reservation(orders, name, event)
        if saga is not None:
            saga.steps[-1]["time_ms"] += sum(each.state == "COMPLETED" for each in sagas.values())
        return sent

    monkeypatch.setattr(Orders, "reservation", planted)


def dead_letter_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Batch, "dead_letter", lambda *_: None)


@pytest.mark.parametrize(
    ("plant", "promises"),
    [
        pytest.param(changed(lost_release), {"I4"}, id="lost release"),
        pytest.param(changed(smaller_fee), {"money"}, id="fee off by one"),
        pytest.param(changed(wrong_side), {"money"}, id="wrong side"),
        pytest.param(changed(keeps_too_much), {"I1", "I4"}, id="keeps too much"),
        pytest.param(settles_twice, {"I1"}, id="settles twice"),
        pytest.param(release_overtakes_fill, {"I1", "I4"}, id="release overtakes fill"),
        pytest.param(row_not_written, {"I1", "I2", "I5", "I6", _END}, id="row not written"),
        pytest.param(row_not_restored, {"I1", "I6"}, id="row not restored"),
        pytest.param(asks_other_accounts, {"I6"}, id="asks other accounts"),
        pytest.param(dead_letter_lost, {"I2"}, id="dead letter lost"),
    ],
)
def test_a_planted_bug_is_found(
    plant: Plant, promises: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)

    failure = first_failure()
    assert failure is not None
    assert failure.promise in promises, failure


def test_the_command_says_how_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    settles_twice(monkeypatch)

    arguments = ["simulate", "--seed", "0", "--seeds", "5", "--commands", "60"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "Again: tradeflow simulate --seed 0 --commands 60" in result.output
    assert "came a second time" in result.output
    assert "Last steps:" in result.output


def test_the_command_without_a_fault() -> None:
    result = CliRunner().invoke(app, ["simulate", "--seed", "3", "--commands", "20"])

    assert result.exit_code == 0, result.output
    assert "Seed 3:" in result.output


def test_an_unknown_fault_is_refused() -> None:
    result = CliRunner().invoke(app, ["simulate", "--faults", "gremlins"])

    assert result.exit_code == 1
    assert "crash_before_commit" in str(result.exception)

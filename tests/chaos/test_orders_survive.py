"""Whatever is killed: every order is paid for, has one outcome, and holds what it needs."""

import json
import os
import random
from collections.abc import Iterator

import pytest

from schemas.topics import ORDERS_EXECUTIONS, ORDERS_INCOMING
from streams.transport import ExitCode
from tests.chaos.exchange import await_condition
from tests.chaos.paid_audit import PaidAudit
from tests.chaos.paid_pipeline import STAGES, PaidPipeline, now_ms
from tests.simulation.builders import a_place
from tradeflow.checking import Report, run_checks

KILLS = int(os.environ.get("TRADEFLOW_KILLS", "3"))
DOWN_SECONDS = float(os.environ.get("TRADEFLOW_DOWN_SECONDS", "3"))
COMMANDS = 150

pytestmark = pytest.mark.timeout(300 + 30 * KILLS + 10 * DOWN_SECONDS)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaidPipeline]:
    """One log for all tests of the module; whatever a test leaves behind, the next one meets."""
    broken = PaidPipeline(tmp_path_factory.mktemp("paid"), seed=20240810)
    try:
        broken.start_all()
        broken.fund(6_000_000)
        yield broken
    finally:
        broken.close()


def verified(pipeline: PaidPipeline) -> PaidAudit:
    """What the logs say, once all is done and found in order."""
    pipeline.settle()
    audit = PaidAudit(pipeline)
    audit.verify()
    report = checked(pipeline, quiet_seconds=10)
    standing = report.finding("I4").standing
    assert standing["holds compared"] == standing["open holds"]
    assert report.finding("I2").standing["placements in flight"] == 0
    return audit


def checked(pipeline: PaidPipeline, *, quiet_seconds: float = 1.0) -> Report:
    """What `tradeflow check` says at this moment, all over: whatever moves, nothing is violated."""
    report = run_checks(
        pipeline.broker.bootstrap,
        instruments=pipeline.instruments,
        patience_seconds=1.0,
        quiet_seconds=quiet_seconds,
    )
    assert report.holds, json.dumps(report.as_json(), indent=1)
    return report


def timed_out(audit: PaidAudit) -> list[str]:
    """Which orders a time-out was met for."""
    cancels = [
        command["command_id"]
        for name, command in audit.incoming
        if name == "CancelOrder" and command["command_id"].endswith("~x")
    ]
    late = [r["command_id"] for r in audit.reports if r["reject_reason"].endswith("_TIMED_OUT")]
    return cancels + late


def test_orders_are_paid_for_and_settled(pipeline: PaidPipeline) -> None:
    pipeline.feed(300)
    busy = checked(pipeline)
    pipeline.feed(300)
    assert busy.finding("I2").figures["client commands"] > 0

    audit = verified(pipeline)

    reasons = {report["reject_reason"] for report in audit.reports}
    assert {"NONE", "INSUFFICIENT_BALANCE", "DUPLICATE_CLIENT_ORDER_ID"} <= reasons
    kinds = {report["execution_type"] for report in audit.reports}
    assert {"NEW", "TRADE", "CANCELED", "REPLACED", "ORDER_STATUS"} <= kinds


def test_a_thousand_orders_at_once_reserve_no_more_than_there_is(pipeline: PaidPipeline) -> None:
    pipeline.start_clock()
    pipeline.fund(1_000_000, ["crowd"])
    before = len(pipeline.sent)
    for number in range(1_000):
        order = a_place(
            command_id=f"crowd-{number}",
            client_order_id=f"crowd-{number}",
            account_id="crowd",
            symbol="AAAUSD",
            price_ticks=60,
            quantity_lots=2,
            time_ms=now_ms(),
        )
        pipeline.send("PlaceOrder", dict(order))

    audit = verified(pipeline)

    own = {command["command_id"] for _, command in pipeline.sent[before:]}
    answers = [r for r in audit.reports if r["command_id"] in own]
    accepted = [r for r in answers if r["execution_type"] == "NEW"]
    refused = [r for r in answers if r["reject_reason"] == "INSUFFICIENT_BALANCE"]
    # Each needs 120 000, and nobody sells at such a price.
    assert (len(accepted), len(refused)) == (8, 992)


def test_killed_at_random_moments_no_order_and_no_cent_is_lost(pipeline: PaidPipeline) -> None:
    rng = random.Random(12)
    pipeline.start_clock()
    for kill in range(KILLS):
        for stage in rng.sample(STAGES, len(STAGES)):
            wanted = pipeline.end(ORDERS_EXECUTIONS.name) + rng.randrange(1, COMMANDS)
            while pipeline.end(ORDERS_EXECUTIONS.name) < wanted:
                # Else a hundred kills leave more behind than can be worked off at the end.
                if pipeline.lag("orders") < 10 * COMMANDS:
                    pipeline.feed(COMMANDS // 10)
                pipeline.tend()
            pipeline.workers[stage].kill()
            pipeline.start(stage, PYTHONHASHSEED=str(kill))
    pipeline.feed(COMMANDS)
    for stage in STAGES:
        pipeline.workers[stage].kill()
    pipeline.feed(COMMANDS)
    for stage in STAGES:
        pipeline.start(stage)

    assert timed_out(verified(pipeline)) == []


def test_a_stage_that_was_away_is_only_late(pipeline: PaidPipeline) -> None:
    pipeline.start_clock()
    for stage in STAGES:
        pipeline.feed(COMMANDS)
        if stage == "matching":
            # Its silence is what orders are asked after for (below), however late it only is.
            longer_ms = int(DOWN_SECONDS * 1_000) + 120_000
            pipeline.workers["orders"].stop()
            pipeline.start("orders", TRADEFLOW_SAGA_TIMEOUT_MS=str(longer_ms))
        pipeline.workers[stage].kill()
        pipeline.feed(COMMANDS)
        checked(pipeline)
        # Time in the log is what counts, and only the clock makes it pass.
        until = now_ms() + DOWN_SECONDS * 1_000
        await_condition(lambda until=until: now_ms() > until, "time", seconds=DOWN_SECONDS + 5)
        pipeline.start(stage)

    assert timed_out(verified(pipeline)) == []


@pytest.mark.variant
def test_a_broker_that_is_started_again_loses_nothing(pipeline: PaidPipeline) -> None:
    pipeline.start_clock()
    pipeline.feed(COMMANDS)
    pipeline.broker.stop()
    pipeline.broker.start()
    pipeline.feed(COMMANDS)

    assert timed_out(verified(pipeline)) == []


def test_orders_that_matching_leaves_waiting_are_canceled_behind(pipeline: PaidPipeline) -> None:
    """The hold stays until matching answers, and what it fills before that counts."""
    pipeline.workers["orders"].stop()
    pipeline.start("orders", TRADEFLOW_SAGA_TIMEOUT_MS="2000")
    pipeline.start_clock()
    pipeline.workers["matching"].kill()
    before = pipeline.end(ORDERS_INCOMING.name)
    pipeline.feed(COMMANDS)
    await_condition(
        lambda: any(b"~x" in value for value in pipeline.values(ORDERS_INCOMING.name, before)),
        "a cancel behind an order",
        every=0.5,
    )
    pipeline.start("matching")

    audit = verified(pipeline)

    assert [command_id for command_id in timed_out(audit) if command_id.endswith("~x")]
    # A time-out ends no order that matching may have: its answer, however late, does.
    assert not [r for r in audit.reports if r["reject_reason"] == "MATCHING_TIMED_OUT"]
    assert [worker.stop() for worker in pipeline.workers.values()] == [ExitCode.CLEAN] * 3

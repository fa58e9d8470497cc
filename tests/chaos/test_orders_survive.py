"""Whatever is killed: every order is paid for, has one outcome, and holds what it needs."""

import os
from collections.abc import Iterator

import pytest

from tests.chaos.paid_audit import PaidAudit
from tests.chaos.paid_pipeline import PaidPipeline

KILLS = int(os.environ.get("TRADEFLOW_KILLS", "5"))
COMMANDS = 150

pytestmark = pytest.mark.timeout(200 + 25 * KILLS)


@pytest.fixture
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaidPipeline]:
    broken = PaidPipeline(tmp_path_factory.mktemp("paid"), seed=20240810)
    try:
        yield broken
    finally:
        broken.close()


def test_orders_are_paid_for_and_settled(pipeline: PaidPipeline) -> None:
    pipeline.start_all()
    pipeline.fund(6_000_000)
    pipeline.feed(600)
    pipeline.settle()

    audit = PaidAudit(pipeline)
    audit.verify()

    reasons = {report["reject_reason"] for report in audit.reports}
    assert {"NONE", "INSUFFICIENT_BALANCE", "DUPLICATE_CLIENT_ORDER_ID"} <= reasons
    kinds = {report["execution_type"] for report in audit.reports}
    assert {"NEW", "TRADE", "CANCELED", "REPLACED", "ORDER_STATUS"} <= kinds

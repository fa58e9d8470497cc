"""An honest exchange keeps every promise, at rest and at any moment while it works."""

import json

import pytest

from tests.tradeflow.checking.made_exchange import MadeExchange, made_exchange
from tradeflow.checking.audit import LogAudit


def first_found(audit: LogAudit) -> list[tuple[str, str]]:
    """The violations, each with its invariant."""
    return [
        (findings.invariant, f"{each.position}: {each.text}")
        for findings in audit.findings
        for each in findings.first
    ]


@pytest.mark.parametrize("seed", range(4))
def test_at_rest_every_hold_and_every_saga_is_compared(seed: int) -> None:
    audit = made_exchange(seed=seed).audit(seed=seed)

    assert first_found(audit) == []
    assert audit.accounts is not None
    holds, outcomes = audit.found.holds, audit.found.outcomes
    assert holds.standing["holds compared"] == holds.standing["open holds"] > 0
    assert holds.standing["holds under way"] == 0
    assert outcomes.standing["placements in flight"] == 0
    assert outcomes.figures["client commands"] == 250
    assert audit.found.rerun.standing["sagas"] == outcomes.figures["placements"] > 0
    assert not any(row["transit"] for row in audit.accounts.money.rows())
    assert audit.found.accepted.figures["answers"] > 0


@pytest.mark.parametrize("seed", range(10))
def test_a_busy_exchange_raises_no_false_alarm(seed: int) -> None:
    """The stages are cut while they work on, and each check goes on from the last one or not.

    What a broker says of the end of a topic is of one moment, and of another one for the next.
    """
    exchange = MadeExchange(seed=seed)
    exchange.fund(400_000 if seed % 2 else 6_000_000)
    before = None
    seen_under_way = 0
    for part in range(6):
        exchange.feed(40)
        audit = exchange.audit(seed=part, between=7 * part, before=before)
        assert first_found(audit) == []
        seen_under_way += audit.found.holds.standing["holds under way"]
        if part % 2:
            state = json.loads(json.dumps(audit.to_state(exchange.read_to)))
            before = (audit.resume(exchange.read_to), state)
    assert seen_under_way > 0 or seed % 2  # of little money, little is held

    exchange.run()
    last, whole = exchange.audit(before=before), exchange.audit()

    assert first_found(last) == first_found(whole) == []
    assert last.state_hashes() == whole.state_hashes()
    assert last.found.holds.standing == whole.found.holds.standing
    assert last.found.outcomes.standing == whole.found.outcomes.standing


@pytest.mark.parametrize("away", ["orders.incoming", "wallet.commands", "wallet.events"])
def test_what_a_stage_that_is_away_leaves_is_only_under_way(away: str) -> None:
    exchange = made_exchange(100)
    exchange.stopped.add(away)
    exchange.feed(60)
    exchange.run()

    assert first_found(exchange.audit()) == []

    exchange.stopped.clear()
    exchange.run()
    assert first_found(exchange.audit()) == []

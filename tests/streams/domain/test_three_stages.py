"""Clients who replace what is not there yet: orders, wallet and market side by side, at random.

After each step the orders are compared with ones restored from the rows, and what both send.
"""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Any, cast

import pytest

from schemas.codec import encode
from schemas.instruments import assets_of
from streams.domain.market import Market
from streams.domain.order_answers import Sent
from streams.domain.orders import Orders
from streams.domain.settlement import settlement
from streams.domain.wallet import Wallet
from tests.simulation.builders import a_cancel, a_cancel_replace, a_place, an_amend
from tests.streams.domain.builders import PERMISSIVE
from tests.streams.domain.orders_desk import RULES, found_by
from tradeflow.checking.holds import needed_by

SYMBOL = "AAABBB"
COMMANDS = 60
NEAR = (-6, -4, -3, -2, -2, -1, -1, -1, 1, 1, 2, 3)
"""Which order a client names: one of the last, or one that is yet to be sent."""

ANSWERS = {
    "PlaceOrder": {"NEW", "REJECTED", "ORDER_STATUS"},
    "CancelReplaceOrder": {"NEW", "REJECTED", "ORDER_STATUS"},
    "CancelOrder": {"CANCELED", "CANCEL_REJECTED", "ORDER_STATUS"},
    "AmendOrder": {"REPLACED", "AMEND_REJECTED", "ORDER_STATUS"},
}


class ThreeStages:
    """One partition of each stage, and a queue for each of their inputs."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.now = 1_000
        self.orders = Orders(RULES)
        self.rows: dict[str, Any] = {}
        self.market = Market(PERMISSIVE)
        self.wallet = Wallet(assets_of(RULES))
        inputs = ("client", "events", "executions", "wallet", "matching")
        self.queues: dict[str, deque[tuple[str, Any]]] = {name: deque() for name in inputs}
        self.speeds = {name: self.rng.choice((1, 1, 3, 0.1)) for name in inputs}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.told: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for account in ("ann", "bob"):
            about = {"account_id": account, "time_ms": 1}
            self.wallet.apply("WalletOpenAccountCommand", {**about, "command_id": "open"})
            for asset in ("AAA", "BBB"):
                units = self.rng.choice((60, 120, 1_000_000))
                money = {"command_id": asset, "asset": asset, "amount_units": units}
                self.wallet.apply("WalletDepositCommand", {**about, **money})

    # --- clients ------------------------------------------------------------------------------

    def command(self) -> None:
        rng, number = self.rng, len(self.asked) + 1
        account = rng.choice(("ann", "ann", "ann", "bob"))
        about = {"account_id": account, "symbol": SYMBOL, "time_ms": self.now}
        about["command_id"] = f"k{number}"
        near = f"c{number + rng.choice(NEAR)}"
        named = {"order_id": 0, "original_client_order_id": near}
        if rng.random() < 0.2:
            named = {"order_id": rng.randint(1, 12), "original_client_order_id": ""}
        order = a_place(
            **about,
            client_order_id=f"c{number}" if rng.random() < 0.9 else near,
            side=rng.choice(("BUY", "BUY", "SELL")),
            quantity_lots=rng.randint(1, 6),
            price_ticks=rng.randint(8, 12),
        )
        cancel = a_cancel(**about, **named)
        pick = rng.random()
        if pick < 0.3:
            sent: tuple[str, Any] = ("PlaceOrder", order)
        elif pick < 0.7:
            mode = rng.choice(("STOP_ON_FAILURE", "ALLOW_FAILURE"))
            both = a_cancel_replace({**cancel, "client_order_id": ""}, order, mode=mode, **about)
            sent = ("CancelReplaceOrder", both)
        elif pick < 0.85:
            sent = ("CancelOrder", cancel)
        else:
            new = {"client_order_id": rng.choice(("", near)), "quantity_lots": rng.randint(1, 4)}
            sent = ("AmendOrder", an_amend(**about, **named, **new))
        for each in (sent, *rng.sample([*self.asked[-8:], sent], rng.random() < 0.1)):
            self.asked.append(each)
            self.queues["client"].append(each)

    # --- stages -------------------------------------------------------------------------------

    def step(self) -> None:
        """One stage takes one record."""
        ready = [name for name, queue in self.queues.items() if queue]
        if not ready:
            return
        queue = self.rng.choices(ready, [self.speeds[name] for name in ready])[0]
        name, value = self.queues[queue].popleft()
        self.now += self.rng.choice((0, 0, 1, 5))
        data = b"" if name == "Tick" else encode(name, value)
        if queue == "client":
            self._order(lambda orders: orders.command(name, value, data, self.now))
        elif queue == "executions" and name == "Tick":
            self._order(lambda orders: orders.executions_tick(self.now))
        elif queue == "executions":
            self.told[value["account_id"], value["command_id"]].append(value["execution_type"])
            self._order(lambda orders: orders.report(value, data))
        elif queue == "events":
            self._order(lambda orders: orders.reservation(name, value))
        elif queue == "wallet":
            event = cast("tuple[str, Any]", self.wallet.apply(name, value))
            assert event[0] != "WalletCommandRefusedEvent", (value, event)
            if event[0] in ("FundsReservedEvent", "FundsReservationFailedEvent"):
                self.queues["events"].append(event)
        else:
            for report in self.market.apply(name, value).reports:
                self.queues["executions"].append(("ExecutionReport", report.as_record()))
                told = settlement(PERMISSIVE, report)
                if told is not None:
                    self.queues["wallet"].append(told)

    def _order(self, work: Callable[[Orders], list[Sent]]) -> None:
        restored = Orders.restore(RULES, self.rows)
        sent = work(self.orders)
        assert work(restored) == sent
        for key, row in self.orders.take_changes().items():
            if row is None:
                del self.rows[key]
            else:
                self.rows[key] = row
        assert restored.state_hash() == self.orders.state_hash()
        assert found_by(restored) == found_by(self.orders)
        for to, name, record in sent:
            self.queues[to].append((name, record))

    def run(self) -> None:
        """Commands and time-outs, then peace."""
        while len(self.asked) < COMMANDS:
            pick = self.rng.random()
            if pick < 0.1:
                self.command()
            elif pick < 0.11:
                self.now += self.rng.choice((100, 100, 31_000))
                self.queues["executions"].append(("Tick", {}))
            else:
                self.step()
        for _ in range(20):
            while any(self.queues.values()):
                self.step()
            self.now += 11_000
            self.queues["executions"].append(("Tick", {}))


@pytest.mark.parametrize("seed", range(24))
def test_everything_comes_to_its_end(seed: int) -> None:
    stages = ThreeStages(seed)
    stages.run()

    for saga in stages.orders.state.sagas.values():
        assert saga.state in ("COMPLETED", "FAILED"), saga.key
        assert not saga.waiting
    needed = {
        (order.account_id, order.hold_id): needed_by(PERMISSIVE, order)
        for order in stages.market.state.book.orders.values()
    }
    holds = stages.wallet.state.holds.values()
    assert needed == {(h.account_id, h.hold_id): h.left_units for h in holds if not h.closed_ms}
    times = Counter((command["account_id"], command["command_id"]) for _, command in stages.asked)
    for name, command in stages.asked:
        key = command["account_id"], command["command_id"]
        answers = [each for each in stages.told[key] if each in ANSWERS[name]]
        assert len(answers) == times[key], (name, key, answers)

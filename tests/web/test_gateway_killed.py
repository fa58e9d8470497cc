"""A gateway that is killed under load: what it said is true, and what it could not say it says
when it is asked again.

TRADEFLOW_KILLS says how often it is killed.
"""

import json
import os
import random
import signal
import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.amounts import format_steps
from schemas.codec import decode
from schemas.instruments import Instrument
from schemas.topics import ORDERS_EXECUTIONS
from tests.chaos.exchange import await_condition, read_all
from tests.web.gateway_command import GatewayProcess, tradeflow
from tests.web.memory_keys import key_of
from tests.web.remembering_client import (
    SYMBOL,
    Answer,
    RememberingClient,
    RestLine,
    SocketLine,
    Told,
)
from tests.web.running_exchange import RunningExchange
from tests.web.watching_client import WatchingClient
from tradeflow.checking import run_checks
from web.auth.api_key import ApiKey

KILLS = int(os.environ.get("TRADEFLOW_KILLS", "3"))
ACCOUNTS = ("ann", "ben", "cat")
UNITS = 10**14
DUPLICATE = Answer(400, {"code": -2010, "msg": "Duplicate order sent."})
NO_SUCH_ORDER = Answer(400, {"code": -2013, "msg": "Order does not exist."})

Report = dict[str, Any]


class KilledGateway:
    """`tradeflow gateway` on one port, however often it is started; its keys are in a database."""

    def __init__(self, exchange: RunningExchange, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        self._folder = folder
        self._settings = {
            "BROKER": exchange.broker.bootstrap,
            "TRADEFLOW_GATEWAY_PORT": str(port),
            # So that whoever watches finds all of it.
            "TRADEFLOW_GATEWAY_KEPT_ORDERS": "100000",
        }
        self._process: GatewayProcess | None = None

    def key(self, account_id: str) -> ApiKey:
        """A new key of an account."""
        made = tradeflow(
            "key", "create", account_id, "--json", folder=self._folder, settings=self._settings
        )
        assert made.returncode == 0, made.stderr
        told = json.loads(made.stdout)
        return replace(key_of(account_id), key=told["key"], secret=told["secret"])

    def start(self) -> None:
        """Start it (again), and return when it answers."""
        self._process = GatewayProcess(self._folder, **self._settings)
        assert self._process.url == f"http://{self.address}"

    def restart(self, number: int) -> None:
        """End it by a signal, and start it again."""
        assert self._process is not None
        self._process.end(number)
        self.start()

    def close(self) -> None:
        """End it, however it is."""
        if self._process is not None:
            self._process.close()


class Orders:
    """An account's reports, as the log has them."""

    def __init__(self, exchange: RunningExchange, account_id: str) -> None:
        self.instrument: Instrument = exchange.instruments[SYMBOL]
        self.reports: list[Report] = []
        for message in read_all(exchange.broker.bootstrap, ORDERS_EXECUTIONS.name):
            name, record = decode(message.value())
            if name == "ExecutionReport" and record["account_id"] == account_id:
                self.reports.append(record)
        # How orders stand when somebody asks is not news.
        told = [each for each in self.reports if each["execution_type"] != "ORDER_STATUS"]
        self.by_id: dict[int, list[Report]] = defaultdict(list)
        for report in sorted(told, key=lambda each: int(each["execution_id"])):
            if report["order_id"] and report["execution_type"] not in ("CANCEL_REJECTED",):
                self.by_id[report["order_id"]].append(report)
        self.placed: dict[str, list[Report]] = defaultdict(list)
        for report in told:
            if report["execution_type"] == "NEW":
                self.placed[report["client_order_id"]].append(report)

    def standing(self, report: Report) -> tuple[str, str]:
        """Status and executed quantity, as clients are told."""
        lots = report["cumulative_quantity_lots"]
        return report["order_status"], format_steps(lots, self.instrument.lot_size)

    def history(self, name: str) -> list[tuple[str, str]]:
        """How the order of a name has stood, one after the other."""
        (new,) = self.placed[name]
        return [self.standing(each) for each in self.by_id[new["order_id"]]]


@pytest.fixture
def gateway(exchange: RunningExchange, tmp_path: Path) -> Iterator[KilledGateway]:
    made = KilledGateway(exchange, tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.mark.slow
@pytest.mark.timeout(300 + 60 * KILLS)
def test_what_was_acknowledged_is_in_the_log_and_what_was_not_is_found_out(
    exchange: RunningExchange, gateway: KilledGateway
) -> None:
    keys = {account_id: gateway.key(account_id) for account_id in ACCOUNTS}
    for account_id in ACCOUNTS:
        exchange.open_account(account_id, units=UNITS)
    rng = random.Random(6)
    clients: dict[str, list[RememberingClient]] = {}
    with ExitStack() as stack:
        watching = {
            account_id: stack.enter_context(WatchingClient(gateway.address, key))
            for account_id, key in keys.items()
        }
        await_condition(lambda: all(each.connections for each in watching.values()), "to watch")
        with ExitStack() as trading:
            for account_id, key in keys.items():
                rest = RestLine(gateway.address, key)
                line = SocketLine(gateway.address, key)
                clients[account_id] = [
                    trading.enter_context(
                        RememberingClient(rest, f"{account_id}-r", tries_again=True)
                    ),
                    trading.enter_context(
                        RememberingClient(line, f"{account_id}-s", tries_again=False)
                    ),
                ]
            everybody = [each for pair in clients.values() for each in pair]
            for number in [signal.SIGKILL] * KILLS + [signal.SIGTERM, None]:
                await_progress(everybody, rng.randrange(3, 20))
                if number is not None:
                    gateway.restart(number)
        assert [each.failed for each in everybody if each.failed] == []
        told = {account_id: Orders(exchange, account_id) for account_id in ACCOUNTS}
        for account_id, orders in told.items():
            await_truth(watching[account_id], orders)
    for account_id, orders in told.items():
        for client in clients[account_id]:
            for each in client.told:
                verify(each, orders)
    everything = [each for client in everybody for each in client.told]
    lost = [each for each in everything if each.is_unknown]
    assert lost and any(each.asked and each.asked.status == 200 for each in lost)
    assert len(everything) > 2 * len(lost)
    report = run_checks(exchange.broker.bootstrap, instruments=exchange.instruments)
    assert report.holds, json.dumps(report.as_json(), indent=1)


def await_progress(clients: list[RememberingClient], count: int) -> None:
    """Until each client was told so much more, since it was away last."""
    begun = [len(client.told) for client in clients]
    await_condition(
        lambda: all(
            client.failed or len(client.told) >= before + count
            for client, before in zip(clients, begun, strict=True)
        ),
        f"{count} answers for each",
        every=0.005,
    )


def await_truth(client: WatchingClient, orders: Orders) -> None:
    """Until who watched knows all there was, whatever it was cut off from."""
    standing = {number: orders.standing(told[-1]) for number, told in orders.by_id.items()}
    trades = {
        (each["trade_id"], each["order_id"])
        for each in orders.reports
        if each["execution_type"] == "TRADE"
    }
    await_condition(
        lambda: client.failed or (client.orders == standing and client.trades == trades),
        "all orders and trades to be known",
        seconds=20,
    )
    assert client.failed is None
    # By itself and by the stream, not by asking alone.
    assert client.connections >= KILLS + 2
    assert client.events > KILLS
    assert standing and trades


def verify(told: Told, orders: Orders) -> None:
    """What the client was told is what the log says; and one name is one order's."""
    placed = orders.placed[told.name]
    assert len(placed) <= 1, told
    if told.what == "cancel":
        verify_cancel(told, orders)
    elif not told.is_unknown:
        assert told.answer is not None
        if told.answer.status == 200:
            verify_placed(told, told.answer, orders)
        else:
            # In this market for the want of somebody to trade with alone.
            assert told.answer.body["code"] in (-2010, -1013), told
            assert placed == [], told
    else:
        verify_found_out(told, orders)


def verify_placed(told: Told, answer: Answer, orders: Orders) -> None:
    (new,) = orders.placed[told.name]
    rules, body = orders.instrument, answer.body
    own = [
        each
        for each in orders.by_id[new["order_id"]]
        # What came later is of others' commands.
        if each["command_id"] == new["command_id"]
    ]
    fills = [each for each in own if each["execution_type"] == "TRADE"]
    assert (body["orderId"], body["clientOrderId"]) == (new["order_id"], told.name)
    assert (body["status"], body["executedQty"]) == orders.standing(own[-1]), told
    assert [(each["tradeId"], each["price"], each["qty"]) for each in body["fills"]] == [
        (
            each["trade_id"],
            format_steps(each["last_price_ticks"], rules.tick_size),
            format_steps(each["last_quantity_lots"], rules.lot_size),
        )
        for each in fills
    ]


def verify_found_out(told: Told, orders: Orders) -> None:
    asked, again = told.asked, told.again
    assert asked is not None
    if asked.status == 200:
        verify_shown(told, asked, orders)
        assert again == DUPLICATE, told
    elif again is None:
        # Once it was said that there is no such order there never is one.
        assert asked == NO_SUCH_ORDER, told
        assert orders.placed[told.name] == [], told
    else:
        assert asked == NO_SUCH_ORDER, told
        if again.status == 200:
            verify_placed(told, again, orders)
        else:
            # Refused for itself, or placed by a try whose answer was lost as well.
            is_there = len(orders.placed[told.name]) == 1
            assert (again == DUPLICATE) is is_there, told


def verify_shown(told: Told, shown: Answer, orders: Orders) -> None:
    """It stood like this at some time."""
    body = shown.body
    if body["status"] == "PENDING_NEW":
        assert (body["orderId"], body["executedQty"]) == (0, "0.00000000"), told
        return
    (new,) = orders.placed[told.name]
    assert body["orderId"] == new["order_id"]
    assert (body["status"], body["executedQty"]) in orders.history(told.name), told


def verify_cancel(told: Told, orders: Orders) -> None:
    answer = told.asked if told.is_unknown else told.answer
    assert answer is not None
    if told.is_unknown:
        verify_shown(told, answer, orders)
    elif answer.status == 200:
        (new,) = orders.placed[told.name]
        last = orders.by_id[new["order_id"]][-1]
        assert last["execution_type"] == "CANCELED", told
        assert answer.body["orderId"] == last["order_id"]
        assert answer.body["clientOrderId"] == last["client_order_id"]
        assert answer.body["origClientOrderId"] == told.name == last["original_client_order_id"]
        assert (answer.body["status"], answer.body["executedQty"]) == orders.standing(last)
    else:
        # It had ended by itself.
        assert answer.body["code"] == -2011, told
        assert orders.history(told.name)[-1][0] not in ("NEW", "PARTIALLY_FILLED"), told

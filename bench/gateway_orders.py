"""Orders over REST: from a client's POST to its FULL reply, the whole saga, exactly once.

Requests go out at a steady pace, whether or not those before are answered, and count from the time
that they are due.  Beside it, in the same rounds, stand the same orders written to their topic at
once: what is between the two is HTTP, the signature, and the gateway's way to the log and back.
"""

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from bench.figure import Figure, Goal, at_most, figure
from bench.flow import Command
from bench.gateway import running_gateway, said
from bench.gateway_process import READY, SECRET, key_of
from bench.hop import PERCENTS, percentiles
from bench.run import Run
from bench.saga import PER_SECOND, WARM_UP_SECONDS, exchange
from schemas.amounts import format_steps
from schemas.instruments import Instrument, load_instruments
from tradeflow.errors import TradeflowError

_CONNECTIONS = 16
_GOALS: dict[int, Goal | None] = {50: at_most(50), 90: None, 99: at_most(200)}


class Traders:
    """All accounts' requests, over a few connections that are kept."""

    def __init__(self, address: str, instruments: dict[str, Instrument]) -> None:
        self._address = address
        self._instruments = instruments
        self._own = threading.local()

    def latencies_ms(self, commands: list[Command]) -> list[float]:
        """From when each order is due to its reply, at the pace.

        Raises:
            TradeflowError: one was refused.
        """
        due, answers = time.perf_counter(), []
        with ThreadPoolExecutor(_CONNECTIONS) as senders:
            for command in commands:
                due += 1 / PER_SECOND
                time.sleep(max(0.0, due - time.perf_counter()))
                answers.append(senders.submit(self._ask, command, due))
        return [ms for answer in answers if (ms := answer.result()) is not None]

    def _ask(self, command: Command, due: float) -> float | None:
        name, record = command
        method = "POST" if name == "PlaceOrder" else "DELETE"
        body = urlencode(self._terms(name, record) | {"timestamp": time.time_ns() // 1_000_000})
        signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
        connection = self._connection()
        headers = {
            "X-MBX-APIKEY": key_of(record["account_id"]),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request(method, "/api/v3/order", f"{body}&signature={signature}", headers)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        taken = time.perf_counter() - due
        if method == "DELETE":
            return None  # It may be gone already.
        if answer.status != 200 or "fills" not in said:
            raise TradeflowError(f"An order was answered with {answer.status} {said}.")
        return taken * 1_000

    def _terms(self, name: str, record: dict[str, Any]) -> dict[str, Any]:
        instrument = self._instruments[record["symbol"]]
        if name != "PlaceOrder":
            original = record["original_client_order_id"]
            return {"symbol": instrument.symbol, "origClientOrderId": original}
        return {
            "symbol": instrument.symbol,
            "side": record["side"],
            "type": record["order_type"],
            "timeInForce": record["time_in_force"],
            "price": format_steps(record["price_ticks"], instrument.tick_size),
            "quantity": format_steps(record["quantity_lots"], instrument.lot_size),
            "newClientOrderId": record["client_order_id"],
            "newOrderRespType": "FULL",
        }

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection(self._address, timeout=60)
        connection: http.client.HTTPConnection = self._own.connection
        return connection


def measure(run: Run) -> list[Figure]:
    """Latencies beside those of the topics."""
    over_rest: list[list[float]] = []
    by_topic: list[list[float]] = []
    counted = run.size(600, 60)
    run.say("starting a broker, three workers and a gateway")
    with exchange(run) as made, _traders(run, made.broker.bootstrap) as traders:
        flow = made.flow
        run.say("warming up")
        made.flood(flow.take(run.size(20_000, 200)))
        traders.latencies_ms(flow.take(PER_SECOND * run.size(WARM_UP_SECONDS, 1)))
        for number in range(run.rounds):
            where = f"round {number + 1} of {run.rounds}"
            run.say(f"orders over REST at {PER_SECOND}/s, {where}")
            traders.latencies_ms(flow.take(PER_SECOND))
            over_rest.append(percentiles(traders.latencies_ms(flow.take(counted))))
            run.say(f"commands by their topic at {PER_SECOND}/s, {where}")
            made.saga_ms(flow.take(PER_SECOND))
            by_topic.append(percentiles(made.saga_ms(flow.take(counted))))
    note = (
        f"{counted} requests a round, {PER_SECOND} a second, {flow.in_words()}; orders alone count"
    )
    return [
        figure(
            "gateway_orders", f"POST to FULL reply, p{percent}", [one[place] for one in over_rest],
            "ms", beside=("by the topic", [one[place] for one in by_topic]),
            goal=_GOALS[percent], note=note,
        )
        for place, percent in enumerate(PERCENTS)
    ]  # fmt: skip


@contextmanager
def _traders(run: Run, bootstrap: str) -> Iterator[Traders]:
    rules = run.folder / "instruments.json"
    with running_gateway(bootstrap, run.folder, rules) as gateway:
        yield Traders(said(gateway, READY), load_instruments(rules))

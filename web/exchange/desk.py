"""Commands of accounts, and the execution reports that answer them."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.codec import encode
from schemas.headers import CORRELATION_ID, LAST_REPORT, Actor, RecordHeaders
from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS, WALLET_COMMANDS, WALLET_EVENTS
from web.clock import now_ms
from web.edge import correlation
from web.feed.hub import Hub
from web.feed.record import Received
from web.settings import GatewaySettings

log = logging.getLogger(__name__)

_REFUSED = frozenset({"REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED"})
_OWN_CANCEL = "~c"
"""Behind a replacement's id: its cancel, where that had to free the money first (the orders stage's
rules, ``ORDERS.md``)."""

_Key = tuple[str, str]
"""Account and command id."""


_LEGS = 2
"""Of an order list: both are refused, or none is."""


class UnknownOutcomeError(Exception):
    """No answer came in time: whether the command was carried out is not known."""


class NotSentError(Exception):
    """The command was not sent, and never will be."""


@dataclass(slots=True)
class _Asked:
    command_id: str
    kind: str
    correlation: bytes
    answered: asyncio.Future[list[dict[str, Any]]]
    reports: list[dict[str, Any]] = field(default_factory=list)

    def take(self, received: Received) -> bool:
        """Keep a report; whether it is the last one."""
        report = received.record
        if report["command_id"] != self.command_id:
            # The cancel of a replacement may go first and alone, under an id of its own; the cancel
            # that is sent behind an order which matching does not answer is no part of the answer.
            if report["command_id"] == self.command_id + _OWN_CANCEL:
                self.reports.append(report)
            return False
        self.reports.append(report)
        kind = report["execution_type"]
        if LAST_REPORT in received.headers or kind == "ORDER_STATUS":
            return True
        if self.kind == "PlaceOrderList":
            return kind == "REJECTED" and len(self.reports) == _LEGS
        # A refused cancel is followed by what becomes of the placement.
        return kind == "REJECTED" if self.kind == "CancelReplaceOrder" else kind in _REFUSED


class Desk:
    """Sends commands and waits for what comes of them; for the event loop."""

    def __init__(self, settings: GatewaySettings, hub: Hub) -> None:
        self._seconds = settings.reply_seconds
        self._waiting: dict[_Key, list[_Asked]] = {}
        self._producer = Producer(
            {
                **settings.client("tradeflow-gateway"),
                "enable.idempotence": True,
                # Java's clients and the stages put a key into the same partition.
                "partitioner": "murmur2_random",
                "linger.ms": 0,
                "message.timeout.ms": int(self._seconds * 1_000),
            },
            logger=log,
        )
        self._stopping = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="desk", daemon=True)
        self._poller.start()
        hub.on(ORDERS_EXECUTIONS.name, "ExecutionReport", self._on_report)
        for name in WALLET_EVENTS.values:
            hub.on(WALLET_EVENTS.name, name, self._on_wallet_event)

    @property
    def waiting(self) -> int:
        """How many commands have no answer so far."""
        return sum(map(len, self._waiting.values()))

    async def ask(
        self, kind: str, command: Mapping[str, Any], actor: Actor
    ) -> list[dict[str, Any]]:
        """The ExecutionReports of a command of ``orders.commands`` to its account, in order.

        Raises:
            UnknownOutcomeError: none came in time.
            NotSentError: the client takes no more.
            EncodeError: the command has a value that no record can hold.
        """
        return await self._ask(ORDERS_COMMANDS.name, kind, command, actor)

    async def ask_wallet(
        self, kind: str, command: Mapping[str, Any], actor: Actor
    ) -> dict[str, Any]:
        """The event by which the wallet answers a command of ``wallet.commands``.

        Raises:
            UnknownOutcomeError: none came in time.
            NotSentError: the client takes no more.
            EncodeError: the command has a value that no record can hold.
        """
        return (await self._ask(WALLET_COMMANDS.name, kind, command, actor))[0]

    async def close(self) -> None:
        """Give up what waits, and end the client."""
        for asked in chain.from_iterable(self._waiting.values()):
            if not asked.answered.done():
                asked.answered.set_exception(UnknownOutcomeError("the gateway is stopping"))
        self._stopping.set()
        await asyncio.to_thread(self._poller.join)
        await asyncio.to_thread(self._producer.flush, 1.0)

    async def _ask(
        self, topic: str, kind: str, command: Mapping[str, Any], actor: Actor
    ) -> list[dict[str, Any]]:
        key = command["account_id"], command["command_id"]
        # The same command may have been sent before: an answer to that is not the answer to this.
        asked_as = correlation.for_command()
        loop = asyncio.get_running_loop()
        asked = _Asked(key[1], kind, asked_as.encode(), loop.create_future())
        value = encode(kind, command)
        self._waiting.setdefault(key, []).append(asked)
        try:
            self._produce(loop, topic, key[0], value, asked_as, actor, asked)
            return await asyncio.wait_for(asked.answered, self._seconds)
        except TimeoutError as error:
            raise UnknownOutcomeError(
                f"no answer within {self._seconds:g} s to {key[1]}"
            ) from error
        finally:
            self._waiting[key].remove(asked)
            if not self._waiting[key]:
                del self._waiting[key]

    def _produce(
        self,
        loop: asyncio.AbstractEventLoop,
        topic: str,
        account_id: str,
        value: bytes,
        correlation_id: str,
        actor: Actor,
        asked: _Asked,
    ) -> None:
        def note(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                loop.call_soon_threadsafe(_give_up, asked.answered, error.str())

        headers = RecordHeaders(
            correlation_id=correlation_id, actor=actor, event_time_ms=now_ms()
        ).to_headers()
        try:
            self._producer.produce(
                topic,
                value,
                key=account_id.encode(),
                headers=headers,  # type: ignore[arg-type]
                on_delivery=note,
            )
        except (BufferError, KafkaException) as error:
            raise NotSentError(str(error)) from error

    def _on_report(self, received: Received) -> None:
        if not self._waiting:
            return
        report = received.record
        for asked in self._whom(received, report["command_id"].partition("~")[0]):
            if asked.take(received):
                asked.answered.set_result(asked.reports)

    def _on_wallet_event(self, received: Received) -> None:
        # Reservations have their placement's id, and are no answer to it.
        for asked in self._whom(received, received.record.get("command_id", "")):
            if asked.kind.startswith("Wallet"):
                asked.answered.set_result([received.record])

    def _whom(self, received: Received, command_id: str) -> list[_Asked]:
        """Who waits for a record: by its command, for what waited is sent on by something else.

        The same command may have been sent before, or another one under its id: an answer to that
        is not the answer to this.
        """
        record = received.record
        waiting = self._waiting.get((record.get("account_id", ""), command_id))
        if waiting is None:
            return []
        waiting = [each for each in waiting if not each.answered.done()]
        correlation = received.headers.get(CORRELATION_ID, b"")
        theirs = [each for each in waiting if each.correlation == correlation]
        if theirs or _answers_one_alone(record):
            return theirs
        return waiting

    def _poll(self) -> None:
        """Serve delivery reports: a refusal is told at once, not when the time is over."""
        poll: Callable[[float], int] = self._producer.poll
        while not self._stopping.is_set():
            poll(0.1)


def _answers_one_alone(record: Mapping[str, Any]) -> bool:
    """Whether it speaks of the sending of a command, not of what came of the command."""
    if record.get("execution_type") == "ORDER_STATUS":
        return True
    return "COMMAND_ID_REUSED" in (record.get("reject_reason"), record.get("reason"))


def _give_up(answered: "asyncio.Future[list[dict[str, Any]]]", why: str) -> None:
    if not answered.done():
        answered.set_exception(UnknownOutcomeError(f"no broker has confirmed the command: {why}"))

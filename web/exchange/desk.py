"""Commands of accounts, and the execution reports that answer them."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


class UnknownOutcomeError(Exception):
    """No answer came in time: whether the command was carried out is not known."""


@dataclass(slots=True)
class _Asked:
    command_id: str
    kind: str
    account_id: str
    answered: asyncio.Future[list[dict[str, Any]]]
    reports: list[dict[str, Any]] = field(default_factory=list)

    def take(self, received: Received) -> bool:
        """Keep a report; whether it is the last one."""
        report = received.record
        self.reports.append(report)
        kind = report["execution_type"]
        if self.kind == "CancelReplaceOrder":
            # Its cancel may be reported first, by itself; what counts is the new order.
            return kind == "REJECTED" or (
                LAST_REPORT in received.headers and kind not in ("CANCELED", "CANCEL_REJECTED")
            )
        return kind in _REFUSED or LAST_REPORT in received.headers or kind == "ORDER_STATUS"


class Desk:
    """Sends commands and waits for what comes of them; for the event loop."""

    def __init__(self, settings: GatewaySettings, hub: Hub) -> None:
        self._seconds = settings.reply_seconds
        self._waiting: dict[bytes, _Asked] = {}
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
        return len(self._waiting)

    async def ask(
        self, kind: str, command: Mapping[str, Any], actor: Actor
    ) -> list[dict[str, Any]]:
        """The ExecutionReports of a command of ``orders.commands`` to its account, in order.

        Raises:
            UnknownOutcomeError: none came in time.
            EncodeError: the command has a value that no record can hold.
        """
        return await self._ask(ORDERS_COMMANDS.name, kind, command, actor)

    async def ask_wallet(
        self, kind: str, command: Mapping[str, Any], actor: Actor
    ) -> dict[str, Any]:
        """The event by which the wallet answers a command of ``wallet.commands``.

        Raises:
            UnknownOutcomeError: none came in time.
            EncodeError: the command has a value that no record can hold.
        """
        return (await self._ask(WALLET_COMMANDS.name, kind, command, actor))[0]

    async def close(self) -> None:
        """Give up what waits, and end the client."""
        for asked in self._waiting.values():
            if not asked.answered.done():
                asked.answered.set_exception(UnknownOutcomeError("the gateway is stopping"))
        self._stopping.set()
        await asyncio.to_thread(self._poller.join)
        await asyncio.to_thread(self._producer.flush, 1.0)

    async def _ask(
        self, topic: str, kind: str, command: Mapping[str, Any], actor: Actor
    ) -> list[dict[str, Any]]:
        # The same command may have been sent before: an answer to that is not the answer to this.
        asked_as = correlation.for_command()
        name = asked_as.encode()
        loop = asyncio.get_running_loop()
        asked = _Asked(command["command_id"], kind, command["account_id"], loop.create_future())
        value = encode(kind, command)
        self._waiting[name] = asked
        try:
            self._produce(loop, topic, command["account_id"], value, asked_as, actor, asked)
            return await asyncio.wait_for(asked.answered, self._seconds)
        except TimeoutError as error:
            raise UnknownOutcomeError(
                f"no answer within {self._seconds:g} s to {command['command_id']}"
            ) from error
        finally:
            del self._waiting[name]

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
            raise UnknownOutcomeError(f"the command was not sent: {error}") from error

    def _on_report(self, received: Received) -> None:
        asked = self._waiting.get(received.headers.get(CORRELATION_ID, b""))
        if asked is None or asked.answered.done():
            return
        report = received.record
        # Makers' reports, and those of the saga's own commands, have the same correlation.
        is_ours = report["account_id"] == asked.account_id and report["role"] != "MAKER"
        if is_ours and asked.take(received):
            asked.answered.set_result(asked.reports)

    def _on_wallet_event(self, received: Received) -> None:
        asked = self._waiting.get(received.headers.get(CORRELATION_ID, b""))
        if asked is None or asked.answered.done():
            return
        if received.record.get("command_id") == asked.command_id and asked.kind.startswith(
            "Wallet"
        ):
            asked.answered.set_result([received.record])

    def _poll(self) -> None:
        """Serve delivery reports: a refusal is told at once, not when the time is over."""
        poll: Callable[[float], int] = self._producer.poll
        while not self._stopping.is_set():
            poll(0.1)


def _give_up(answered: "asyncio.Future[list[dict[str, Any]]]", why: str) -> None:
    if not answered.done():
        answered.set_exception(UnknownOutcomeError(f"the command was not sent: {why}"))

"""Tells the audit trail who was turned away, however many they are and however often they come."""

import asyncio
import logging
from dataclasses import dataclass

from confluent_kafka import KafkaException, Producer

from schemas.codec import encode
from schemas.topics import AUDIT
from web.auth.audit_events import AuthAction, audit_event
from web.auth.refusal import Refusal, Refused
from web.settings import GatewaySettings

log = logging.getLogger(__name__)

_WINDOW_SECONDS = 60.0
_KINDS_MAX = 500
_FLUSH_SECONDS = 1.0
OTHERS = "OTHERS"
"""The reason of those that are told together because there are too many kinds."""


@dataclass(slots=True)
class _Kind:
    first: Refused
    more: int = 0


class RefusalTrail:
    """The first refusal of a kind is told at once, the others of a minute are counted and told as
    one when it is over.

    A kind is a reason, a key and an address; all keys that are not known are one key, or whoever
    tries many would be many.  Of refusals of known keys and of others there are at most
    ``kinds`` each, and what is beyond is counted together.  So within a minute a process tells at
    most four times ``kinds`` events and two more, each of less than a kilobyte, whatever is tried.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        window_seconds: float = _WINDOW_SECONDS,
        kinds: int = _KINDS_MAX,
    ) -> None:
        self._window_seconds = window_seconds
        self._kinds_max = kinds
        self._kinds: dict[bool, dict[tuple[Refusal, str, str], _Kind]] = {True: {}, False: {}}
        self._others = {True: 0, False: 0}
        self._end: asyncio.TimerHandle | None = None
        self.lost = 0
        """Events that the broker did not take."""
        self._producer = Producer(
            {
                **settings.client("tradeflow-gateway"),
                "enable.idempotence": True,
                # Java's clients and the stages put a key into the same partition.
                "partitioner": "murmur2_random",
                # What is told by the minute need not be sent by the millisecond.
                "linger.ms": 50,
                "queue.buffering.max.messages": 10_000,
                "queue.buffering.max.kbytes": 8_192,
                # Whoever sends commands says that the broker is away.
                "log_level": 0,
            }
        )

    def note(self, refused: Refused) -> None:
        """Somebody was turned away; on the event loop, and never waits."""
        is_known = bool(refused.account_id)
        kinds = self._kinds[is_known]
        kind = kinds.get(which := (refused.reason, refused.key * is_known, refused.address))
        if kind is not None:
            kind.more += 1
        elif len(kinds) < self._kinds_max:
            kinds[which] = _Kind(refused)
            self._tell(refused, refused.reason, 1)
        else:
            self._others[is_known] += 1
        if self._end is None:
            loop = asyncio.get_running_loop()
            self._end = loop.call_later(self._window_seconds, self._end_window)

    async def close(self) -> None:
        """Tell what is left."""
        if self._end is not None:
            self._end.cancel()
            self._end_window()
        await asyncio.to_thread(self._producer.flush, _FLUSH_SECONDS)

    # ----------------------------------------------------------------------------------------------

    def _end_window(self) -> None:
        self._end = None
        for is_known, kinds in self._kinds.items():
            for kind in kinds.values():
                if kind.more:
                    self._tell(kind.first, kind.first.reason, kind.more)
            kinds.clear()
            if self._others[is_known]:
                nobody = Refused(Refusal.UNKNOWN_KEY, "", "", "")
                self._tell(nobody, OTHERS, self._others[is_known])
                self._others[is_known] = 0
        self._producer.poll(0)

    def _tell(self, refused: Refused, reason: str, count: int) -> None:
        event = audit_event(
            AuthAction.KEY_REFUSED,
            account_id=refused.account_id,
            key=refused.key,
            reason=reason,
            address=refused.address,
            session=refused.key,
            about={"count": count},
        )
        try:
            self._producer.produce(
                AUDIT.name,
                encode("AuditEvent", event),
                key=refused.account_id.encode(),
                on_delivery=self._note_delivery,
            )
        except (BufferError, KafkaException):
            self.lost += 1
        self._producer.poll(0)

    def _note_delivery(self, error: object, _message: object) -> None:
        if error is not None:
            self.lost += 1
            if self.lost == 1:
                log.error("the audit trail was not told of a refusal: %s", error)

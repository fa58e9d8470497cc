"""What a STOMP client asks for is done here: topics, its account's events, orders."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from web.auth.caller import Caller
from web.auth.door import Asked
from web.auth.security import Security
from web.binance.endpoint import Endpoint
from web.binance.errors import BinanceError, error
from web.binance.reply import to_json
from web.fanout.connection import Connection
from web.fanout.message import Message, Text
from web.gateway import Gateway
from web.stomp import session as asked
from web.stomp.beating import Heart
from web.stomp.destinations import ERRORS, PLACE, PRIVATE, stream_of
from web.stomp.frame import StompError
from web.stomp.placing import place_order
from web.stomp.session import StompSession
from web.stomp.topic_listener import TopicListener
from web.userdata.event import Event
from web.userdata.subscription import ByApiKey, Subscription

log = logging.getLogger(__name__)

_BROKEN = 1002
_CONNECT_SECONDS = 10.0


class StompTalk:
    """One client, from its first frame to its last."""

    def __init__(
        self, gateway: Gateway, place: Endpoint | None, connection: Connection, address: str
    ) -> None:
        self._gateway = gateway
        self._place = place
        self._connection = connection
        self._address = address
        self._session = StompSession(int(gateway.settings.stomp_beat_seconds * 1_000))
        self._caller: Caller | None = None
        self._heart = Heart(
            lambda: connection.send(Text(b"\n")), lambda: self.fail("no beat of the heart came")
        )
        self._closes: dict[str, Callable[[], None]] = {}
        """What ends each subscription, by its id."""
        self._free = asyncio.Semaphore(gateway.settings.requests_at_once)
        self._running: set[asyncio.Task[None]] = set()
        self._patience = asyncio.get_running_loop().call_later(
            _CONNECT_SECONDS, self.fail, "no CONNECT came"
        )
        connection.goodbye = self._goodbye
        connection.on_close = self.stop

    async def hear(self, _connection: Connection, text: str) -> None:
        """Do what a message asks for."""
        self._heart.hear()
        try:
            for request in self._session.receive(text.encode()):
                await self._do(request)
        except StompError as broken:
            self.fail(str(broken))
        except BinanceError as refused:
            self.fail(_in_words(refused))

    def fail(self, why: str, receipt: str | None = None) -> None:
        """Say why, and close: after an ERROR there is nothing in STOMP."""
        if self._connection.is_open:
            self._connection.send(Text(self._session.error_frame(why, receipt)))
            self._connection.close(_BROKEN, "see the frame ERROR")

    def stop(self) -> None:
        """The connection is over."""
        self._patience.cancel()
        self._heart.stop()
        for close in self._closes.values():
            close()
        self._closes.clear()

    async def end(self) -> None:
        """Orders that were sent are placed, also if nobody waits for the receipt."""
        self.stop()
        if self._running:
            await asyncio.wait(self._running)

    # --- requests ---------------------------------------------------------------------------------

    async def _do(self, request: asked.Request) -> None:
        if isinstance(request, asked.Connect):
            await self._connect(request)
            return
        if isinstance(request, asked.Send):
            await self._send(request)
            return
        if isinstance(request, asked.Subscribe):
            # Each is told how things stand: who asks again and again uses as much as over REST.
            await self._gateway.limiter.take(address=self._address, caller=None, weight=1)
            self._closes[request.id] = await self._subscribe(request)
        elif isinstance(request, asked.Unsubscribe):
            self._closes.pop(request.id)()
        elif isinstance(request, asked.Disconnect) and self._running:
            # Its receipt says that all before it was done.
            await asyncio.wait(self._running)
        self._acknowledge(request.receipt)
        if isinstance(request, asked.Disconnect):
            self._connection.close(1000, "")

    async def _connect(self, request: asked.Connect) -> None:
        self._caller = await self._admit(request.headers)
        self._patience.cancel()
        self._connection.send(Text(self._session.connected(f"{id(self):x}")))
        self._heart.start(self._session.beats)

    async def _admit(self, headers: Any) -> Caller | None:
        """Who connects: as ``session.logon`` has it, in STOMP's headers."""
        login = headers.get("login", "")
        if not login:
            return None
        sent = {"apiKey": login}
        sent |= {name: headers[name] for name in ("recvWindow", "timestamp") if name in headers}
        payload = "&".join(f"{name}={sent[name]}" for name in sorted(sent))
        about = Asked(
            key=login,
            payload=payload.encode(),
            sent={**sent, "signature": headers.get("passcode", "")},
            address=self._address,
        )
        return await self._gateway.door.admit(Security.LOGON, about)

    async def _subscribe(self, request: asked.Subscribe) -> Callable[[], None]:
        if request.destination not in PRIVATE:
            return self._follow_topic(request)
        caller = self._require_caller()
        await self._gateway.door.require_still(Security.USER_DATA, caller)
        if request.destination == ERRORS:
            return lambda: None
        subscription = Subscription(
            account_id=caller.account_id,
            right=ByApiKey(caller),
            deliver=partial(self._deliver_order, request.id),
            ended=lambda: self.fail("the API key is good no more"),
            hears_refusals=True,
        )
        self._gateway.user_data.add(subscription)
        return lambda: self._gateway.user_data.cancel(subscription)

    def _follow_topic(self, request: asked.Subscribe) -> Callable[[], None]:
        fanout = self._gateway.fanout
        stream = stream_of(request.destination, self._gateway.instruments)
        listener = TopicListener(partial(self._message, request.id))
        fanout.join(listener, stream)
        fanout.tell_current(listener, stream)
        return lambda: fanout.leave(listener, stream)

    async def _send(self, request: asked.Send) -> None:
        if request.destination != PLACE:
            raise StompError(f"nothing goes to {request.destination[:50]!r}, only to {PLACE}")
        caller = self._require_caller()
        await self._free.acquire()
        task = asyncio.create_task(self._order(caller, request))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _order(self, caller: Caller, request: asked.Send) -> None:
        try:
            if self._place is None:
                raise error("NOT_SUPPORTED")
            await place_order(self._gateway, self._place, caller, request.body)
        except BinanceError as refused:
            self._refuse(refused, request.receipt)
        except Exception:
            log.exception("an order over STOMP failed")
            self._refuse(error("UNKNOWN"), request.receipt)
        else:
            self._acknowledge(request.receipt)
        finally:
            self._free.release()

    def _require_caller(self) -> Caller:
        if self._caller is None:
            raise StompError("CONNECT with login, passcode and timestamp first")
        return self._caller

    # --- answers ----------------------------------------------------------------------------------

    def _acknowledge(self, receipt: str | None) -> None:
        if receipt is not None:
            self._connection.send(Text(self._session.receipt(receipt)))

    def _refuse(self, refused: BinanceError, receipt: str | None) -> None:
        """Tell who listens for it; who does not is told by an ERROR, which ends the connection."""
        listening = [
            number
            for number, destination in self._session.destinations.items()
            if destination == ERRORS
        ]
        about = {} if receipt is None else {"receipt_id": receipt}
        for number in listening:
            self._message(number, to_json(refused.as_json()), **about)
        if not listening:
            self.fail(_in_words(refused), receipt or "")

    def _deliver_order(self, number: str, event: Event) -> None:
        if event.payload["e"] == "executionReport":
            self._message(number, event.plain().encoded(0))

    def _message(self, number: str, body: bytes, **more: str) -> None:
        self._connection.send(Text(self._session.message(number, body, **more)))

    def _goodbye(self, _event: dict[str, Any]) -> Message:
        return Text(self._session.error_frame("the gateway ends: connect again"))


def _in_words(refused: BinanceError) -> str:
    return f"{refused.code}: {refused.message}"

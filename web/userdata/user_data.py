"""Every account's events, in the order of the log, for all who listen to it.

Reports come in the order of ``orders.executions``, balances in that of ``wallet.events``: each
within its topic.  Across the two nothing is promised: a fill may be told before or after the
balances that it changed, as on Binance.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from schemas.instruments import Instrument
from schemas.topics import ORDERS_EXECUTIONS, WALLET_EVENTS
from web.binance.user_events import account_events, execution_report
from web.feed.hub import Hub
from web.feed.record import Received
from web.userdata.event import Event
from web.userdata.subscription import Right, Subscription

log = logging.getLogger(__name__)

IsGood = Callable[[Right], Awaitable[bool]]
"""Whether a right still holds; raises where nobody can say just now."""


class _Account:
    """What is kept of an account while somebody listens to it."""

    __slots__ = ("listeners", "prevented_lots", "replacing")

    def __init__(self) -> None:
        self.listeners: dict[Subscription, None] = {}
        self.prevented_lots: dict[tuple[str, int], int] = {}
        """By symbol and order id, of open orders."""
        self.replacing = ""
        """The command by which an order was cancelled last; perhaps to be replaced."""


class UserData:
    """All subscriptions of this process; an account without any costs nothing."""

    def __init__(
        self, instruments: Mapping[str, Instrument], is_good: IsGood, *, check_seconds: float
    ) -> None:
        self._instruments = instruments
        self._is_good = is_good
        self._check_seconds = check_seconds
        self._accounts: dict[str, _Account] = {}
        self._checking: asyncio.Task[None] | None = None

    # --- who listens ------------------------------------------------------------------------------

    def add(self, subscription: Subscription) -> None:
        """Deliver all that happens to its account from now on."""
        account = self._accounts.setdefault(subscription.account_id, _Account())
        account.listeners[subscription] = None

    def cancel(self, subscription: Subscription) -> None:
        """Deliver no more; nothing happens if it has ended."""
        account = self._accounts.get(subscription.account_id)
        if account is not None and subscription in account.listeners:
            del account.listeners[subscription]
            if not account.listeners:
                del self._accounts[subscription.account_id]

    def end(self, right: Right) -> None:
        """The right is lost: end every subscription that rests on it."""
        for subscription in self._subscriptions():
            if subscription.right == right:
                self.cancel(subscription)
                subscription.ended()

    def hears(self, account_id: str) -> bool:
        """Whether anybody listens to an account."""
        return account_id in self._accounts

    def tell(self, account_id: str, event: Event) -> None:
        """Deliver an event of an account to who listens to it."""
        account = self._accounts.get(account_id)
        if account is not None:
            self._deliver(account, event)

    @property
    def listeners(self) -> int:
        """How many subscriptions there are."""
        return sum(len(account.listeners) for account in self._accounts.values())

    # --- what they rest on ------------------------------------------------------------------------

    def start(self) -> None:
        """Look now and then whether keys are still good: they may be revoked anywhere."""
        self._checking = asyncio.create_task(self._check_always())

    async def close(self) -> None:
        """Look no more."""
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.gather(self._checking, return_exceptions=True)

    async def check(self) -> None:
        """End what rests on a key that was revoked or has expired."""
        for right in {each.right for each in self._subscriptions()}:
            try:
                is_good = await self._is_good(right)
            except Exception as fault:
                # Nobody loses a stream because a store is away.
                log.warning("whether a key is still good is not known: %s", fault)
            else:
                if not is_good:
                    self.end(right)

    async def _check_always(self) -> None:
        while True:
            await asyncio.sleep(self._check_seconds)
            await self.check()

    def _subscriptions(self) -> list[Subscription]:
        return [each for account in self._accounts.values() for each in account.listeners]

    # --- what happens -----------------------------------------------------------------------------

    def listen(self, hub: Hub) -> None:
        """Follow the topics that are keyed by account."""
        hub.on(ORDERS_EXECUTIONS.name, "ExecutionReport", self._on_report)
        for name in WALLET_EVENTS.values:
            if name != "Tick":
                hub.on(WALLET_EVENTS.name, name, self._on_wallet_event)

    def _on_report(self, received: Received) -> None:
        report = received.record
        account = self._accounts.get(report["account_id"])
        instrument = self._instruments.get(report["symbol"])
        if account is None or instrument is None:
            return
        key = report["symbol"], report["order_id"]
        before = account.prevented_lots.pop(key, 0)
        payload = execution_report(report, instrument, prevented_before_lots=before)
        if report["leaves_quantity_lots"] and report["prevented_quantity_lots"]:
            account.prevented_lots[key] = report["prevented_quantity_lots"]
        if payload is None:
            return
        # A cancel that is asked for first, by itself, has its command's id and a suffix.
        command_id = report["command_id"].partition("~")[0]
        if report["execution_type"] == "CANCELED":
            account.replacing = command_id
        is_refusal = payload["x"] == "REJECTED" and command_id != account.replacing
        self._deliver(account, Event(payload, is_refusal=is_refusal))

    def _on_wallet_event(self, received: Received) -> None:
        account_id = received.record["account_id"]
        if account_id in self._accounts:
            for payload in account_events(received.name, received.record):
                self.tell(account_id, Event(payload))

    def _deliver(self, account: _Account, event: Event) -> None:
        for subscription in tuple(account.listeners):
            if subscription.hears_refusals or not event.is_refusal:
                subscription.deliver(event)

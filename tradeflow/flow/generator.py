"""The seeded flow over several symbols and accounts; pure.

Equal seed, run name, symbols, accounts, mix, target and starting books, and equal reports at equal
places, give equal commands, save their times.  What the flow knows of its orders it has from
reports, as any client: commands reach matching in another order than they are sent in, and others
trade on the same books.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from schemas.instruments import Instrument
from schemas.records import ExecutionReport, SymbolRow
from streams.domain.order import Order
from tradeflow.flow.mix import Mix
from tradeflow.flow.symbol_flow import Command, SymbolFlow

ACCOUNT_PREFIX = "load-"
_OPEN_MAX_FACTOR = 2
_REDUCE_SHARE = 0.1
_SPARE_ORDERS = 200


@dataclass(frozen=True, slots=True)
class StartingBook:
    """What a symbol's book holds before the first command."""

    symbol_row: SymbolRow | None = None
    orders: Sequence[Order] = ()


class Generator:
    """Commands, one after the other."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        *,
        seed: int,
        run: str,
        mix: Mix,
        accounts: int = 10,
        open_target: int = 200,
        books: Mapping[str, StartingBook] | None = None,
    ) -> None:
        self._random = Random(seed)
        self._run = run
        self._mix = mix
        self._instruments = instruments
        self.accounts = [f"{ACCOUNT_PREFIX}{number}" for number in range(1, accounts + 1)]
        self.open_target = open_target
        """About as many orders stay open on each symbol."""
        self.number = 0
        """Commands made so far."""
        self._flows: dict[str, SymbolFlow] = {}
        for instrument in instruments:
            book = (books or {}).get(instrument.symbol, StartingBook())
            row = book.symbol_row
            self._flows[instrument.symbol] = SymbolFlow(
                instrument,
                # A stream of its own: a symbol's flow is the same whatever the others do.
                Random(f"{seed}/{instrument.symbol}"),
                frozenset(self.accounts),
                prefix=ACCOUNT_PREFIX,
                last_price_ticks=row["last_price_ticks"] if row is not None else 0,
                own=[order for order in book.orders if order.account_id.startswith(ACCOUNT_PREFIX)],
            )
        self._symbols = list(self._flows)

    @property
    def open_orders(self) -> int:
        """About as many orders stay open on all symbols together."""
        return self.open_target * len(self._symbols)

    @property
    def is_hasty(self) -> bool:
        """Never: the rate is what is measured."""
        return False

    def next_command(self, time_ms: int) -> Command:
        """The next command, stamped with this time."""
        self.number += 1
        name = f"{self._run}-{self.number}"
        flow = self._flows[self._random.choice(self._symbols)]
        account = self._random.choice(self.accounts)
        [kind] = self._random.choices(("make", "take", "cancel"), self._mix.weights)
        if kind == "take":
            return flow.taker(name, account, time_ms)
        has_room = flow.size < self.open_target * _OPEN_MAX_FACTOR
        if not flow.open.has_free or (kind == "make" and has_room):
            return flow.maker(name, account, time_ms)
        return self._cancel(flow, name, time_ms)

    def note(self, report: ExecutionReport) -> None:
        """Learn from a report, whosever order it is about."""
        flow = self._flows.get(report["symbol"])
        if flow is not None:
            flow.note(report)

    def forget(self, names: Iterable[str]) -> None:
        """Wait no more for what these commands do."""
        for name in names:
            for flow in self._flows.values():
                flow.forget(name)

    def open_in(self, symbol: str) -> int:
        """How many orders of a symbol are open, by the reports so far."""
        return len(self._flows[symbol].open)

    def needs(self) -> dict[str, dict[str, int]]:
        """What each account should have for such a flow: minor units by account and asset.

        Twice its part of the orders that may be open, each as large as they get, and spare money
        for what an account loses to others and to commissions.
        """
        most_open = self.open_target * _OPEN_MAX_FACTOR
        orders = 2 * most_open // len(self.accounts) + _SPARE_ORDERS
        amounts: dict[str, int] = {}
        for instrument in self._instruments:
            largest = self._flows[instrument.symbol].largest_order()
            for asset, units in zip(
                (instrument.base_asset, instrument.quote_asset), largest, strict=True
            ):
                amounts[asset] = amounts.get(asset, 0) + orders * units
        return {account: amounts for account in self.accounts}

    def _cancel(self, flow: SymbolFlow, name: str, time_ms: int) -> Command:
        """Cancel, replace or reduce: the more orders are open, the more are cancelled."""
        if self._random.random() < _REDUCE_SHARE:
            return flow.reduce(name, time_ms)
        surplus = flow.size / self.open_target - 0.5
        if self._random.random() < surplus:
            return flow.cancel(name, time_ms)
        return flow.requote(name, time_ms)

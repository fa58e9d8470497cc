"""The seeded flow over several symbols and accounts; pure.

Equal seed, run name, symbols, accounts, mix and target give equal commands, save their times, as
long as the books it begins with are equal too.  No report is read: the generator follows its orders
in matching engines of its own.  Where others trade on the same books, what it believes of its
orders drifts from what is so; it then cancels orders that are gone, and ``sweep`` cancels those
that are not gone although it believes so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from schemas.instruments import Instrument
from schemas.records import SymbolRow
from streams.domain.market import Market
from streams.domain.order import Order
from tradeflow.flow.mix import Mix
from tradeflow.flow.open_orders import OpenOrder
from tradeflow.flow.symbol_flow import Command, SymbolFlow

ACCOUNT_PREFIX = "load-"
_OPEN_MAX_FACTOR = 2
_REDUCE_SHARE = 0.1


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
        self._accounts = [f"{ACCOUNT_PREFIX}{number}" for number in range(1, accounts + 1)]
        self._open_target = open_target
        self._swept = 0
        self.number = 0
        """Commands made so far, swept ones aside."""
        self._flows: dict[str, SymbolFlow] = {}
        for instrument in instruments:
            book = (books or {}).get(instrument.symbol, StartingBook())
            self._flows[instrument.symbol] = SymbolFlow(
                instrument,
                # A stream of its own: a symbol's flow is the same whatever the others do.
                Random(f"{seed}/{instrument.symbol}"),
                Market.restore(instrument, book.symbol_row, list(book.orders), []),
                frozenset(self._accounts),
                [order for order in book.orders if order.account_id.startswith(ACCOUNT_PREFIX)],
            )
        self._symbols = list(self._flows)

    def next_command(self, time_ms: int) -> Command:
        """The next command, stamped with this time."""
        self.number += 1
        name = f"{self._run}-{self.number}"
        flow = self._flows[self._random.choice(self._symbols)]
        account = self._random.choice(self._accounts)
        [kind] = self._random.choices(("make", "take", "cancel"), self._mix.weights)
        open_count = len(flow.open)
        if kind == "take":
            return flow.taker(name, account, time_ms)
        if open_count == 0:
            return flow.maker(name, account, time_ms)
        if kind == "make" and open_count < self._open_target * _OPEN_MAX_FACTOR:
            return flow.maker(name, account, time_ms)
        return self._cancel(flow, name, time_ms)

    def open_orders(self, symbol: str) -> int:
        """How many orders of a symbol the flow believes to be open."""
        return len(self._flows[symbol].open)

    def believes_open(self, symbol: str, order_id: int) -> bool:
        """Whether the flow would cancel or reduce this order some day."""
        return order_id in self._flows[symbol].open

    def sweep(self, symbol: str, strays: Iterable[OpenOrder], time_ms: int) -> list[Command]:
        """Cancels of orders that are open although the flow believes them closed."""
        commands = []
        for order in strays:
            self._swept += 1
            name = f"{self._run}-s{self._swept}"
            commands.append(self._flows[symbol].cancel(name, time_ms, order))
        return commands

    def _cancel(self, flow: SymbolFlow, name: str, time_ms: int) -> Command:
        """Cancel, replace or reduce: the more orders are open, the more are cancelled."""
        if self._random.random() < _REDUCE_SHARE:
            return flow.reduce(name, time_ms)
        surplus = len(flow.open) / self._open_target - 0.5
        if self._random.random() < surplus:
            return flow.cancel(name, time_ms)
        return flow.requote(name, time_ms)

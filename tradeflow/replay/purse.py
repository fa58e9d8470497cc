"""What the house must have brought in for the orders of a replay; pure.

An exact account of the money would need every event of the wallet.  This is a bound that is never
too low: what was held when all was last answered, and all that orders need which were sent since.
"""

from collections import Counter
from collections.abc import Iterable

from schemas.instruments import Instrument
from schemas.records import PlaceOrder
from streams.domain.reservation import reservation

_TIMES = 2


class Purse:
    """The money of one account that trades with itself: only commissions leave it.

    Amounts are minor units by asset.
    """

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._deposited: Counter[str] = Counter()
        self._bound: Counter[str] = Counter()

    def settle(self, held: Counter[str]) -> None:
        """All that was sent is answered, and the account holds so much."""
        self._bound = Counter(held)

    def spend(self, order: PlaceOrder) -> str:
        """An order is to be sent; the asset that it needs."""
        asset, units = reservation(self._instrument, order)
        self._bound[asset] += units
        return asset

    def lacks(self, asset: str, paid: int) -> int:
        """What must come in before that order goes out, at least; ``paid``: commissions so far."""
        return max(0, self._bound[asset] + paid - self._deposited[asset])

    def supply(self, asset: str, paid: int, levels: Iterable[tuple[int, int]]) -> int:
        """What to bring in instead: enough for a good while.

        ``levels`` are the recorded ones of the asset's side, (price ticks, lots).
        """
        rules = self._instrument
        if asset == rules.quote_asset:
            book = sum(price * lots for price, lots in levels) * rules.quote_units_per_tick_lot
        else:
            book = sum(lots for _, lots in levels) * rules.base_units_per_lot
        return _TIMES * max(self._bound[asset] + paid, book) - self._deposited[asset]

    def bring_in(self, asset: str, units: int) -> None:
        """So much came in."""
        self._deposited[asset] += units

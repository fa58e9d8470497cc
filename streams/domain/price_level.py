"""All orders at one price of one side: a queue in which any order leaves in constant time."""

from collections.abc import Iterator

from streams.domain.order import Order


class PriceLevel:
    """A linked queue of orders, the first to be matched at ``first``.

    A dictionary in insertion order would do until its front has been eaten: finding its first
    entry then walks over all that have left.  ``published_lots`` is the visible quantity that
    the last depth update told; ``is_touched`` says that it may no longer be.
    """

    __slots__ = (
        "price_ticks",
        "key",
        "visible_lots",
        "published_lots",
        "is_touched",
        "first",
        "last",
    )

    def __init__(self, price_ticks: int, key: int) -> None:
        self.price_ticks = price_ticks
        self.key = key
        self.visible_lots = 0
        self.published_lots = 0
        self.is_touched = False
        self.first: Order | None = None
        self.last: Order | None = None

    def append(self, order: Order) -> None:
        """Queue an order behind all others; its visible lots count from now on."""
        last = self.last
        if last is None:
            self.first = order
        else:
            last.behind = order
            order.ahead = last
        self.last = order
        order.level = self
        self.visible_lots += order.visible_lots

    def remove(self, order: Order) -> None:
        """Take an order out, with the lots it shows."""
        ahead = order.ahead
        behind = order.behind
        if ahead is None:
            self.first = behind
        else:
            ahead.behind = behind
            order.ahead = None
        if behind is None:
            self.last = ahead
        else:
            behind.ahead = ahead
            order.behind = None
        order.level = None
        self.visible_lots -= order.visible_lots

    def __iter__(self) -> Iterator[Order]:
        order = self.first
        while order is not None:
            yield order
            order = order.behind

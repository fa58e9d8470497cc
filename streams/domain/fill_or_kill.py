"""Can a FOK order be filled at once and completely?  Decided before its first match."""

from streams.domain.book_side import BookSide
from streams.domain.order import Order


def can_fill_completely(side: BookSide, order: Order, limit_key: int) -> bool:
    """Whether what ``order`` may take of ``side``, hidden parts included, reaches its quantity.

    A level's hidden parts queue behind all of its orders, so an own order that ends the sum hides
    them.
    """
    mode = order.self_trade_prevention
    owner = None if mode == "NONE" else order.account_id
    missing = order.leaves_lots
    for level in side.best_first():
        if level.key < limit_key:
            return False
        hidden = 0
        for maker in level:
            if maker.account_id == owner:
                if mode == "EXPIRE_MAKER":
                    continue
                return False
            missing -= maker.visible_lots
            hidden += maker.leaves_lots - maker.visible_lots
            if missing <= 0:
                return True
        missing -= hidden
        if missing <= 0:
            return True
    return False

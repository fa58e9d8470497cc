"""Whose a client order id is, where two sagas have it (``ORDERS.md``, «Who is found …»)."""

from streams.domain.saga import Saga

Name = tuple[str, str, str]
"""Account, symbol and client order id."""


class OrderNames:
    """Sagas by client order id: of several that have one, that with the best claim is found.

    The claim is a rule on rows, and it is looked at again whenever a row says something else: so
    a restored stage finds the same ones.  It seldom happens that there are several.
    """

    __slots__ = ("found", "_rivals")

    def __init__(self) -> None:
        self.found: dict[Name, Saga] = {}
        self._rivals: dict[Name, list[Saga]] = {}
        """All that have a name, where they are more than one."""

    def find(self, account_id: str, symbol: str, client_order_id: str) -> Saga | None:
        """The account's saga of this client order id."""
        return self.found.get((account_id, symbol, client_order_id))

    def add(self, saga: Saga) -> None:
        """Let a saga be found by its client order id."""
        name = _name_of(saga)
        holder = self.found.setdefault(name, saga)
        if holder is not saga:
            self._rivals.setdefault(name, [holder]).append(saga)
            self.judge(saga)

    def judge(self, saga: Saga) -> None:
        """Look again at who is found: the saga has closed, or has been numbered."""
        name = _name_of(saga)
        rivals = self._rivals.get(name)
        if rivals is not None:
            self.found[name] = max(rivals, key=_claim)

    def remove(self, saga: Saga) -> None:
        """Find a saga no more by its client order id; it need not have been found by it."""
        name = _name_of(saga)
        rivals = self._rivals.get(name)
        if rivals is None:
            if self.found.get(name) is saga:
                del self.found[name]
            return
        left = [rival for rival in rivals if rival is not saga]
        self.found[name] = max(left, key=_claim)
        if len(left) == 1:
            del self._rivals[name]
        else:
            self._rivals[name] = left


def _name_of(saga: Saga) -> Name:
    return saga.account_id, saga.symbol, saga.client_order_id


def _claim(saga: Saga) -> tuple[bool, bool, int, int]:
    """The accepted open one, else the pending one, else the one that closed last."""
    is_open = not saga.closed_ms
    return is_open and saga.order_id > 0, is_open, saga.closed_ms, saga.order_id

"""Recorded orders one by one, on the exchange's book."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.builders import a_place
from tests.tradeflow.backtest.made import SHARE, SYMBOL
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.backtest.lobster import Message, MessageType
from tradeflow.backtest.lobster_flow import LobsterFlow

_SUBMIT, _PART, _CANCEL, _EXECUTE, _HIDDEN, _CROSS, _HALT = MessageType


class _Played:
    def __init__(
        self, messages: Iterable[Message] = (), book: Iterable[tuple[bool, int, int]] = ()
    ) -> None:
        self.trades: list[tuple[int, int]] = []
        self.exchange = Exchange({SYMBOL: SHARE}, on_outcome=self._hear)
        self.flow = LobsterFlow(SHARE, iter(messages), book)
        self.exchange.on_refusal = self.flow.hear_refusal
        self.funds = Funds(self.exchange)
        self.flow.begin(self.exchange, self.funds)
        for _, moment in self.flow.moments():
            self.flow.play(moment)

    def _hear(self, outcome: object) -> None:
        self.flow.hear(outcome)  # type: ignore[arg-type]
        self.trades += [(t.price_ticks, t.quantity_lots) for t in outcome.trades]  # type: ignore[attr-defined]

    @property
    def depth(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        return self.exchange.markets[SYMBOL].depth()


def _message(
    kind: MessageType, order_id: int, size: int, price: int, *, is_buy: bool = True
) -> Message:
    return Message(1_000, kind, order_id, size, price, is_buy)


def test_an_order_lives_as_it_was_recorded() -> None:
    played = _Played(
        [
            _message(_SUBMIT, 1, 100, 100_000),
            _message(_SUBMIT, 2, 50, 100_000),
            _message(_PART, 1, 30, 100_000),
            _message(_EXECUTE, 1, 60, 100_000),
            _message(_CANCEL, 1, 10, 100_000),
        ]
    )

    assert played.trades == [(1_000, 60)]
    assert played.depth == ([(1_000, 50)], [])
    counts = played.flow.counts()
    assert counts["commands refused"] == 0
    assert (counts["submissions"], counts["executions"], counts["cancels"]) == (2, 1, 1)


def test_what_was_hidden_crossed_or_halted_is_told_and_changes_nothing() -> None:
    played = _Played(
        [
            _message(_SUBMIT, 1, 100, 100_000),
            _message(_HIDDEN, 0, 70, 100_050),
            _message(_CROSS, 0, 900, 100_050),
            _message(_HALT, 0, 0, -1),
        ]
    )

    counts = played.flow.counts()
    assert (counts["hidden executions"], counts["hidden shares"]) == (1, 70)
    assert (counts["crosses"], counts["halts"]) == (1, 1)
    assert played.trades == []
    assert played.depth == ([(1_000, 100)], [])


def test_an_execution_of_an_older_order_proves_that_it_was_there() -> None:
    played = _Played([_message(_EXECUTE, 9, 40, 100_000, is_buy=False)])

    assert played.trades == [(1_000, 40)]
    assert played.depth == ([], [])
    assert played.flow.counts()["executions of orders from before the file"] == 1


def test_a_cancel_of_an_older_order_is_counted() -> None:
    played = _Played([_message(_CANCEL, 9, 40, 100_000), _message(_PART, 9, 4, 100_000)])

    assert played.flow.counts()["cancels of orders from before the file"] == 2


def test_prices_between_two_cents_are_counted() -> None:
    played = _Played([_message(_SUBMIT, 1, 100, 100_050 + 1)])

    assert played.flow.counts()["off the grid"] == 1
    assert played.depth == ([], [])


def test_what_somebody_else_has_taken_cannot_be_cancelled() -> None:
    played = _Played([_message(_SUBMIT, 1, 100, 100_000)])
    played.funds.open_account("ann", 1_000)
    played.funds.bring_in("ann", "ACME", 10**11, 1_000)
    order = a_place(
        account_id="ann", symbol=SYMBOL, side="SELL", price_ticks=1_000, quantity_lots=100
    )
    played.exchange.command("PlaceOrder", order)

    played.flow.play(_message(_CANCEL, 1, 100, 100_000))

    assert played.trades == [(1_000, 100)]
    counts = played.flow.counts()
    assert counts["cancels of orders that were taken"] == 1
    assert counts["commands refused"] == 0


BOOK = ((True, 100_000, 80), (False, 100_200, 70), (True, 99_900, 40))


def test_the_book_begins_as_the_order_book_file_says() -> None:
    submitted = _Played([_message(_SUBMIT, 1, 30, 100_000)], BOOK)
    executed = _Played([_message(_EXECUTE, 9, 30, 100_000)], BOOK)

    for played in (submitted, executed):
        assert played.depth == ([(1_000, 80), (999, 40)], [(1_002, 70)])
        assert played.flow.counts()["commands refused"] == 0
    assert executed.trades == [(1_000, 30)]


def test_what_was_there_before_can_be_taken_and_cancelled() -> None:
    played = _Played(
        [
            _message(_SUBMIT, 1, 30, 100_000),
            _message(_EXECUTE, 9, 20, 100_000),
            _message(_CANCEL, 8, 10, 100_000),
            _message(_EXECUTE, 7, 90, 100_200, is_buy=False),
            _message(_PART, 6, 50, 99_900),
        ],
        BOOK,
    )

    # 50 of the 80 were older than the file: they stand first.
    assert played.trades == [(1_000, 20), (1_002, 70), (1_002, 20)]
    assert played.depth == ([(1_000, 50)], [])
    counts = played.flow.counts()
    assert counts["levels at the start"] == 3
    assert counts["commands refused"] == 0


@given(st.data())
@settings(max_examples=60)
def test_the_book_is_what_the_messages_add_up_to(data: st.DataObject) -> None:
    """Against levels that are added up: submissions rest, all else takes from known orders."""
    resting: dict[int, tuple[int, int, bool]] = {}
    messages: list[Message] = []
    for order_id in range(1, data.draw(st.integers(1, 25)) + 1):
        is_buy = data.draw(st.booleans())
        # The sides never meet: bids below 10.00, asks above.
        cents = data.draw(st.integers(990, 999) if is_buy else st.integers(1_001, 1_010))
        size = data.draw(st.integers(1, 100))
        messages.append(_message(_SUBMIT, order_id, size, cents * 100, is_buy=is_buy))
        resting[order_id] = (cents, size, is_buy)
        if data.draw(st.booleans()):
            target = data.draw(st.sampled_from(sorted(resting)))
            cents, size, is_buy = resting.pop(target)
            part = data.draw(st.integers(1, size))
            kind = data.draw(st.sampled_from((_PART, _CANCEL, _EXECUTE)))
            if kind == _EXECUTE and not _is_first(target, cents, is_buy, resting):
                kind = _PART
            part = size if kind == _CANCEL else part
            messages.append(_message(kind, target, part, cents * 100, is_buy=is_buy))
            if part < size:
                resting[target] = (cents, size - part, is_buy)

    played = _Played(messages)

    assert played.flow.counts()["commands refused"] == 0
    for side, is_buy in ((0, True), (1, False)):
        wanted: dict[int, int] = {}
        for cents, size, buy in resting.values():
            if buy == is_buy:
                wanted[cents] = wanted.get(cents, 0) + size
        assert dict(played.depth[side]) == wanted


def _is_first(
    target: int, cents: int, is_buy: bool, others: dict[int, tuple[int, int, bool]]
) -> bool:
    """Whether a recorded taker would have met this order before all others."""
    rank = (-cents if is_buy else cents, target)
    return all(
        rank < (-price if is_buy else price, order_id)
        for order_id, (price, _, buy) in others.items()
        if buy == is_buy
    )

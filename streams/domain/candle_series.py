"""All candles of one symbol, in event time.

The watermark is the latest time that a trade or a tick has told.  A window is over when the
watermark is past its end by the grace; then it is told for the last time and added to the longer
windows that it is a part of, so each trade is counted once, in its second.  What comes for a time
before the watermark less the grace is late: it is in no candle, and counted.
"""

from typing import Final

from schemas.market_records import Candle
from streams.domain.candle import CandleEvent, CandleSums
from streams.domain.candle_intervals import INTERVAL_NAMES, INTERVALS
from streams.domain.seen_ids import SeenIds

TELL_MS: Final = 1_000
"""Open windows are told when the watermark passes a multiple of this, if anything traded since."""

_NEVER: Final = 2**62 - 1

MADE_OF: Final = tuple(
    tuple(interval for interval in INTERVALS if interval.source == place)
    for place in range(len(INTERVALS))
)
"""By place of an interval: those that are made of its candles."""


class CandleSeries:
    """The open windows of one symbol; ``windows`` has what is in them by interval and opening.

    The sums of a window longer than a second are those of the shorter ones in it that are closed.
    """

    __slots__ = (
        "symbol",
        "grace_ms",
        "watermark_ms",
        "told_ms",
        "late_trades",
        "repeated_trades",
        "seen",
        "windows",
        "is_told",
        "_next_end_ms",
        "_changed",
    )

    def __init__(self, symbol: str, grace_ms: int) -> None:
        self.symbol = symbol
        self.grace_ms = grace_ms
        self.watermark_ms = 0
        self.told_ms = 0
        self.late_trades = 0
        self.repeated_trades = 0
        self.seen = SeenIds()
        self.windows: list[dict[int, CandleSums]] = [{} for _ in INTERVALS]
        self.is_told = True
        """Whether nothing traded since open windows were told."""
        self._next_end_ms = _NEVER
        self._changed: dict[tuple[int, int], None] = {}

    def load_window(self, row: Candle) -> None:
        """Put an open window in its place, from its row."""
        place = INTERVAL_NAMES.index(row["interval"])
        open_ms = row["open_time_ms"]
        self.windows[place][open_ms] = CandleSums.from_record(row)
        self._next_end_ms = min(self._next_end_ms, INTERVALS[place].end_ms(open_ms))

    def add(
        self,
        trade_id: int,
        price_ticks: int,
        lots: int,
        quote_units: int,
        is_taker_buy: bool,
        time_ms: int,
    ) -> bool:
        """Count a trade; False if it is late or was counted.  ``advance`` comes first."""
        if time_ms < self.watermark_ms - self.grace_ms:
            if trade_id in self.seen:
                self.repeated_trades += 1
            else:
                self.late_trades += 1
            return False
        if not self.seen.add(trade_id):
            self.repeated_trades += 1
            return False
        open_ms = time_ms - time_ms % 1_000
        sums = self._window(0, open_ms)
        sums.add_trade(trade_id, price_ticks, lots, quote_units, is_taker_buy)
        self.is_told = False
        return True

    def advance(self, time_ms: int) -> list[CandleEvent]:
        """Let time pass: what is over is closed, and now and then what is open is told."""
        events: list[CandleEvent] = []
        if time_ms <= self.watermark_ms:
            return events
        self.watermark_ms = time_ms
        if time_ms - self.grace_ms >= self._next_end_ms:
            self._close(time_ms - self.grace_ms, events)
        if time_ms - time_ms % TELL_MS > self.told_ms:
            self.told_ms = time_ms - time_ms % TELL_MS
            if not self.is_told:
                self.is_told = True
                for place, opened in enumerate(self.views()):
                    for open_ms in sorted(opened):
                        event = self._event(place, open_ms, opened[open_ms], is_closed=False)
                        events.append(event)
        return events

    def views(self) -> list[dict[int, CandleSums]]:
        """The open windows with all that has traded in them, by interval."""
        views: list[dict[int, CandleSums]] = []
        for interval in INTERVALS:
            own = self.windows[interval.place]
            if interval.source < 0:
                views.append(own)
                continue
            whole = {open_ms: sums.copy() for open_ms, sums in own.items()}
            for source_ms, source in views[interval.source].items():
                open_ms = interval.open_ms(source_ms)
                sums = whole.get(open_ms)
                if sums is None:
                    whole[open_ms] = source.copy()
                else:
                    sums.add(source)
            views.append(whole)
        return views

    def still_open(self, place: int) -> CandleSums:
        """All that is in no closed window of an interval yet; its source is made of trades."""
        whole = CandleSums()
        for opened in self.windows[: place + 1]:
            for sums in opened.values():
                whole.add(sums)
        return whole

    def take_changes(self) -> dict[str, Candle | None]:
        """The rows of the windows that changed since the last call; None where one is over."""
        rows: dict[str, Candle | None] = {}
        for place, open_ms in self._changed:
            sums = self.windows[place].get(open_ms)
            event = self._event(place, open_ms, sums or CandleSums(), is_closed=False)
            rows[event.key] = None if sums is None else event.as_record()
        self._changed = {}
        return rows

    def _window(self, place: int, open_ms: int) -> CandleSums:
        sums = self.windows[place].get(open_ms)
        if sums is None:
            sums = self.windows[place][open_ms] = CandleSums()
            self._next_end_ms = min(self._next_end_ms, INTERVALS[place].end_ms(open_ms))
        self._changed[place, open_ms] = None
        return sums

    def _close(self, until_ms: int, events: list[CandleEvent]) -> None:
        # Shortest first: what closes here may be all that a longer one still waits for.
        for interval in INTERVALS:
            own = self.windows[interval.place]
            for open_ms in sorted(own):
                if interval.end_ms(open_ms) > until_ms:
                    break
                sums = own.pop(open_ms)
                self._changed[interval.place, open_ms] = None
                events.append(self._event(interval.place, open_ms, sums, is_closed=True))
                for longer in MADE_OF[interval.place]:
                    self._window(longer.place, longer.open_ms(open_ms)).add(sums)
        self._next_end_ms = min(
            (
                INTERVALS[place].end_ms(open_ms)
                for place, opened in enumerate(self.windows)
                for open_ms in opened
            ),
            default=_NEVER,
        )

    def _event(self, place: int, open_ms: int, sums: CandleSums, *, is_closed: bool) -> CandleEvent:
        interval = INTERVALS[place]
        end_ms = interval.end_ms(open_ms)
        return CandleEvent(self.symbol, interval.name, open_ms, end_ms - 1, sums, is_closed)

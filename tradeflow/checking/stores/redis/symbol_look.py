"""Symbol after symbol of what Redis has, each at positions of its own, which only rise."""

from collections.abc import Mapping

from schemas.topics import CANDLES as CANDLES_TOPIC
from schemas.topics import ORDERBOOK_UPDATES
from schemas.topics import TICKERS as TICKERS_TOPIC
from tradeflow.checking.entry import read_entry
from tradeflow.checking.stores.comparison import canonical
from tradeflow.checking.stores.positions import later_positions, positions_of_this_log
from tradeflow.checking.stores.redis.reference import RedisReference
from tradeflow.checking.stores.redis.symbol_rows import (
    BOOKS,
    CANDLES,
    SYMBOLS,
    TICKERS,
    Row,
    Rows,
    opening_of,
    rows_of,
)
from tradeflow.checking.stores.redis.tickers import OF_A_DAY, OF_THE_BOOK
from tradeflow.checking.stores.redis.view import RedisView
from tradeflow.checking.stores.store_log import StoreLog
from tradeflow.checking.stores.store_report import Progress, StoreReport
from tradeflow.topic_reader import Partition

Positions = dict[Partition, int]


class CandlesBeganError(Exception):
    """The store got its first candles, in a form not known before, while it was looked at."""


class SymbolLook:
    """Symbol after symbol, each at positions of its own, which only rise."""

    def __init__(
        self,
        view: RedisView,
        log: StoreLog,
        reference: RedisReference,
        report: StoreReport,
        progress: Progress,
        form: str,
    ) -> None:
        self._view = view
        self._log = log
        self._reference = reference
        self._report = report
        self._progress = progress
        self._form = form
        self.positions: Positions = {}
        """How far the reference has come."""

    def begin(self) -> bool:
        """Read the log to where the store is now; False where it is another log's.

        Raises:
            CandlesBeganError: look again, it has candles now.
        """
        first = positions_of_this_log(self._view.positions(), self._log, self._report)
        if first is None:
            return False
        self.read_on(first)
        self._require_known_form()
        if not self._form and self._reference.symbols():
            self._report.table(SYMBOLS).missing("candles:redis", {})
        return True

    def at_symbols(self, known: set[str]) -> None:
        """Compare what there is of each symbol; raises CandlesBeganError."""
        symbols = sorted(known | self._view.symbols() | self._reference.symbols())
        for number, symbol in enumerate(symbols, start=1):
            self._at(symbol)
            self._progress("redis: comparing symbols", number, len(symbols))

    def read_on(self, positions: Mapping[Partition, int]) -> None:
        """Read the log on to these positions."""
        self.positions = later_positions(self.positions, positions)

        def show(done: int, total: int) -> None:
            self._progress("redis: reading the log", done, total)

        for record in self._log.read_to(self.positions, show):
            if not record.is_tick:
                self._reference.take(read_entry(record))

    def _at(self, symbol: str) -> None:
        positions, members, keys = self._view.symbol(symbol, self._form)
        self.read_on(positions)
        self._require_known_form()
        state = keys.get(f"orderbook:{symbol}:state", {})
        at = state.get("update_id", "")
        update_id = int(at) if at.isdigit() else 0
        found = rows_of(keys)
        expected = rows_of(self._reference.keys(symbol, update_id=update_id))
        found[SYMBOLS] = {member: {} for member in members}
        expected[SYMBOLS] = {member: {} for member in self._reference.members(symbol)}
        self._leave_out_old_tickers(symbol, expected, found)
        if self._is_ahead(symbol, update_id):
            expected[SYMBOLS][symbol] = found[SYMBOLS].setdefault(symbol, {})
            self._leave_out(BOOKS, expected, found)
        elif state.get("needs", "0") != "0":
            self._leave_out(BOOKS, expected, found)
        differing = {name: _differing(expected[name], found[name]) for name in expected}
        moved: set[str] = set()
        if differing[CANDLES] or differing[SYMBOLS]:
            moved = self._moved(differing[CANDLES], differing[SYMBOLS])
        for name, differ in differing.items():
            self._compare(name, expected[name], found[name], differ - moved)
            self._report.table(name).unjudged += len(differ & moved)

    def _require_known_form(self) -> None:
        if not self._form and self._reference.symbols() and self._view.form():
            raise CandlesBeganError

    def _compare(
        self, name: str, expected: dict[str, Row], found: dict[str, Row], differ: set[str]
    ) -> None:
        table = self._report.table(name)
        for key, row in found.items():
            table.has(key, canonical(row))
        for key in sorted(differ):
            if key not in found:
                table.missing(key, expected[key])
            elif key not in expected:
                table.extra(key, found[key])
            else:
                table.wrong(key, expected[key], found[key])

    def _moved(self, candles: set[str], members: set[str]) -> set[str]:
        """Those of which the log says something later: it may have forgotten what was before."""
        series, later = set(), set()
        for record in self._log.since(CANDLES_TOPIC.name, self.positions):
            candle = read_entry(record)
            if candle.name == "Candle":
                symbol, interval = candle.value["symbol"], candle.value["interval"]
                series.add(f"{symbol}:{interval}")
                later.add((symbol, interval, candle.value["open_time_ms"]))
        return {key for key in candles if (key.split(":")[1], *opening_of(key)) in later} | (
            members & series
        )

    def _is_ahead(self, symbol: str, update_id: int) -> bool:
        """Whether the book began with a snapshot that the log has forgotten since."""
        book = self._reference.books.at(symbol, update_id)
        if update_id <= book.update_id:
            return False
        for record in self._log.since(ORDERBOOK_UPDATES.name, self.positions):
            value = read_entry(record).value
            if value["symbol"] == symbol and value["last_update_id"] == update_id:
                return True
        return False

    def _leave_out(self, name: str, expected: Rows, found: Rows) -> None:
        """What the store itself says is not whole is not compared."""
        self._report.table(name).unjudged += len(found[name])
        expected[name], found[name] = {}, {}

    def _leave_out_old_tickers(self, symbol: str, expected: Rows, found: Rows) -> None:
        """Tickers are kept for a day: of a symbol that was silent for longer nothing is told."""
        cut = {each.number for each, at in self._log.first.items() if _is_cut(each, at)}
        if not cut:
            return
        ticker, reference = f"ticker:{symbol}", self._reference
        names: list[str] = []
        names += () if reference.has_day(symbol) else OF_A_DAY
        names += () if reference.has_best(symbol) else OF_THE_BOOK
        names += () if expected[TICKERS] else ("symbol",)
        for name in names:
            gone = found[TICKERS].pop(f"{ticker} {name}", None)
            self._report.table(TICKERS).unjudged += gone is not None


def _differing(expected: dict[str, Row], found: dict[str, Row]) -> set[str]:
    return {key for key in expected.keys() | found if expected.get(key) != found.get(key)}


def _is_cut(partition: Partition, first: int) -> bool:
    return partition.topic == TICKERS_TOPIC.name and first > 0

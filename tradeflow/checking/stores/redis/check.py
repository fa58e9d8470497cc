"""Holds Redis against the log."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from typing import Any

from schemas.instruments import Instrument
from schemas.topics import (
    CANDLES,
    ORDERBOOK_SNAPSHOTS,
    ORDERBOOK_UPDATES,
    ORDERS_ORDERS,
    TICKERS,
    TRADES,
)
from tradeflow.checking.stores.redis.candles import TIME_SERIES
from tradeflow.checking.stores.redis.reference import RedisReference
from tradeflow.checking.stores.redis.saga_ends import compare_sagas
from tradeflow.checking.stores.redis.symbol_look import CandlesBeganError, SymbolLook
from tradeflow.checking.stores.redis.view import RedisView
from tradeflow.checking.stores.store_log import StoreLog
from tradeflow.checking.stores.store_report import Progress, StoreReport, StoreUnreachableError

TOPICS = (
    TRADES.name,
    TICKERS.name,
    CANDLES.name,
    ORDERBOOK_UPDATES.name,
    ORDERBOOK_SNAPSHOTS.name,
    ORDERS_ORDERS.name,
)


class RedisCheck:
    """One server; see ``StoreCheck``."""

    name = "redis"

    def __init__(
        self,
        address: str,
        instruments: Mapping[str, Instrument],
        connect: Callable[[], Any],
        errors: Callable[[], AbstractContextManager[None]],
        *,
        prefix: str,
        candles_kept: int,
    ) -> None:
        """``errors`` makes StoreUnreachableErrors of the client's within its block."""
        self.address = address
        self._instruments = instruments
        self._connect = connect
        self._errors = errors
        self._prefix = prefix
        self._candles_kept = candles_kept

    def probe(self) -> None:
        """See ``StoreCheck``."""
        with self._errors(), closing(self._view()) as view:
            if not view.positions():
                raise StoreUnreachableError(
                    f"Redis at {self.address} has nothing of the log: feed it with"
                    " tradeflow connect redis"
                )

    def run(self, bootstrap: str, progress: Progress) -> StoreReport:
        """See ``StoreCheck``."""
        try:
            return self._run(bootstrap, progress)
        except CandlesBeganError:
            # It has them for good now.
            return self._run(bootstrap, progress)

    def _run(self, bootstrap: str, progress: Progress) -> StoreReport:
        with ExitStack() as stack:
            stack.enter_context(self._errors())
            view = stack.enter_context(closing(self._view()))
            form = view.form()
            reference = RedisReference(
                self._instruments, form=form or TIME_SERIES, candles_kept=self._candles_kept
            )
            report = StoreReport(self.name, self.address)
            log = stack.enter_context(closing(StoreLog(bootstrap, TOPICS)))
            look = SymbolLook(view, log, reference, report, progress, form)
            if look.begin():
                look.at_symbols(set(self._instruments))
                look.read_on(view.positions())
                compare_sagas(view, reference, report, look.read_on, bootstrap, progress)
                positions = look.positions
                report.positions = {str(each): at for each, at in sorted(positions.items())}
                report.behind = sum(not record.is_tick for record in log.rest())
            return report

    def _view(self) -> RedisView:
        return RedisView(self._connect(), self._prefix)

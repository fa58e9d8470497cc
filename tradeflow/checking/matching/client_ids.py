"""I8: one client order id, however often it is submitted, is one order."""

from collections.abc import Iterable
from typing import Any

from schemas.records import ExecutionReport
from streams.domain.age_queue import AgeQueue
from streams.domain.order_status import CLOSED_STATUSES
from tradeflow.checking.findings import Findings

REMEMBERED_MS = 600_000
"""Both stages that look at client order ids know those of the last ten minutes' closed orders."""

REMEMBERED_LIMIT = 20_000
"""Of a symbol: fewer than matching remembers."""


class ClientIds:
    """Which order has a client order id, by what was reported."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._symbols: dict[str, _SymbolIds] = {}

    def complete(self, position: str, reports: Iterable[ExecutionReport]) -> None:
        """Take the reports of one command in, which are of one symbol."""
        for report in reports:
            if not report["order_id"] or report["execution_type"].endswith("REJECTED"):
                continue
            ids = self._symbols.setdefault(report["symbol"], _SymbolIds())
            if report["execution_type"] == "NEW":
                self.findings.figures["accepted orders"] += 1
            holder = ids.follow(report)
            if holder:
                name = f"{report['client_order_id']!r} of {report['account_id']}"
                text = (
                    f"order {report['order_id']} has the client order id {name} of order {holder}"
                )
                self.findings.violated(position, f"{report['symbol']}: {text}")

    def to_state(self) -> dict[str, Any]:
        """Who has which id, for a checkpoint."""
        return {symbol: ids.to_state() for symbol, ids in self._symbols.items()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        for symbol, kept in state.items():
            self._symbols[symbol] = ids = _SymbolIds()
            ids.load(kept)


class _SymbolIds:
    """Client order ids in use, as ``account id``, and those of orders that closed lately."""

    def __init__(self) -> None:
        self._holders: dict[str, int] = {}
        self._closed: dict[str, int] = {}
        self._queue = AgeQueue(kept_ms=REMEMBERED_MS, limit=REMEMBERED_LIMIT)

    def follow(self, report: ExecutionReport) -> int:
        """Take a report in; another order that has its client order id, or 0."""
        now_ms, order_id = report["time_ms"], report["order_id"]
        for key in self._queue.take_old(now_ms):
            if self._closed.pop(key, None) is not None:
                self._holders.pop(key, None)
        if report["execution_type"] == "CANCELED":
            # Its client order id may be that of the cancel.
            name = report["original_client_order_id"]
        else:
            name = report["client_order_id"]
        key = f"{report['account_id']} {name}"
        if report["execution_type"] == "REPLACED" and name != report["original_client_order_id"]:
            self._close(f"{report['account_id']} {report['original_client_order_id']}", now_ms)
        holder = 0
        if report["execution_type"] in ("NEW", "REPLACED"):
            holder = self._holders.get(key, 0)
            self._holders[key] = order_id
            self._closed.pop(key, None)
        if report["order_status"] in CLOSED_STATUSES:
            self._close(key, now_ms)
        return holder if holder != order_id else 0

    def _close(self, key: str, now_ms: int) -> None:
        self._closed[key] = now_ms
        self._queue.add(now_ms, key)

    def to_state(self) -> dict[str, Any]:
        return {"holders": self._holders, "closed": self._closed}

    def load(self, state: dict[str, Any]) -> None:
        self._holders = state["holders"]
        self._closed = state["closed"]
        self._queue.load((closed_ms, key) for key, closed_ms in self._closed.items())

"""Which sagas Redis remembers to have ended.

The log forgets a saga minutes after its end, Redis a day after it.  Of those that the log has, each
must be there with its end; of the others it is only seen that somebody placed them.
"""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from schemas.topics import ORDERS_COMMANDS
from tradeflow.checking.entry import read_entry
from tradeflow.checking.stores.comparison import TableComparison
from tradeflow.checking.stores.expected_rows import ExpectedRows
from tradeflow.checking.stores.redis.reference import RedisReference, saga_uuid
from tradeflow.checking.stores.redis.symbol_rows import SAGAS
from tradeflow.checking.stores.redis.view import RedisView
from tradeflow.checking.stores.store_log import StoreLog
from tradeflow.checking.stores.store_report import Progress, StoreReport

_PLACEMENTS = ("PlaceOrder", "CancelReplaceOrder")
_ALONE = "sagas in the store alone"
_PAGE = 2_000
_MARGIN_SECONDS = 60
"""The connector's clock, not the server's, decided what was past already."""


def compare_sagas(
    view: RedisView,
    reference: RedisReference,
    report: StoreReport,
    bootstrap: str,
    progress: Progress,
) -> None:
    """Compare the ends of sagas, at the positions that the reference has come to."""
    table = report.table(SAGAS)
    _find_missing(view, reference, table)
    with closing(ExpectedRows()) as alone:
        for uuid in view.sagas():
            if uuid not in reference.sagas:
                alone.put(_ALONE, uuid, {"value": "1"})
        if alone.has_any(_ALONE):
            _find_placed(alone, table, bootstrap, progress)
        for uuid, row in alone.left(_ALONE):
            table.has(uuid, row)
            table.extra(uuid, row)


def _find_missing(view: RedisView, reference: RedisReference, table: TableComparison) -> None:
    uuids = iter(reference.sagas.items())
    while page := dict(islice(uuids, _PAGE)):
        found = view.ends_of_sagas(page)
        soon = view.now() + _MARGIN_SECONDS
        for uuid, until in page.items():
            expected: dict[str, Any] = {"value": "1", "until": until}
            row = found.get(uuid)
            if row is not None:
                table.has(uuid, row)
                if row != expected:
                    table.wrong(uuid, expected, row)
            elif until > soon:
                table.missing(uuid, expected)


def _find_placed(
    alone: ExpectedRows, table: TableComparison, bootstrap: str, progress: Progress
) -> None:
    """Take out those that orders were placed with."""

    def show(done: int, total: int) -> None:
        progress("redis: reading commands", done, total)

    with closing(StoreLog(bootstrap, [ORDERS_COMMANDS.name])) as log:
        placed = _placed(log, show)
        while page := list(islice(placed, _PAGE)):
            for uuid, row in alone.take(_ALONE, page).items():
                table.has(uuid, row)


def _placed(log: StoreLog, show: Any) -> Iterator[str]:
    for record in log.rest(show):
        entry = read_entry(record)
        if entry.name in _PLACEMENTS:
            yield saga_uuid(entry.value["account_id"], entry.value["command_id"])

"""Finds the stores that are to be looked at, and holds each against the log."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from schemas.instruments import Instrument
from tradeflow.checking.findings import Findings
from tradeflow.checking.stores.connections import mongodb_check, mysql_check, redis_check
from tradeflow.checking.stores.store_report import (
    Progress,
    StoreChangedError,
    StoreCheck,
    StoreReport,
    StoreUnreachableError,
)
from tradeflow.errors import TradeflowError

_MAKERS: Mapping[str, Callable[[Mapping[str, Instrument]], StoreCheck]] = {
    "mysql": mysql_check,
    "redis": redis_check,
    "mongodb": mongodb_check,
}
STORES = tuple(_MAKERS)


@dataclass(slots=True)
class Stores:
    """Stores that answer, and why the others are not looked at."""

    checks: list[StoreCheck] = field(default_factory=list)
    why_not: dict[str, str] = field(default_factory=dict)
    wanted: frozenset[str] = frozenset()
    """Those that somebody asked for by name: without them there is no report."""


def find_stores(
    instruments: Mapping[str, Instrument], wanted: Collection[str] | None = None
) -> Stores:
    """The stores that can be reached by their settings; with ``wanted`` these and no others.

    Raises:
        TradeflowError: one that is wanted cannot be reached; settings that will not do.
    """
    found = Stores(wanted=frozenset(wanted or ()))
    for name, make in _MAKERS.items():
        if wanted is not None and name not in wanted:
            found.why_not[name] = "not asked for"
            continue
        try:
            check = make(instruments)
            check.probe()
        except (StoreUnreachableError, ImportError) as error:
            found.why_not[name] = _why_not(name, error)
            if wanted is not None:
                raise _not_looked_at(name, found.why_not[name]) from error
        else:
            found.checks.append(check)
    return found


def check_stores(
    stores: Stores, bootstrap: str, findings: Findings, progress: Progress
) -> list[StoreReport]:
    """Hold each store against the log; what differs is added to the findings.

    Raises:
        TradeflowError: the log cannot be read; a store that was asked for went away.
    """
    reports = []
    for check in stores.checks:
        progress(f"{check.name}: looking at it", 0, 0)
        try:
            report = check.run(bootstrap, progress)
        except (StoreUnreachableError, StoreChangedError) as error:
            stores.why_not[check.name] = str(error)
            if check.name in stores.wanted:
                raise _not_looked_at(check.name, str(error)) from error
            continue
        report.tell(findings)
        reports.append(report)
    findings.why_not = "" if reports else "no store was looked at"
    return reports


def _why_not(name: str, error: Exception) -> str:
    if isinstance(error, ImportError):
        return f"it needs the package {error.name}: pip install 'tradeflow[{name}]'"
    return str(error)


def _not_looked_at(name: str, why_not: str) -> TradeflowError:
    return TradeflowError(f"{name} cannot be looked at: {why_not}.")

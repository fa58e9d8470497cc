"""Positions of a store, beside the log that it is fed from."""

from collections.abc import Mapping

from tradeflow.checking.stores.store_log import StoreLog
from tradeflow.checking.stores.store_report import StoreChangedError, StoreReport
from tradeflow.topic_reader import Partition

Positions = dict[Partition, int]


def positions_of_this_log(
    found: Mapping[Partition, int], log: StoreLog, report: StoreReport
) -> Positions | None:
    """The positions; None, and it is told, where the log has no such places."""
    ends = log.ends(committed=False)
    strange = [each for each, at in sorted(found.items()) if at > ends.get(each, -1)]
    for partition in strange:
        there = {"position": found[partition]}
        if partition in ends:
            report.table("positions").wrong(str(partition), {"position": ends[partition]}, there)
        else:
            report.table("positions").extra(str(partition), there)
    if strange:
        report.notes.append(
            "it was fed from another log, or its topics were made again: nothing else was compared."
        )
        return None
    return dict(found)


def later_positions(before: Positions, now: Mapping[Partition, int]) -> Positions:
    """The positions now.

    Raises:
        StoreChangedError: they have fallen: the store was emptied.
    """
    for partition, at in before.items():
        if now.get(partition, 0) < at:
            raise StoreChangedError(
                f"it was emptied while it was looked at: {partition} fell from {at} to"
                f" {now.get(partition, 0)}"
            )
    return dict(now)

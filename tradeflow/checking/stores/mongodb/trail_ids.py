"""Ids of documents, which are places in the log."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

from tradeflow.topic_reader import Partition

_PLACE = re.compile(r"(.+)/(0|[1-9][0-9]*)/(0|[1-9][0-9]*)", re.DOTALL)

Kind = Literal["stranger", "behind", "ahead"]


def kind_of(document_id: Any, known: Collection[Partition], ends: Mapping[Partition, int]) -> Kind:
    """«behind» the positions (its record is one before them), «ahead» of them, or no place."""
    match = _PLACE.fullmatch(document_id) if isinstance(document_id, str) else None
    if match is None:
        return "stranger"
    partition = Partition(match[1], int(match[2]))
    if partition not in known:
        return "stranger"
    return "behind" if int(match[3]) < ends.get(partition, 0) else "ahead"

"""The rules of an instrument for a replay: its grid as it is, its filters off."""

import json
from pathlib import Path
from typing import Any

from schemas.instruments import DEFAULT_FILE

# A recording has levels below the least notional, far from the market and by the thousand.
_FILTERS_OFF: dict[str, Any] = {
    "min_notional": "0",
    "max_notional": "0",
    "bid_multiplier_up": "0",
    "bid_multiplier_down": "0",
    "ask_multiplier_up": "0",
    "ask_multiplier_down": "0",
    "max_num_orders": 0,
    "max_quantity": "0",
    "market_max_quantity": "0",
}


def without_filters(symbol: str, source: Path | None) -> str:
    """The text of an instruments file with this symbol alone.

    ``source`` is a file that has the symbol and was found in order; None: the default set.
    """
    entries = json.loads((source or DEFAULT_FILE).read_text())
    [found] = [entry for entry in entries if entry["symbol"] == symbol]
    return json.dumps([{**found, **_FILTERS_OFF}], indent=2)

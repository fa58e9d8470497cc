"""Records as one line for people, and as one JSON object for programs."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from schemas.amounts import format_units
from schemas.codec import DecodeError, decode
from schemas.instruments import Instrument
from tradeflow.topic_reader import Record
from tradeflow.views.book_view import price_text, quantity_text

_STYLES = {
    "Trade": "cyan",
    "ExecutionReport": "green",
    "DepthUpdate": "blue",
    "DeadLetter": "bold red",
    "Tick": "dim",
}
_REFUSED = ("REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED")
_EMPTY = (0, "", "NONE", False, None)
# Said in front of the fields, or of no use on a line of its own.
_SAID_ELSEWHERE = ("symbol", "time_ms")
_HEX_MAX = 64

Amount = Callable[[int], str]


def decoded(record: Record) -> tuple[str | None, dict[str, Any] | None, str | None]:
    """The record's name and value; or why it has none."""
    if record.value is None:
        return None, None, None
    try:
        name, value = decode(record.value)
    except DecodeError as fault:
        return None, None, str(fault)
    return name, value, None


def json_line(record: Record) -> str:
    """One JSON object; bytes as hexadecimal text."""
    name, value, fault = decoded(record)
    whole: dict[str, Any] = {
        "topic": record.partition.topic,
        "partition": record.partition.number,
        "offset": record.offset,
        "timestamp": record.timestamp_ms,
        "headers": {key: (data or b"").decode(errors="replace") for key, data in record.headers},
        "key": None if record.key is None else record.key.decode(errors="replace"),
        "record": name,
        "value": value if fault is None or record.value is None else record.value.hex(),
    }
    if fault is not None:
        whole["fault"] = fault
    return json.dumps(whole, default=bytes.hex, ensure_ascii=False)


def human_line(record: Record, instruments: Mapping[str, Instrument]) -> Text:
    """One line: where and when, then what it says."""
    name, value, fault = decoded(record)
    moment = datetime.fromtimestamp(record.timestamp_ms / 1000, tz=UTC)
    line = Text(no_wrap=True, overflow="ignore")
    line.append(f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d} ", style="dim")
    line.append(f"{record.partition.number}/{record.offset} ", style="dim")
    key = "" if record.key is None else record.key.decode(errors="backslashreplace")
    line.append(f"{key} ", style="bold")
    if fault is not None:
        line.append(f"undecodable ({fault}): {_hex(record.value or b'')}", style="red")
    elif name is None or value is None:
        line.append("removed", style="dim")
    else:
        line.append(f"{name} ", style=_style(name, value))
        line.append(_say(name, value, instruments.get(str(value.get("symbol", "")))))
    return line


def _style(name: str, value: Mapping[str, Any]) -> str:
    if value.get("execution_type") in _REFUSED:
        return "yellow"
    return _STYLES.get(name, "magenta")


def _say(name: str, value: Mapping[str, Any], instrument: Instrument | None) -> str:
    if name == "DeadLetter":
        return _dead_letter(value)
    if instrument is None:
        return _fields(value, str, str)

    def price(ticks: int) -> str:
        return price_text(instrument, ticks)

    def quantity(lots: int) -> str:
        return quantity_text(instrument, lots)

    if name == "Trade":
        side = "sold" if value["is_buyer_maker"] else "bought"
        return (
            f"#{value['trade_id']} {quantity(value['quantity_lots'])} {side} at"
            f" {price(value['price_ticks'])}, buyer's order {value['buyer_order_id']},"
            f" seller's {value['seller_order_id']}"
        )
    if name == "DepthUpdate":
        sides = (
            f"{side} "
            + " ".join(
                f"{price(level['price_ticks'])}×{quantity(level['quantity_lots'])}"
                for level in value[side]
            )
            for side in ("bids", "asks")
            if value[side]
        )
        return f"{value['first_update_id']}-{value['last_update_id']}: {'; '.join(sides)}"
    if name == "BookTicker":
        best = (
            f"{side} {price(value[f'{side}_ticks'])}×{quantity(value[f'{side}_lots'])}"
            for side in ("bid", "ask")
            if value[f"{side}_lots"]
        )
        return f"{value['update_id']}: {' '.join(best) or 'nobody is there'}"
    return _fields(value, price, quantity)


def _fields(value: Mapping[str, Any], price: Amount, quantity: Amount) -> str:
    """The fields that say something; amounts as decimals."""
    parts = []
    for name, field in value.items():
        if field in _EMPTY or name in _SAID_ELSEWHERE:
            continue
        if isinstance(field, Mapping):
            parts.append(f"{name}=({_fields(field, price, quantity)})")
        elif name.endswith("_ticks"):
            parts.append(f"{name.removesuffix('_ticks')}={price(field)}")
        elif name.endswith("_lots"):
            parts.append(f"{name.removesuffix('_lots')}={quantity(field)}")
        elif name.endswith("_units"):
            parts.append(f"{name.removesuffix('_units')}={format_units(field)}")
        else:
            parts.append(f"{name}={field}")
    return " ".join(parts)


def _dead_letter(letter: Mapping[str, Any]) -> str:
    source = f"{letter['topic']}/{letter['partition']}/{letter['offset']}"
    return (
        f"{letter['reason']} at {source}: {letter['detail']};"
        f" key {letter['key']!r}, bytes {_hex(letter['value'])}"
    )


def _hex(data: bytes) -> str:
    """Bytes as hexadecimal text, cut where a line would end."""
    text = data[:_HEX_MAX].hex()
    rest = len(data) - _HEX_MAX
    return text if rest <= 0 else f"{text}… ({rest} bytes more; --json shows all)"

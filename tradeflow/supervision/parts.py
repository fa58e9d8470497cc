"""The parts of a running exchange, as whoever looks at them finds them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from tradeflow.supervision.settings import RunFolder

Kind = Literal["broker", "stage", "clock", "makers", "store", "connector", "gateway", "supervisor"]

_KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Part:
    """One process, or one server elsewhere."""

    name: str
    kind: Kind
    address: str = ""
    """host:port, or a URL without a password; "": it answers nobody."""
    is_elsewhere: bool = False
    """Whether it is somebody else's, and only used here."""

    @property
    def url(self) -> str:
        """Of its web server, for those that have one."""
        return f"http://{self.address}"


def write_parts(folder: RunFolder, parts: Sequence[Part]) -> None:
    """Let others find them."""
    fresh = folder.parts.with_suffix(".new")
    fresh.write_text(json.dumps([asdict(part) for part in parts]))
    fresh.replace(folder.parts)


def read_parts(folder: RunFolder) -> list[Part]:
    """Those of the exchange that runs; none where there is none."""
    try:
        found = json.loads(folder.parts.read_text())
        return [Part(**part) for part in found if part["kind"] in _KINDS]
    except (OSError, ValueError, KeyError, TypeError):
        return []

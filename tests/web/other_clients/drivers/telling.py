"""How a driver is told what to paste, and tells what its client saw.

Drivers run in a client's own environment, where nothing of ours can be imported.
"""

import json
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def pasted() -> dict[str, Any]:
    """The names that the snippet of `tradeflow env` makes when it is run."""
    return runpy.run_path(sys.argv[1])


def tell(seen: dict[str, Any]) -> None:
    """Hand over what was seen; standard output is the clients', who log there."""
    Path(sys.argv[2]).write_text(json.dumps(seen, default=str))


def until(ask: Callable[[], Any], is_it: Callable[[Any], Any], seconds: float = 30) -> Any:
    """The first answer that is it."""
    deadline = time.monotonic() + seconds
    while not is_it(answer := ask()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {answer}")
        time.sleep(0.1)
    return answer


def is_free(balances: list[dict[str, str]]) -> bool:
    """Whether no order holds anything of it."""
    return not any(float(each["locked"]) for each in balances)

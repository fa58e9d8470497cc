"""@stomp/stompjs, as dashboards have it, run by node."""

import json
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.web.memory_keys import key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.trader import Trader

SCRIPTS = Path(__file__).with_name("stompjs")

pytestmark = [
    pytest.mark.shares_exchange,
    pytest.mark.skipif(shutil.which("npm") is None, reason="there is no node"),
]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client with its library beside it."""
    folder = tmp_path_factory.mktemp("stompjs")
    for file in SCRIPTS.iterdir():
        shutil.copy(file, folder)
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(install, cwd=folder, check=True, timeout=100)
    return folder / "client.mjs"


def test_stompjs_watches_places_and_connects_again(
    script: Path, exchange: RunningExchange, gateway: RunningGateway
) -> None:
    name = f"stompjs{uuid.uuid4().hex[:8]}"
    Trader(exchange, name)
    key = gateway.keys.add(key_of(name))
    command = ["node", str(script), f"ws://{gateway.address}/stomp", key.key, key.secret]

    run = subprocess.run(command, capture_output=True, text=True, timeout=90)

    said: list[dict[str, Any]] = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, run.stderr
    kinds = [each["what"] for each in said]
    assert kinds[0] == "connected" and kinds[-1] == "done"
    assert [each["version"] for each in said if each["what"] == "connected"] == ["1.2", "1.2"]
    (refused,) = (each["body"] for each in said if each["what"] == "refused")
    assert refused == {"code": -1117, "msg": "Invalid side."}
    report = next(each["body"] for each in said if each["what"] == "report")
    assert (report["e"], report["x"], report["p"]) == ("executionReport", "NEW", "45000.00000000")
    assert "error" not in kinds
    assert {"lastUpdateId", "bids", "asks"} == next(
        each["body"] for each in said if each["what"] == "book"
    ).keys()

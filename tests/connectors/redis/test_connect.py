"""`tradeflow connect redis` as a process: how it says what is wrong."""

import os
import subprocess
import sys


def test_an_address_that_will_not_do_is_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tradeflow", "connect", "redis"],
        env={**os.environ, "BROKER": "127.0.0.1:1", "TRADEFLOW_REDIS_URL": "http://here"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 78
    assert "TRADEFLOW_REDIS_URL=http://here will not do" in ended.stderr
    assert "Traceback" not in ended.stderr

"""`tradeflow env` beside a running gateway, and without one."""

import ast
import json
from pathlib import Path

from tests.tradeflow.commands.running_exchange import run
from tradeflow.supervision.parts import Part, write_parts
from tradeflow.supervision.settings import RunFolder


def test_takes_the_gateway_and_the_key_of_what_is_up(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / ".tradeflow")
    folder.prepare()
    write_parts(folder, [Part("gateway", "gateway", "127.0.0.1:8555")])
    folder.demo_key.write_text(json.dumps({"key": "k1", "secret": "s1"}))

    result = run("env", "python-binance", folder=tmp_path)

    assert (result.returncode, result.stderr) == (0, "")
    ast.parse(result.stdout)
    assert "http://127.0.0.1:8555/api" in result.stdout
    assert "Client('k1', 's1')" in result.stdout


def test_says_what_it_does_not_know(tmp_path: Path) -> None:
    result = run("env", "freqtrade", folder=tmp_path)

    assert json.loads(result.stdout)["exchange"]["key"] == "YOUR_API_KEY"
    assert "No gateway of tradeflow up runs here" in result.stderr
    assert "No key is known" in result.stderr


def test_takes_what_it_is_given(tmp_path: Path) -> None:
    arguments = ("env", "ccxt", "--url", "http://there:9", "--key", "mine")

    refused = run(*arguments, folder=tmp_path)
    given = run(*arguments, folder=tmp_path, settings={"TRADEFLOW_SECRET": "hush"})

    assert "Set TRADEFLOW_SECRET to it." in refused.stderr
    assert "http://there:9/" in given.stdout
    assert "'hush'" in given.stdout


def test_a_url_that_is_none_is_one_line(tmp_path: Path) -> None:
    result = run("env", "ccxt", "--url", "there", folder=tmp_path)

    assert result.returncode == 1
    assert result.stderr == ("Error: there is no URL of a gateway. Such as http://host:8080\n")

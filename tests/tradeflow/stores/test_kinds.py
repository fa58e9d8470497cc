"""Which stores are meant, and how their connectors find them."""

import pytest

from tradeflow.errors import TradeflowError
from tradeflow.stores.kinds import StoreName, connector_settings, elsewhere, read_stores


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("mysql,redis,mongodb", ("mysql", "redis", "mongodb")),
        (" Redis , redis ", ("redis",)),
        ("none", ()),
        ("", ()),
    ],
)
def test_reads_names(text: str, names: tuple[str, ...]) -> None:
    assert read_stores(text) == names


@pytest.mark.parametrize("text", ["oracle", "redis,none"])
def test_refuses_what_is_no_store(text: str) -> None:
    with pytest.raises(TradeflowError, match="There is no store"):
        read_stores(text)


def test_tells_each_connector_in_its_own_words() -> None:
    assert connector_settings(StoreName.MYSQL, "127.0.0.1:3307") == {
        "TRADEFLOW_MYSQL_HOST": "127.0.0.1",
        "TRADEFLOW_MYSQL_PORT": "3307",
    }
    (redis,) = connector_settings(StoreName.REDIS, "127.0.0.1:7").values()
    (mongodb,) = connector_settings(StoreName.MONGODB, "127.0.0.1:8").values()
    assert (redis, mongodb) == (
        "redis://127.0.0.1:7/0",
        "mongodb://127.0.0.1:8/?directConnection=true",
    )


def test_a_server_of_ones_own_is_named_by_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRADEFLOW_REDIS_URL", raising=False)
    assert elsewhere(StoreName.REDIS) == ""
    monkeypatch.setenv("TRADEFLOW_REDIS_URL", "redis://there/0")
    assert elsewhere(StoreName.REDIS) == "redis://there/0"

"""The status page: all there is to see, for everybody, and nothing that a name could smuggle in."""

from html.parser import HTMLParser

from schemas.instruments import load_instruments
from web.newcomers.page import render
from web.newcomers.snippets import CLIENTS
from web.settings import GatewaySettings
from web.state.markets import Markets

_DEPENDENCIES = {
    "feed": {"status": "up", "needed": True},
    "<b>redis</b>": {"status": "down", "needed": False},
}


class _Seen(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta",):
            self.open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _page() -> str:
    markets = Markets(GatewaySettings(), load_instruments())
    market = markets.by_symbol["BTCUSDT"]
    market.trades.append({"price_ticks": 6_000_050, "trade_id": 1})
    return render(False, _DEPENDENCIES, markets.by_symbol)


def test_shows_parts_prices_and_links() -> None:
    page = _page()
    seen = _Seen(page)

    assert "60000.50" in page
    assert "Not everything that is needed is up." in page
    for link in ("/api/openapi.json", "/health", "/metrics", *(f"/clients/{c}" for c in CLIENTS)):
        assert link in seen.links


def test_is_whole_and_made_for_everybody() -> None:
    seen = _Seen(_page())
    names = [tag for tag, _ in seen.tags]

    assert not seen.open
    assert ("html", {"lang": "en"}) in seen.tags
    assert names.count("h1") == names.count("main") == names.count("title") == 1
    assert names.count("caption") == names.count("table") == 2
    assert all("scope" in attributes for tag, attributes in seen.tags if tag == "th")
    assert "script" not in names


def test_no_name_is_taken_for_markup() -> None:
    page = _page()

    assert "<b>redis</b>" not in page
    assert "&lt;b&gt;redis&lt;/b&gt;" in page

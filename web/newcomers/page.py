"""``GET /``: how the parts are, last prices, and where to go on; without a script."""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from schemas.amounts import format_steps
from web.gateway import Gateway
from web.newcomers import snippets
from web.state.markets import SymbolMarket

_ADDRESS = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:[0-9]{1,5})?")
_LINKS = (
    ("/api/openapi.json", "the OpenAPI document"),
    ("/health", "health, as JSON"),
    ("/metrics", "metrics, for Prometheus"),
)
_STYLE = """\
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; min-width: 20rem; margin: 1rem 0; }
caption { text-align: left; font-weight: bold; font-size: 1.2rem; }
th, td { text-align: left; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid #8886; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


def routes(gateway: Gateway) -> list[Route]:
    """The page, and what to paste into each client."""
    page = _Page(gateway)
    return [Route("/", page.show), Route("/clients/{client}", page.snippet)]


class _Page:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def show(self, _request: Request) -> Response:
        """The page, as everything is now."""
        gateway = self._gateway
        await gateway.probes.ask()
        return HTMLResponse(
            render(gateway.probes.is_ready, gateway.probes.as_json(), gateway.markets.by_symbol)
        )

    async def snippet(self, request: Request) -> Response:
        """What to paste into a client, without a key."""
        client = request.path_params["client"]
        if client not in snippets.CLIENTS:
            text = f"There is a snippet for {', '.join(snippets.CLIENTS)}.\n"
            return PlainTextResponse(text, 404)
        return PlainTextResponse(snippets.snippet(client, snippets.Gateway(self._address(request))))

    def _address(self, request: Request) -> str:
        """As the browser has reached it, if that can be an address at all."""
        told = request.headers.get("host", "")
        settings = self._gateway.settings
        return told if _ADDRESS.fullmatch(told) else f"{settings.host}:{settings.port}"


def render(
    is_ready: bool,
    dependencies: Mapping[str, Mapping[str, Any]],
    markets: Mapping[str, SymbolMarket],
) -> str:
    """The page's HTML."""
    verdict = "Clients can trade." if is_ready else "Not everything that is needed is up."
    parts = (
        (name, str(each["status"]), "" if each["needed"] else "not needed")
        for name, each in dependencies.items()
    )
    symbols = (
        (symbol, market.status, last_price(market)) for symbol, market in sorted(markets.items())
    )
    links = [*_LINKS, *((f"/clients/{each}", f"paste into {each}") for each in snippets.CLIENTS)]
    listed = "\n".join(f'<li><a href="{escape(to)}">{escape(text)}</a></li>' for to, text in links)
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TradeFlow</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>TradeFlow</h1>
<p role="status">{escape(verdict)}</p>
{_table("Parts", ("Part", "State", "Note"), parts)}
{_table("Symbols", ("Symbol", "State", "Last price"), symbols)}
<h2>Where to go on</h2>
<ul>
{listed}
</ul>
<p>A key: <code>tradeflow key create ACCOUNT</code>. With it in what you paste:
<code>tradeflow env ccxt</code>.</p>
</main>
</body>
</html>
"""


def last_price(market: SymbolMarket) -> str:
    """Of the last trade, as a decimal text; a dash where nothing was traded."""
    if not market.trades:
        return "–"
    return format_steps(market.trades[-1]["price_ticks"], market.instrument.tick_size)


def _table(caption: str, heads: Iterable[str], rows: Iterable[tuple[str, str, str]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th><td>{escape(second)}</td>'
        f'<td class="number">{escape(third)}</td></tr>'
        for first, second, third in rows
    )
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )

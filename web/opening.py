"""Opens and closes the gateway's parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schemas.instruments import load_instruments
from web.auth.api_key import KeyRing
from web.auth.door import Door
from web.auth.refusal_trail import RefusalTrail
from web.auth.shared_signatures import make_signatures
from web.exchange.desk import Desk
from web.feed.hub import Hub
from web.feed.reader import Feed
from web.gateway import Gateway
from web.health.own import add_own_probes
from web.health.probes import Probes
from web.limits.opening import open_limiter
from web.metrics import Metrics
from web.settings import GatewaySettings
from web.state.balances import Balances
from web.state.markets import Markets
from web.state.orders import OrderBooks


@asynccontextmanager
async def open_gateway(settings: GatewaySettings, keys: KeyRing) -> AsyncIterator[Gateway]:
    """A gateway that has read the log; closed when the block is left.

    Raises:
        GatewayError: it cannot start; it says what to do.
        InstrumentError: the file of instruments cannot be used.
    """
    instruments = load_instruments(settings.instruments)
    seen = make_signatures(settings)
    refusals = RefusalTrail(settings)
    hub = Hub()
    markets = Markets(settings, instruments)
    orders, balances = OrderBooks(settings.kept_orders), Balances()
    # State first: whoever listens behind it finds it as new as the record.
    for state in (markets, orders, balances):
        state.listen(hub)
    desk = Desk(settings, hub)
    feed = Feed(settings, instruments, hub)
    probes, metrics = Probes(), Metrics()
    metrics.lag(lambda: feed.lags)
    metrics.gauge("commands_waiting", "Commands without an answer.", lambda: desk.waiting)
    metrics.gauge("feed_unreadable", "Records that were left out.", lambda: feed.unreadable)
    limiting = open_limiter(
        settings,
        on_refusal=metrics.refused,
        on_round_trip=metrics.redis_seconds.observe,
        on_fall_back=metrics.redis_fall_backs.inc,
    )
    try:
        await feed.start()
        async with limiting as (limiter, _):
            add_own_probes(probes, settings, feed)
            yield Gateway(
                settings=settings,
                instruments=instruments,
                hub=hub,
                feed=feed,
                desk=desk,
                markets=markets,
                orders=orders,
                balances=balances,
                door=Door(keys, seen, refusals.note),
                limiter=limiter,
                probes=probes,
                metrics=metrics,
            )
    finally:
        await feed.stop()
        await desk.close()
        await refusals.close()
        await seen.close()

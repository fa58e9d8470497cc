"""Opens and closes the gateway's parts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from schemas.instruments import Instrument, load_instruments
from web.auth.api_key import KeyRing
from web.auth.door import Door
from web.auth.refusal_trail import RefusalTrail
from web.auth.shared_signatures import make_signatures
from web.binance.streams.market_streams import MarketStreams
from web.exchange.desk import Desk
from web.fanout.fanout import Fanout
from web.feed.hub import Hub
from web.feed.reader import Feed
from web.gateway import Gateway
from web.health.gateway_probes import add_gateway_probes
from web.health.probes import Probes
from web.limits.limiter import Limiter
from web.limits.opening import open_limiter
from web.metrics import Metrics
from web.settings import GatewaySettings
from web.state.account_history import AccountHistory, NoAccountHistory
from web.state.aggregate_trades import AggregateTrades
from web.state.balances import Balances
from web.state.history import History, NoHistory
from web.state.markets import Markets
from web.state.mysql_account_history import MysqlAccountHistory
from web.state.mysql_history import MysqlHistory
from web.state.order_lists import OrderLists
from web.state.orders import OrderBooks
from web.state.trades_time import TradesTime
from web.state.transfers import Transfers
from web.userdata.list_events import ListEvents
from web.userdata.opening import RightsCheck, open_listen_keys
from web.userdata.user_data import UserData


class _Known(NamedTuple):
    """What the log says, kept in memory."""

    markets: Markets
    orders: OrderBooks
    order_lists: OrderLists
    balances: Balances
    transfers: Transfers
    aggregates: AggregateTrades
    times: TradesTime


@asynccontextmanager
async def open_gateway(settings: GatewaySettings, keys: KeyRing) -> AsyncIterator[Gateway]:
    """A gateway that has read the log; closed when the block is left.

    Raises:
        GatewayError: it cannot start; it says what to do.
        InstrumentError: the file of instruments cannot be used.
    """
    async with AsyncExitStack() as opened:
        instruments = load_instruments(settings.instruments)
        seen = make_signatures(settings)
        opened.push_async_callback(seen.close)
        refusals = RefusalTrail(settings)
        opened.push_async_callback(refusals.close)
        history, account_history = _histories(settings, instruments)
        opened.push_async_callback(history.close)
        opened.push_async_callback(account_history.close)
        hub = Hub()
        # State first: whoever listens behind it finds it as new as the record.
        known = _listening_state(settings, instruments, hub)
        desk, feed = Desk(settings, hub), Feed(settings, instruments, hub)
        opened.push_async_callback(desk.close)
        opened.push_async_callback(feed.stop)
        fanout = Fanout()
        streams = _market_streams(settings, known, hub, fanout)
        door, listen_keys = Door(keys, seen, refusals.note), open_listen_keys(settings)
        opened.push_async_callback(listen_keys.disconnect)
        is_good, check_seconds = RightsCheck(door, listen_keys).is_good, settings.key_check_seconds
        user_data = UserData(instruments, is_good, check_seconds=check_seconds)
        opened.push_async_callback(user_data.close)
        user_data.listen(hub)
        ListEvents(user_data, known.orders, known.order_lists).listen(hub)
        metrics = _metrics(feed, desk, fanout)
        await feed.start()
        user_data.start()
        await opened.enter_async_context(streams.running())
        limiter = await _limiter(settings, metrics, opened)
        yield Gateway(
            settings=settings,
            instruments=instruments,
            hub=hub,
            feed=feed,
            desk=desk,
            markets=known.markets,
            history=history,
            orders=known.orders,
            order_lists=known.order_lists,
            balances=known.balances,
            transfers=known.transfers,
            account_history=account_history,
            door=door,
            limiter=limiter,
            fanout=fanout,
            listen_keys=listen_keys,
            user_data=user_data,
            probes=_probes(settings, feed),
            metrics=metrics,
            keys=keys,
            seen=seen,
            refusals=refusals,
        )


def _listening_state(
    settings: GatewaySettings, instruments: Mapping[str, Instrument], hub: Hub
) -> _Known:
    known = _Known(
        markets=Markets(settings, instruments),
        orders=OrderBooks(settings.kept_orders),
        order_lists=OrderLists(settings.kept_orders),
        balances=Balances(),
        transfers=Transfers(settings.kept_orders),
        aggregates=AggregateTrades(),
        times=TradesTime(),
    )
    for state in known:
        state.listen(hub)
    return known


def _market_streams(
    settings: GatewaySettings, known: _Known, hub: Hub, fanout: Fanout
) -> MarketStreams:
    streams = MarketStreams(known.markets, known.times, fanout, kept_candles=settings.kept_candles)
    streams.listen(hub, known.aggregates)
    return streams


def _metrics(feed: Feed, desk: Desk, fanout: Fanout) -> Metrics:
    metrics = Metrics()
    metrics.lag(lambda: feed.lags)
    metrics.gauge("commands_waiting", "Commands without an answer.", lambda: desk.waiting)
    metrics.gauge("feed_unreadable", "Records that were left out.", lambda: feed.unreadable)
    metrics.gauge(
        "websocket_queued_bytes",
        "What waits for clients that read slowly.",
        lambda: fanout.queued_bytes,
    )
    metrics.gauge(
        "websocket_too_slow",
        "Connections closed because their clients did not read.",
        lambda: fanout.too_slow,
    )
    return metrics


async def _limiter(settings: GatewaySettings, metrics: Metrics, opened: AsyncExitStack) -> Limiter:
    limiter, _ = await opened.enter_async_context(
        open_limiter(
            settings,
            on_refusal=metrics.refused,
            on_round_trip=metrics.redis_seconds.observe,
            on_fall_back=metrics.redis_fall_backs.inc,
        )
    )
    return limiter


def _probes(settings: GatewaySettings, feed: Feed) -> Probes:
    probes = Probes()
    add_gateway_probes(probes, settings, feed)
    return probes


def _histories(
    settings: GatewaySettings, instruments: Mapping[str, Instrument]
) -> tuple[History, AccountHistory]:
    """What was written down of markets and of accounts, where anybody does."""
    if settings.mysql_url is None:
        return NoHistory(), NoAccountHistory()
    url = settings.mysql_url.get_secret_value()
    return MysqlHistory(url, instruments), MysqlAccountHistory(url)

"""Opens and closes the gateway's parts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

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
from web.health.own import add_own_probes
from web.health.probes import Probes
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
from web.userdata.opening import RightsCheck, open_listen_keys
from web.userdata.user_data import UserData


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
    order_lists = OrderLists(settings.kept_orders)
    transfers = Transfers(settings.kept_orders)
    history, account_history = _histories(settings, instruments)
    # State first: whoever listens behind it finds it as new as the record.
    aggregates, times = AggregateTrades(), TradesTime()
    for state in (markets, orders, order_lists, balances, transfers, aggregates, times):
        state.listen(hub)
    fanout = Fanout()
    streams = MarketStreams(markets, times, fanout, kept_candles=settings.kept_candles)
    streams.listen(hub, aggregates)
    door = Door(keys, seen, refusals.note)
    listen_keys = open_listen_keys(settings)
    user_data = UserData(
        instruments,
        RightsCheck(door, listen_keys).is_good,
        check_seconds=settings.key_check_seconds,
    )
    user_data.listen(hub)
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
        user_data.start()
        async with streams.running(), limiting as (limiter, _):
            add_own_probes(probes, settings, feed)
            yield Gateway(
                settings=settings,
                instruments=instruments,
                hub=hub,
                feed=feed,
                desk=desk,
                markets=markets,
                history=history,
                orders=orders,
                order_lists=order_lists,
                balances=balances,
                transfers=transfers,
                account_history=account_history,
                door=door,
                limiter=limiter,
                fanout=fanout,
                listen_keys=listen_keys,
                user_data=user_data,
                probes=probes,
                metrics=metrics,
                keys=keys,
                seen=seen,
                refusals=refusals,
            )
    finally:
        await user_data.close()
        await listen_keys.disconnect()
        await feed.stop()
        await desk.close()
        await history.close()
        await account_history.close()
        await refusals.close()
        await seen.close()


def _histories(
    settings: GatewaySettings, instruments: Mapping[str, Instrument]
) -> tuple[History, AccountHistory]:
    """What was written down of markets and of accounts, where anybody does."""
    if settings.mysql_url is None:
        return NoHistory(), NoAccountHistory()
    url = settings.mysql_url.get_secret_value()
    return MysqlHistory(url, instruments), MysqlAccountHistory(url)

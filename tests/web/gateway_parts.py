"""A gateway made of the parts that a test names; all others are there, and do nothing."""

from typing import Any, cast

from schemas.instruments import load_instruments
from tests.web.memory_keys import MemoryKeys
from web.auth.door import Door
from web.auth.seen_signatures import MemorySignatures
from web.fanout.fanout import Fanout
from web.feed.hub import Hub
from web.gateway import Gateway
from web.health.probes import Probes
from web.limits.limiter import Limiter
from web.limits.opening import make_limiter
from web.metrics import Metrics
from web.settings import GatewaySettings
from web.state.account_history import NoAccountHistory
from web.state.balances import Balances
from web.state.history import NoHistory
from web.state.markets import Markets
from web.state.order_lists import OrderLists
from web.state.orders import OrderBooks
from web.state.transfers import Transfers


def counting_limiter(settings: GatewaySettings | None = None) -> Limiter:
    """Counts in memory; refuses nobody, unless the settings say so."""
    return make_limiter(settings or GatewaySettings())


def door_of(keys: MemoryKeys) -> Door:
    """A door that remembers requests in memory."""
    return Door(keys, MemorySignatures(1_000))


def gateway_of(settings: GatewaySettings | None = None, **parts: Any) -> Gateway:
    """The gateway; what asks a broker is missing unless it is among the parts."""
    chosen = settings or GatewaySettings()
    instruments = parts.get("instruments") or load_instruments()
    kept = chosen.kept_orders
    others: dict[str, Any] = {
        "settings": chosen,
        "instruments": instruments,
        "hub": Hub(),
        "feed": cast(Any, None),
        "desk": cast(Any, None),
        "markets": Markets(chosen, instruments),
        "history": NoHistory(),
        "orders": OrderBooks(kept),
        "order_lists": OrderLists(kept),
        "balances": Balances(),
        "transfers": Transfers(kept),
        "account_history": NoAccountHistory(),
        "door": door_of(MemoryKeys()),
        "limiter": counting_limiter(chosen),
        "fanout": Fanout(),
        "listen_keys": cast(Any, None),
        "user_data": cast(Any, None),
        "probes": Probes(),
        "metrics": Metrics(),
        "keys": MemoryKeys(),
        "seen": cast(Any, None),
        "refusals": cast(Any, None),
    }
    return Gateway(**{**others, **parts})

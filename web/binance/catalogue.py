"""The one list of all endpoints."""

from web.binance import general, listen_keys
from web.binance.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *general.ENDPOINTS,
    *listen_keys.ENDPOINTS,
)

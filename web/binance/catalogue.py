"""The one list of all endpoints."""

from web.binance import general
from web.binance.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (*general.ENDPOINTS,)

"""Orders that come over STOMP: placed by the endpoint that places REST's."""

from typing import Any

from web.auth.caller import Caller
from web.auth.security import Security
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import BinanceError
from web.binance.parameters import read_parameters
from web.binance.rest import carry_out
from web.binance.ws_request import read_object
from web.gateway import Gateway


async def place_order(gateway: Gateway, endpoint: Endpoint, caller: Caller, body: bytes) -> Any:
    """The endpoint's answer to an order whose parameters are an object of JSON.

    Raises:
        BinanceError: it is refused.
    """
    limiter = gateway.limiter
    limiter.require_welcome(caller.address)
    try:
        # The key was proved when the client connected; it may have been revoked since.
        await gateway.door.require_still(Security.TRADE, caller)
        given = read_object(body.decode("utf-8", "replace"))
        values = read_parameters(given, endpoint.parameters, gateway.instruments)
    except BinanceError:
        await limiter.take(address=caller.address, caller=None, weight=endpoint.least_weight)
        raise
    use = await limiter.take(
        address=caller.address,
        caller=caller,
        weight=endpoint.weight_of(values),
        orders=endpoint.orders,
        is_free_when_done=endpoint.is_free_when_done,
    )
    try:
        return await carry_out(endpoint, Call(gateway, values, caller))
    except BinanceError as refused:
        use.failed(is_unknown=refused.may_have_happened)
        raise

"""Endpoints that ask for nothing: is it there, and what time is it."""

from typing import Any

from web.binance.endpoint import Call, Endpoint
from web.binance.reply import TimeMs
from web.binance.shapes import TIME, record
from web.clock import now_ms


async def _ping(_call: Call) -> dict[str, Any]:
    return {}


async def _time(_call: Call) -> dict[str, Any]:
    return {"serverTime": TimeMs(now_ms())}


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v3/ping",
        old_paths=("/api/v1/ping",),
        handle=_ping,
        summary="Whether the gateway answers.",
        ws_method="ping",
        replies=record(),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/time",
        old_paths=("/api/v1/time",),
        handle=_time,
        summary="The server's time.",
        ws_method="time",
        replies=record(serverTime=TIME),
    ),
)

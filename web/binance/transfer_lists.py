"""Lists of what came into an account and what went out of it."""

from uuid import UUID, uuid5

from web.binance.endpoint import Call
from web.binance.histories import from_history
from web.binance.parameters import Parameter
from web.clock import now_ms
from web.state.account_history import PastTransfer, TransferKind

_IDS = UUID("0f6c7b0e-6b52-4d0c-9a39-4a5b3f1d8c11")
_DAYS_90_MS = 90 * 86_400_000

NETWORK = "TRADEFLOW"
"""There is no chain: money is where the ledger says."""

WANTED = (
    Parameter(name="coin"),
    Parameter(name="status", kind="integer"),
    Parameter(name="startTime", kind="time", description="By default 90 days ago."),
    Parameter(name="endTime", kind="time", description="By default now."),
    Parameter(name="offset", kind="integer", default=0),
    Parameter(name="limit", kind="integer", default=1_000, least=1, most=1_000),
)


def transfer_id(account_id: str, command_id: str) -> str:
    """The id that clients know a transfer by: 32 hex digits."""
    return uuid5(_IDS, f"{account_id} {command_id}").hex


async def transfers(call: Call, kind: TransferKind, *, done: int) -> list[PastTransfer]:
    """What a request for a list asks for, the newest first; ``done`` is the status of all."""
    values = call.values
    end_ms = now_ms() if values["endTime"] is None else values["endTime"]
    start_ms = values["startTime"]
    if start_ms is None:
        start_ms = max(0, end_ms - _DAYS_90_MS)
    if values["status"] not in (None, done):
        return []
    asset = values["coin"] or ""
    found = await all_transfers(call, kind, asset=asset, start_ms=start_ms, end_ms=end_ms)
    return found[values["offset"] :][: values["limit"]]


async def all_transfers(
    call: Call, kind: TransferKind, *, asset: str = "", start_ms: int = 0, end_ms: int
) -> list[PastTransfer]:
    """Those of memory and of the history, the newest first."""
    account_id = call.account_id
    history = call.gateway.account_history.transfers(
        account_id, kind, asset=asset, start_ms=start_ms, end_ms=end_ms
    )
    found = {each.command_id: each for each in await from_history(call, history, [])}
    for each in call.gateway.transfers.of(account_id, kind):
        if asset in ("", each.asset) and start_ms <= each.time_ms <= end_ms:
            found[each.command_id] = each
    return sorted(found.values(), key=lambda each: (each.time_ms, each.command_id), reverse=True)

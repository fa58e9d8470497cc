"""Taking money out."""

from datetime import UTC, datetime
from typing import Any

from schemas.amounts import format_units
from web.auth.security import Security
from web.binance.account_shapes import WITHDRAWAL, WITHDRAWALS
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import error
from web.binance.histories import MEMORY_ONLY
from web.binance.parameters import Parameter
from web.binance.transfer_lists import NETWORK, WANTED, all_transfers, transfer_id, transfers
from web.binance.wallet_commands import ask_wallet, read_money, wallet_identity
from web.clock import now_ms
from web.state.account_history import PastTransfer

_PURPOSE = "withdraw"
_COMPLETED = 6


async def _withdraw(call: Call) -> dict[str, Any]:
    asset, units = read_money(call)
    name = call.values["withdrawOrderId"] or ""
    command = {
        **wallet_identity(call, _PURPOSE, name),
        "asset": asset,
        "amount_units": units,
    }
    command_id = command["command_id"]
    if name:
        # The wallet knows its commands for some minutes; this one was perhaps done long ago.
        done = await _done(call, command_id)
        if done is not None and (done.asset, done.amount) != (asset, format_units(units)):
            raise error("INVALID", name="withdrawOrderId")
        if done is not None:
            return {"id": transfer_id(call.account_id, command_id)}
    await ask_wallet(call, "WalletWithdrawCommand", command)
    return {"id": transfer_id(call.account_id, command_id)}


async def _done(call: Call, command_id: str) -> PastTransfer | None:
    """The withdrawal, if it was done; raises BinanceError where that is not known now."""
    known = call.gateway.transfers.find(call.account_id, "WITHDRAWAL", command_id)
    if known is not None:
        return known
    past = await all_transfers(call, "WITHDRAWAL", end_ms=now_ms())
    if MEMORY_ONLY in call.headers and call.gateway.settings.mysql_url is not None:
        # What is written down cannot be read now: it may be there.
        raise error("DISCONNECTED")
    return next((each for each in past if each.command_id == command_id), None)


async def _history(call: Call) -> list[dict[str, Any]]:
    found = await transfers(call, "WITHDRAWAL", done=_COMPLETED)
    views = [_view(call.account_id, each) for each in found]
    name, ids = call.values["withdrawOrderId"], call.values["idList"]
    if name is not None:
        views = [view for view in views if view["withdrawOrderId"] == name]
    if ids is not None:
        views = [view for view in views if view["id"] in ids.split(",")]
    return views


def _view(account_id: str, transfer: PastTransfer) -> dict[str, Any]:
    at = datetime.fromtimestamp(transfer.time_ms // 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    purpose, _, name = transfer.command_id.partition("-")
    number = transfer_id(account_id, transfer.command_id)
    return {
        "id": number,
        "amount": transfer.amount,
        "transactionFee": "0",
        "coin": transfer.asset,
        "status": _COMPLETED,
        # Where it went is not written down: it left the exchange.
        "address": "",
        "txId": number,
        "applyTime": at,
        "network": NETWORK,
        "transferType": 0,
        "withdrawOrderId": name if purpose == _PURPOSE else "",
        "info": "",
        "confirmNo": 1,
        "walletType": 0,
        "txKey": "",
        "completeTime": at,
    }


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/sapi/v1/capital/withdraw/apply",
        handle=_withdraw,
        summary="Take money out: it leaves the ledger at once.",
        security=Security.WITHDRAW,
        parameters=(
            Parameter(name="coin", is_required=True),
            Parameter(
                name="withdrawOrderId",
                kind="name",
                description="Under one id money is taken out once.",
            ),
            Parameter(name="network"),
            Parameter(name="address", is_required=True, description="Is not written down."),
            Parameter(name="addressTag"),
            Parameter(name="amount", kind="decimal", is_required=True),
            Parameter(name="transactionFeeFlag", kind="flag"),
            Parameter(name="name"),
            Parameter(name="walletType", kind="integer"),
        ),
        replies=WITHDRAWAL,
    ),
    Endpoint(
        method="GET",
        path="/sapi/v1/capital/withdraw/history",
        handle=_history,
        summary="What was taken out.",
        security=Security.USER_DATA,
        parameters=(
            *WANTED,
            Parameter(name="withdrawOrderId", kind="name"),
            Parameter(name="idList"),
        ),
        replies=WITHDRAWALS,
    ),
)

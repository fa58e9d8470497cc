"""Bringing money in: from a faucet, for there is no chain to bring it from."""

from typing import Any

from schemas.amounts import format_units
from web.auth.security import Security
from web.binance.account_shapes import DEPOSIT_ADDRESS, DEPOSITS, FAUCET
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import BinanceError, error
from web.binance.parameters import Parameter
from web.binance.reply import TimeMs
from web.binance.transfer_lists import NETWORK, WANTED, transfer_id, transfers
from web.binance.wallet_commands import ask_wallet, read_money, wallet_identity
from web.state.account_history import PastTransfer

_SUCCESS = 1


async def _deposit(call: Call) -> dict[str, Any]:
    if not call.gateway.settings.faucet:
        raise error("NOT_SUPPORTED")
    asset, units = read_money(call)
    if call.gateway.balances.status(call.account_id) is None:
        await _open_account(call)
    command = {**wallet_identity(call, "faucet"), "asset": asset, "amount_units": units}
    event = await ask_wallet(call, "WalletDepositCommand", command)
    return {
        "id": transfer_id(call.account_id, command["command_id"]),
        "coin": asset,
        "amount": format_units(units),
        "insertTime": TimeMs(event["time_ms"]),
    }


async def _open_account(call: Call) -> None:
    command = wallet_identity(call, "open")
    try:
        await ask_wallet(call, "WalletOpenAccountCommand", command)
    except BinanceError:
        # Somebody was faster, perhaps; if not, the deposit is refused, with the reason.
        return


async def _history(call: Call) -> list[dict[str, Any]]:
    found = await transfers(call, "DEPOSIT", done=_SUCCESS)
    views = [_view(call.account_id, each) for each in found]
    wanted = call.values["txId"]
    return [view for view in views if wanted in (None, view["txId"])]


def _view(account_id: str, transfer: PastTransfer) -> dict[str, Any]:
    number = transfer_id(account_id, transfer.command_id)
    return {
        "id": number,
        "amount": transfer.amount,
        "coin": transfer.asset,
        "network": NETWORK,
        "status": _SUCCESS,
        "address": account_id,
        "addressTag": "",
        "txId": number,
        "insertTime": TimeMs(transfer.time_ms),
        "completeTime": TimeMs(transfer.time_ms),
        "transferType": 0,
        "confirmTimes": "1/1",
        "unlockConfirm": 0,
        "walletType": 0,
    }


async def _address(call: Call) -> dict[str, Any]:
    """The account itself: who brings money in names it."""
    return {"address": call.account_id, "coin": call.values["coin"], "tag": "", "url": ""}


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/tradeflow/v1/deposit",
        handle=_deposit,
        summary="Bring money in from nowhere; opens the account if need be. A setting of the "
        "gateway forbids it.",
        security=Security.TRADE,
        parameters=(
            Parameter(name="coin", is_required=True),
            Parameter(name="amount", kind="decimal", is_required=True),
        ),
        replies=FAUCET,
    ),
    Endpoint(
        method="GET",
        path="/sapi/v1/capital/deposit/hisrec",
        handle=_history,
        summary="What was brought in.",
        security=Security.USER_DATA,
        parameters=(
            Parameter(name="includeSource", kind="flag"),
            *WANTED,
            Parameter(name="txId"),
        ),
        replies=DEPOSITS,
    ),
    Endpoint(
        method="GET",
        path="/sapi/v1/capital/deposit/address",
        handle=_address,
        summary="Where deposits go: to the account, by its name. There is no chain; see "
        "/tradeflow/v1/deposit.",
        security=Security.USER_DATA,
        weight=10,
        parameters=(
            Parameter(name="coin", is_required=True),
            Parameter(name="network"),
            Parameter(name="amount", kind="decimal"),
        ),
        replies=DEPOSIT_ADDRESS,
    ),
)

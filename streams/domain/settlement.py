"""What an execution report means to its account's wallet (``LEDGER.md``, «Holds»)."""

from schemas.instruments import Instrument
from schemas.wallet_records import WalletReleaseFundsCommand, WalletSettleFillCommand
from streams.domain.events import ReportEvent
from streams.domain.reservation import still_needed

Settlement = tuple[str, WalletSettleFillCommand | WalletReleaseFundsCommand] | None
"""A command for the account's wallet, with the name of its record; None where no money moves."""

_RELEASING = frozenset({"CANCELED", "EXPIRED", "TRADE_PREVENTION", "REPLACED", "REJECTED"})


def settlement(instrument: Instrument | None, report: ReportEvent) -> Settlement:
    """The command that a report makes for the wallet of its account.

    ``instrument`` is that of the report's symbol; None where there is no such symbol, whose orders
    are all refused.  Command ids are unique within a hold only: a hold knows its executions.
    """
    if not report.hold_id or report.expiry_reason == "OCO_TRIGGER":
        # What pays for a leg that ended first goes on paying for the other one.
        return None
    if report.execution_type == "TRADE" and instrument is not None:
        return "WalletSettleFillCommand", _fill(instrument, report)
    if report.execution_type in _RELEASING or (
        # The other leg may have needed more.
        report.execution_type == "TRIGGERED" and report.order_list_id
    ):
        return "WalletReleaseFundsCommand", _release(instrument, report)
    return None


def _fill(instrument: Instrument, report: ReportEvent) -> WalletSettleFillCommand:
    base_units = report.last_quantity_lots * instrument.base_units_per_lot
    quote_units = report.last_quote_units
    is_buy = report.side == "BUY"
    return {
        "command_id": f"settle-{report.execution_id}",
        "account_id": report.account_id,
        "hold_id": report.hold_id,
        "symbol": report.symbol,
        "execution_id": report.execution_id,
        "order_id": report.order_id,
        "trade_id": report.trade_id,
        "side": report.side,
        "role": report.role,
        "paid_units": quote_units if is_buy else base_units,
        "received_asset": instrument.base_asset if is_buy else instrument.quote_asset,
        "received_units": base_units if is_buy else quote_units,
        "commission_units": report.commission_units,
        "commission_rate_ppm": report.commission_rate_ppm,
        "keep_units": still_needed(instrument, report),
        "time_ms": report.time_ms,
    }


def _release(instrument: Instrument | None, report: ReportEvent) -> WalletReleaseFundsCommand:
    return {
        "command_id": f"release-{report.execution_id}",
        "account_id": report.account_id,
        "hold_id": report.hold_id,
        "symbol": report.symbol,
        "execution_id": report.execution_id,
        "keep_units": 0 if instrument is None else still_needed(instrument, report),
        "time_ms": report.time_ms,
    }

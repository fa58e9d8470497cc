"""Money that a backtest brings into its accounts, by the same commands as anywhere else."""

from collections import Counter

from schemas.amounts import format_units
from tradeflow.backtest.exchange import Exchange
from tradeflow.errors import TradeflowError


class Funds:
    """Opens accounts and brings money in; ``deposited`` is minor units by account and asset."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._made = 0
        self.deposited: Counter[tuple[str, str]] = Counter()

    def open_account(self, account_id: str, time_ms: int) -> None:
        """Open an account, unless there is one."""
        if account_id in self._exchange.wallet.state.ledger.accounts:
            return
        self._exchange.money("WalletOpenAccountCommand", self._about(account_id, time_ms))

    def bring_in(self, account_id: str, asset: str, units: int, time_ms: int) -> None:
        """Bring in so many minor units.

        Raises:
            TradeflowError: the wallet refuses them.
        """
        about = self._about(account_id, time_ms) | {"asset": asset, "amount_units": units}
        event = self._exchange.money("WalletDepositCommand", about)
        if event is None or event[0] != "FundsDepositedEvent":
            reason = "" if event is None else str(event[1].get("reason", "")).lower()
            raise TradeflowError(
                f"{format_units(units)} {asset} for {account_id} were refused:"
                f" {reason.replace('_', ' ')}."
            )
        self.deposited[account_id, asset] += units

    def available(self, account_id: str, asset: str) -> int:
        """What an account can spend of an asset."""
        return self._exchange.wallet.state.ledger.accounts[account_id].available_units(asset)

    def total(self, account_id: str, asset: str) -> int:
        """What an account has of an asset, held or not."""
        return self._exchange.wallet.state.ledger.accounts[account_id].total_units(asset)

    def _about(self, account_id: str, time_ms: int) -> dict[str, str | int]:
        self._made += 1
        return {
            "command_id": f"backtest-{self._made}",
            "account_id": account_id,
            "time_ms": time_ms,
        }

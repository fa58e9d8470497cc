"""What must hold in the books of a partition between two commands."""

from collections import defaultdict
from collections.abc import Iterator

from schemas.amounts import INTEGER_MAX
from streams.domain.invariants import Violation
from streams.domain.ledger import CLEARING, EXTERNAL
from streams.domain.wallet_state import WalletState


def check_ledger(state: WalletState) -> list[Violation]:
    """All violations in a partition's books; its cost is that of all accounts and holds."""
    return [*_check_sums(state), *_check_holds(state), *_check_held(state)]


def _check_sums(state: WalletState) -> Iterator[Violation]:
    sums: dict[str, int] = defaultdict(int)
    for account in state.ledger.accounts.values():
        may_owe = account.account_id == EXTERNAL or account.account_id.startswith(CLEARING)
        for asset, balance in account.balances.items():
            sums[asset] += balance.available_units + balance.held_units
            if balance.held_units < 0 or (balance.available_units < 0 and not may_owe):
                yield Violation("nothing negative", f"{account.account_id} in {asset}")
            if abs(balance.available_units) > INTEGER_MAX or balance.held_units > INTEGER_MAX:
                yield Violation("amounts have 64 bits", f"{account.account_id} in {asset}")
    for asset, total in sums.items():
        if total:
            yield Violation("money is conserved", f"{asset} sums to {total}")


def _check_holds(state: WalletState) -> Iterator[Violation]:
    for hold in state.holds.values():
        where = f"{hold.hold_id} of {hold.account_id}"
        if (hold.left_units > 0) == (hold.closed_ms > 0):
            yield Violation("a hold is open or closed", where)
        if not 0 <= hold.left_units <= hold.amount_units:
            yield Violation("no more is left than was reserved", where)


def _check_held(state: WalletState) -> Iterator[Violation]:
    held: dict[tuple[str, str], int] = defaultdict(int)
    open_holds: dict[str, int] = defaultdict(int)
    for hold in state.holds.values():
        held[hold.account_id, hold.asset] += hold.left_units
        open_holds[hold.account_id] += int(hold.left_units > 0)
    for account in state.ledger.accounts.values():
        if account.open_holds != open_holds[account.account_id]:
            yield Violation("open holds are counted", account.account_id)
        for asset, balance in account.balances.items():
            if balance.held_units != held[account.account_id, asset]:
                yield Violation("held is what holds have left", f"{account.account_id} in {asset}")

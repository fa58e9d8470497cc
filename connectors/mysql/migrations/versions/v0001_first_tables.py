"""All tables of the first version.

Texts compare byte by byte (utf8mb4_0900_bin): accounts «a» and «A» are two.  Amounts are
DECIMAL(20,8), times DATETIME(3) in UTC; what the log calls 0 for «none» is NULL in times.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_OPTIONS = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin"

_TABLES = (
    """
    positions (
        topic VARCHAR(249) NOT NULL,
        partition_number INT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (topic, partition_number)
    )
    """,
    """
    orders (
        symbol VARCHAR(20) NOT NULL,
        order_id BIGINT NOT NULL,
        account_id VARCHAR(64) NOT NULL,
        client_order_id VARCHAR(64) NOT NULL,
        side VARCHAR(4) NOT NULL,
        order_type VARCHAR(20) NOT NULL,
        time_in_force VARCHAR(4) NOT NULL,
        self_trade_prevention VARCHAR(16) NOT NULL,
        status VARCHAR(20) NOT NULL,
        expiry_reason VARCHAR(40) NOT NULL,
        price DECIMAL(20,8) NOT NULL,
        stop_price DECIMAL(20,8) NOT NULL,
        quantity DECIMAL(20,8) NOT NULL,
        quote_quantity DECIMAL(20,8) NOT NULL,
        iceberg_quantity DECIMAL(20,8) NOT NULL,
        executed_quantity DECIMAL(20,8) NOT NULL,
        executed_quote DECIMAL(20,8) NOT NULL,
        leaves_quantity DECIMAL(20,8) NOT NULL,
        prevented_quantity DECIMAL(20,8) NOT NULL,
        budget DECIMAL(20,8) NOT NULL,
        hold_id VARCHAR(100) NOT NULL,
        is_working BOOLEAN NOT NULL,
        last_execution_id BIGINT NOT NULL,
        created_at DATETIME(3) NULL,
        working_at DATETIME(3) NULL,
        updated_at DATETIME(3) NULL,
        PRIMARY KEY (symbol, order_id),
        KEY orders_by_account (account_id, created_at)
    )
    """,
    """
    executions (
        log_partition INT NOT NULL,
        log_offset BIGINT NOT NULL,
        symbol VARCHAR(20) NOT NULL,
        execution_id BIGINT NOT NULL,
        order_id BIGINT NOT NULL,
        account_id VARCHAR(64) NOT NULL,
        command_id VARCHAR(100) NOT NULL,
        client_order_id VARCHAR(64) NOT NULL,
        original_client_order_id VARCHAR(64) NOT NULL,
        execution_type VARCHAR(20) NOT NULL,
        order_status VARCHAR(20) NOT NULL,
        reject_reason VARCHAR(40) NOT NULL,
        expiry_reason VARCHAR(40) NOT NULL,
        side VARCHAR(4) NOT NULL,
        role VARCHAR(5) NOT NULL,
        price DECIMAL(20,8) NULL,
        quantity DECIMAL(20,8) NULL,
        last_price DECIMAL(20,8) NULL,
        last_quantity DECIMAL(20,8) NULL,
        last_quote DECIMAL(20,8) NOT NULL,
        cumulative_quantity DECIMAL(20,8) NULL,
        cumulative_quote DECIMAL(20,8) NOT NULL,
        leaves_quantity DECIMAL(20,8) NULL,
        trade_id BIGINT NOT NULL,
        counter_order_id BIGINT NOT NULL,
        commission DECIMAL(20,8) NOT NULL,
        commission_rate DECIMAL(20,8) NOT NULL,
        executed_at DATETIME(3) NULL,
        PRIMARY KEY (log_partition, log_offset),
        KEY executions_by_order (symbol, order_id, execution_id),
        KEY executions_by_account (account_id, executed_at)
    )
    """,
    """
    trades (
        symbol VARCHAR(20) NOT NULL,
        trade_id BIGINT NOT NULL,
        price DECIMAL(20,8) NOT NULL,
        quantity DECIMAL(20,8) NOT NULL,
        quote_quantity DECIMAL(20,8) NOT NULL,
        buyer_order_id BIGINT NOT NULL,
        seller_order_id BIGINT NOT NULL,
        is_buyer_maker BOOLEAN NOT NULL,
        command_id VARCHAR(100) NOT NULL,
        traded_at DATETIME(3) NULL,
        PRIMARY KEY (symbol, trade_id),
        KEY trades_by_time (symbol, traded_at)
    )
    """,
    """
    candles (
        symbol VARCHAR(20) NOT NULL,
        `interval` VARCHAR(4) NOT NULL,
        open_at DATETIME(3) NOT NULL,
        close_at DATETIME(3) NOT NULL,
        open DECIMAL(20,8) NOT NULL,
        high DECIMAL(20,8) NOT NULL,
        low DECIMAL(20,8) NOT NULL,
        close DECIMAL(20,8) NOT NULL,
        volume DECIMAL(20,8) NOT NULL,
        quote_volume DECIMAL(20,8) NOT NULL,
        trades BIGINT NOT NULL,
        taker_buy_volume DECIMAL(20,8) NOT NULL,
        taker_buy_quote_volume DECIMAL(20,8) NOT NULL,
        first_trade_id BIGINT NOT NULL,
        last_trade_id BIGINT NOT NULL,
        is_closed BOOLEAN NOT NULL,
        PRIMARY KEY (symbol, `interval`, open_at)
    )
    """,
    """
    wallet (
        wallet_id CHAR(36) NOT NULL,
        user_id VARCHAR(64) NOT NULL,
        currency VARCHAR(20) NOT NULL,
        created_at DATETIME(3) NULL,
        PRIMARY KEY (wallet_id),
        UNIQUE KEY wallet_by_user (user_id, currency)
    )
    """,
    """
    wallet_transaction (
        entry_account_id VARCHAR(64) NOT NULL,
        entry_id BIGINT NOT NULL,
        side ENUM('DEBIT', 'CREDIT') NOT NULL,
        transaction_id VARCHAR(100) AS (CONCAT(entry_account_id, '/', entry_id, '/', side)) VIRTUAL,
        wallet_id CHAR(36) NOT NULL,
        account_id VARCHAR(64) NOT NULL,
        currency VARCHAR(20) NOT NULL,
        part ENUM('available', 'held') NOT NULL,
        amount DECIMAL(20,8) NOT NULL,
        reference_type ENUM('DEPOSIT', 'WITHDRAWAL', 'TRADE', 'FEE', 'RESERVE', 'RELEASE') NOT NULL,
        reference_id VARCHAR(100) NOT NULL,
        symbol VARCHAR(20) NOT NULL,
        command_id VARCHAR(100) NOT NULL,
        created_at DATETIME(3) NULL,
        PRIMARY KEY (entry_account_id, entry_id, side),
        KEY wallet_transaction_by_account (account_id, created_at),
        KEY wallet_transaction_by_wallet (wallet_id, created_at),
        CONSTRAINT debits_are_negative CHECK ((side = 'DEBIT') = (amount < 0))
    )
    """,
    """
    wallet_balance (
        wallet_id CHAR(36) NOT NULL,
        account_id VARCHAR(64) NOT NULL,
        currency VARCHAR(20) NOT NULL,
        available DECIMAL(20,8) NOT NULL,
        held DECIMAL(20,8) NOT NULL,
        updated_at DATETIME(3) NULL,
        PRIMARY KEY (wallet_id),
        UNIQUE KEY wallet_balance_by_account (account_id, currency),
        CONSTRAINT balance_is_never_negative
            CHECK ((available >= 0 AND held >= 0) OR LEFT(account_id, 1) = '@')
    )
    """,
    """
    saga_instance (
        account_id VARCHAR(64) NOT NULL,
        saga_id VARCHAR(100) NOT NULL,
        symbol VARCHAR(20) NOT NULL,
        client_order_id VARCHAR(64) NOT NULL,
        order_id BIGINT NOT NULL,
        current_state VARCHAR(20) NOT NULL,
        reason VARCHAR(40) NOT NULL,
        order_status VARCHAR(20) NOT NULL,
        hold_id VARCHAR(100) NOT NULL,
        step_history JSON NOT NULL,
        payload JSON NOT NULL,
        requested_at DATETIME(3) NULL,
        submitted_at DATETIME(3) NULL,
        closed_at DATETIME(3) NULL,
        updated_at DATETIME(3) NOT NULL,
        PRIMARY KEY (account_id, saga_id),
        KEY saga_instance_by_state (current_state, updated_at),
        KEY saga_instance_by_order (symbol, order_id)
    )
    """,
)


def upgrade() -> None:
    """Make them; those that an interrupted run made are there already."""
    for table in _TABLES:
        op.execute(f"CREATE TABLE IF NOT EXISTS {table} {_OPTIONS}")

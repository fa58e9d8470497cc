"""freqtrade: a bot that trades for money, until a trade was entered and left again."""

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from telling import tell, until

CONFIG: dict[str, Any] = {
    "dry_run": False,
    "trading_mode": "spot",
    "initial_state": "running",
    "stake_currency": "USDT",
    "stake_amount": 60,
    "max_open_trades": 1,
    "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
    "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
    "exchange": {"pair_whitelist": ["BTC/USDT"]},
    "pairlists": [{"method": "StaticPairList"}],
    "internals": {"process_throttle_secs": 1},
    "strategy": "InAndOut",
}
STRATEGY = '''
from freqtrade.strategy import IStrategy


class InAndOut(IStrategy):
    """Enters at once, lets a stop wait at the exchange, and leaves with the next look."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    startup_candle_count = 0
    process_only_new_candles = False
    minimal_roi = {"0": -0.5}
    stoploss = -0.2
    order_types = {
        "entry": "limit",
        "exit": "market",
        "stoploss": "limit",
        "stoploss_on_exchange": True,
    }

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
'''


def main() -> None:
    """Run it, and tell what it has in its own database."""
    folder = Path.cwd()
    (folder / "user_data").mkdir(exist_ok=True)
    (folder / "in_and_out.py").write_text(STRATEGY)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    pasted = folder / "pasted.json"
    pasted.write_text(Path(sys.argv[1]).read_text())
    database = folder / "trades.sqlite"
    freqtrade = Path(sys.executable).with_name("freqtrade")
    command = [str(freqtrade), "trade", "--config", "config.json", "--config", "pasted.json"]
    command += ["--strategy-path", str(folder), "--db-url", f"sqlite:///{database}"]
    bot = subprocess.Popen([*command, "--user-data-dir", str(folder / "user_data")])
    try:
        until(lambda: bot.poll() is not None or closed_trades(database), bool, 400)
        assert bot.poll() is None, "it has ended by itself"
    finally:
        bot.send_signal(signal.SIGINT)
        code = bot.wait(60)
    tell({"code": code, "trades": closed_trades(database), "orders": rows(database, "orders")})


def closed_trades(database: Path) -> list[dict[str, Any]]:
    """Trades that are over."""
    return [each for each in rows(database, "trades") if not each["is_open"]]


def rows(database: Path, table: str) -> list[dict[str, Any]]:
    """A table's, as far as there is one."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(each) for each in connection.execute(f"SELECT * FROM {table}")]
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


if __name__ == "__main__":
    main()

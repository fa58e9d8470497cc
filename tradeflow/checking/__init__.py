"""What must always hold, checked over the log: `tradeflow check`, tests and chaos runs call it."""

from tradeflow.checking.report import Report
from tradeflow.checking.run import run_checks

__all__ = ("Report", "run_checks")

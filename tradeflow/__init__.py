"""TradeFlow: the command line, the embedded broker and the supervisor."""

__version__ = "0.1.0"

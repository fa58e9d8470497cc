"""The gateway: the exchange behind the addresses that Binance's clients know."""

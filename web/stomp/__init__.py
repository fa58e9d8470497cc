"""STOMP 1.0 to 1.2 over WebSocket: market data, an account's orders, and orders to place."""

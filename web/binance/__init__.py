"""Binance's spot API: REST, streams and the WebSocket API."""

"""Binance's market streams over WebSocket.

https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
"""

"""Recorded market data turned into orders: pure parts first, what talks to an exchange last."""

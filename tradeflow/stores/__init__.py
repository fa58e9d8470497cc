"""Stores that TradeFlow brings along for machines without Docker: real servers."""

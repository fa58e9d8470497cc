"""Seeded order flow against a running exchange, and what came back."""

"""Seeded order flow: pure, without a clock and without a connection."""

"""The benchmarks that `tradeflow bench` runs; each is a ratio to something run beside it."""

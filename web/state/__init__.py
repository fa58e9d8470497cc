"""What the gateway knows of markets, orders and balances; in memory, one thread."""

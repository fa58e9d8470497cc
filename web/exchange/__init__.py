"""What the gateway asks of the exchange."""

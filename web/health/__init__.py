"""How the gateway is, and what it needs."""

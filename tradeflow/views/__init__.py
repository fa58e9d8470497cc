"""What the terminal shows: pure models and renderables, without a clock or a connection."""

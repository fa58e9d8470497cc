"""Real stores on this machine, for whoever has no Docker."""

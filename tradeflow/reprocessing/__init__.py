"""A stage run again over its topic's past, into new topics."""

"""MySQL's tables, held against the log."""

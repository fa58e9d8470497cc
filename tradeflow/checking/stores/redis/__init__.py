"""Redis's keys, held against the log."""

"""The audit trail in MongoDB, held against the log."""

"""The log, read into the gateway's memory."""

"""The whole exchange in one process, with a simulated log and clock, and faults from a seed."""

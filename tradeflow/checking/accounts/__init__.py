"""What accounts did with money: run again from its one input, and added up from its events."""

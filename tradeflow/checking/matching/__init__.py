"""What matching did: run again from its one input, and kept books on by what it reported."""

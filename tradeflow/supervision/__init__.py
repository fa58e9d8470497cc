"""Running the exchange on one machine: all its processes, started and ended together.

Restarting what crashes is supervisord's work; here is what it runs, and what the operator sees.
"""

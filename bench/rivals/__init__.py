"""What TradeFlow's matching stage is compared to: the same work, written for something else.

Each module is a program of its own.  All of them decode a command, apply it in the same core, and
send the same bytes under the same keys with the same headers; all keep a row for each changed
order in a changelog.  What each leaves out is said in its first lines, and is always in its favour.
"""

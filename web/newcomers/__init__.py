"""For who has just arrived: a page that says how all is, and what to paste into a client."""

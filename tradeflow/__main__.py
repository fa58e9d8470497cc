"""`python -m tradeflow`: the same as the command `tradeflow`."""

from tradeflow.cli import main

if __name__ == "__main__":
    main()

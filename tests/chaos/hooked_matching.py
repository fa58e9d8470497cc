"""The matching worker, held up at the points at which the transport's own tests hold theirs up.

The environment names the hooks and their gates, see ``tests.streams.transport.hooked_worker``; the
arguments are those of ``tradeflow``.
"""

import os

from tests.streams.transport.hooked_worker import HOOKS
from tradeflow.cli import main

if __name__ == "__main__":
    for name in os.environ["ECHO_HOOKS"].split(","):
        HOOKS[name]()
    main()

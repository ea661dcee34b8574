# SPDX-License-Identifier: Apache-2.0
"""A service that opens stores: reads a folder a line, prints how much is in the outbox there.

Run as `python -m tests.store.opener`; prints "ready" first.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kiosk.store.files import open_store
from kiosk.store.outbox import Outbox


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        engine = open_store(Path(line.rstrip("\n")))
        print(Outbox(engine).count_pending(), flush=True)
        engine.dispose()


if __name__ == "__main__":
    main()

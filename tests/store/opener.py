# SPDX-License-Identifier: Apache-2.0
"""A service that opens stores, run as `python -m tests.store.opener`.

It prints "ready", then reads one folder a line and prints how many facts are in the outbox there.
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

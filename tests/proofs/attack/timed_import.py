# SPDX-License-Identifier: Apache-2.0
"""`kiosk-central import` as a process of its own, which tells how long it held each turn."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from kiosk.central.__main__ import main
from kiosk.central.storage.database import Database


def timed() -> list[float]:
    """Have every turn of this process timed; return the list that its seconds go to."""
    seconds: list[float] = []
    taken = Database.transaction

    @contextmanager
    def transaction(self: Database) -> Iterator[Session]:
        with taken(self) as session:
            begun = time.perf_counter()
            yield session
        seconds.append(time.perf_counter() - begun)

    Database.transaction = transaction  # type: ignore[method-assign]
    return seconds


if __name__ == "__main__":
    turns = timed()
    begun = time.perf_counter()
    status = main(["import", *sys.argv[1:]])
    print(json.dumps({"seconds": time.perf_counter() - begun, "turns": turns}))
    sys.exit(status)

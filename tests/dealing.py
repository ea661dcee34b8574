# SPDX-License-Identifier: Apache-2.0
"""Deal slow tests among the interpreters: each of them runs on one interpreter.

`provisioning/check.py` sets the share of a run, as `1/2` in `KIOSK_TEST_SHARE`. A run of pytest
without it has all tests.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from typing import TypeVar

Each = TypeVar("Each")


def is_ours(name: str) -> bool:
    """Return whether the test of this name belongs to this share.

    The share depends on a hash of the name, so that no parameter decides it.
    """
    share, of = map(int, os.environ.get("KIOSK_TEST_SHARE", "1/1").split("/"))
    return _drawn(name, of) == share - 1


def is_shared() -> bool:
    """Return whether another interpreter has a share as well; False if pytest is run by hand."""
    return not os.environ.get("KIOSK_TEST_SHARE", "1/1").endswith("/1")


def is_sampled(name: str) -> bool:
    """Return whether the test of this name is in the third that SQLite runs beside PostgreSQL."""
    return _drawn(name, 3) == 0


def _drawn(name: str, of: int) -> int:
    return zlib.crc32(name.encode()) % of


def dealt(every: Iterable[Each]) -> list[Each]:
    """Return every n-th of the items, beginning with this share's first."""
    share, of = map(int, os.environ.get("KIOSK_TEST_SHARE", "1/1").split("/"))
    return list(every)[share - 1 :: of]

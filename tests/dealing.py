# SPDX-License-Identifier: Apache-2.0
"""What takes long is dealt among the interpreters: each of its tests runs on one of them.

`provisioning/check.py` says which share a run has, as `1/2` in `KIOSK_TEST_SHARE`; whoever runs
pytest by herself has all of it.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from typing import TypeVar

Each = TypeVar("Each")


def is_ours(name: str) -> bool:
    """Whether a test of that name is of this share: by chance, so that no parameter decides it."""
    share, of = map(int, os.environ.get("KIOSK_TEST_SHARE", "1/1").split("/"))
    return _drawn(name, of) == share - 1


def is_shared() -> bool:
    """Whether another interpreter has a share as well; whoever runs pytest by herself has all."""
    return not os.environ.get("KIOSK_TEST_SHARE", "1/1").endswith("/1")


def is_sampled(name: str) -> bool:
    """Whether a test of that name is of the third that is tried beside another that tries all."""
    return _drawn(name, 3) == 0


def _drawn(name: str, of: int) -> int:
    return zlib.crc32(name.encode()) % of


def dealt(every: Iterable[Each]) -> list[Each]:
    """Every n-th of them, beginning with this share's own."""
    share, of = map(int, os.environ.get("KIOSK_TEST_SHARE", "1/1").split("/"))
    return list(every)[share - 1 :: of]

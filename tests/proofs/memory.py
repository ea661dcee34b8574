# SPDX-License-Identifier: Apache-2.0
"""How much memory a process with a window needs, without what its driver is about to free."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

# The offscreen driver keeps what it has drawn, 4 MiB a frame, and frees all of it after some ten.
_FRAMES = 24


def resident(draw: Callable[[], None]) -> int:
    """The memory of this process, in KiB; `draw` has a frame drawn anew. Collect rubbish before."""
    return min(_after(draw) for _ in range(_FRAMES))


def _after(draw: Callable[[], None]) -> int:
    draw()
    ctypes.CDLL(None).malloc_trim(0)  # what is free is not in use, whoever has it
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

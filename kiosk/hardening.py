# SPDX-License-Identifier: Apache-2.0
"""Hardens a process that sees secrets: no core dumps, no access to its memory, no orphans."""

from __future__ import annotations

import ctypes
import resource
import signal

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_DUMPABLE = 4


def harden(*, die_with_parent: bool = True) -> None:
    """Forbid core dumps and tracing; with `die_with_parent`, be killed when the parent dies."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if die_with_parent:
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)

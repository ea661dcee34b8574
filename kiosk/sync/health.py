# SPDX-License-Identifier: Apache-2.0
"""Measures the kiosk's health for IT; it contains nothing about any person."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

from kiosk import __version__
from kiosk.contract.messages import HeldBack, KioskHealth
from kiosk.doctor import findings
from kiosk.store.outbox import Outbox
from kiosk.store.replica import Replica
from kiosk.sync import planning


def measure(
    outbox: Outbox, replica: Replica, state_directory: Path, clock_ahead: float | None
) -> KioskHealth:
    """Return the kiosk's health now; raises StoreFailed."""
    state = replica.state()
    held = None
    if state.held_reason is not None:
        held = HeldBack(
            reason=state.held_reason,
            organisation=state.held_organisation,
            epoch=state.held_epoch,
            head=state.held_head,
            losses=state.held_losses,
        )
    return KioskHealth(
        version=__version__,
        python=platform.python_version(),
        disk_free_megabytes=shutil.disk_usage(state_directory).free >> 20,
        clock_ahead_seconds=None if clock_ahead is None else round(clock_ahead),
        cards=state.cards,
        position=planning.position(state),
        pending=outbox.count_pending(),
        refused=outbox.count_refused(),
        held=held,
        troubles=findings.left(state_directory),
    )

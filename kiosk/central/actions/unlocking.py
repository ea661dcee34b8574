# SPDX-License-Identifier: Apache-2.0
"""All unlocking: stopped at once, and resumed."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.central.actions import named
from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import OperatorContext
from kiosk.central.tables import Installation


@dataclass(frozen=True, slots=True)
class UnlockingState:
    """Whether an organisation, or with None every one, is stopped; and whether all are."""

    organisation: str | None
    stopped: bool
    all_stopped: bool


@action("unlocking.stop", "unlocking.stopped")
def stop_unlocking(context: OperatorContext, *, organisation: str | None) -> UnlockingState:
    """Stop all unlocking at once, in one organisation or, with None, in every one."""
    return _set(context, organisation, stopped=True)


@action("unlocking.resume", "unlocking.resumed")
def resume_unlocking(context: OperatorContext, *, organisation: str | None) -> UnlockingState:
    """Lift the stop of one organisation or, with None, the one for all of them."""
    return _set(context, organisation, stopped=False)


def _set(context: OperatorContext, organisation: str | None, *, stopped: bool) -> UnlockingState:
    with context.changing() as change:
        installation = change.session.get_one(Installation, 1)
        if organisation is None:
            installation.stopped = stopped
        else:
            named.organisation(change.session, organisation).stopped = stopped
        kind = "unlocking.stopped" if stopped else "unlocking.resumed"
        change.record(kind, {"organisation": organisation})
        return UnlockingState(organisation, stopped, installation.stopped)

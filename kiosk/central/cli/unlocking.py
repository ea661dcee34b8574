# SPDX-License-Identifier: Apache-2.0
"""`unlocking`: stopped at once, in one organisation or in every one, and resumed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kiosk.central.actions import unlocking as actions
from kiosk.central.actions.unlocking import UnlockingState
from kiosk.central.cli.operating import opened
from kiosk.command_line import Group, show

_Function = TypeVar("_Function", bound=Callable[..., Any])

unlocking = Group("unlocking", help="All unlocking, in an emergency.")


def _somewhere(function: _Function) -> _Function:
    everywhere = click.option("--all", "everywhere", is_flag=True, help="In every organisation.")
    one = click.option("--organisation", metavar="NAME", help="In this organisation alone.")
    return one(everywhere(function))


@unlocking.command()
@_somewhere
def stop(organisation: str | None, everywhere: bool) -> None:
    """Stop all unlocking at once."""
    _refuse_unless_one(organisation, everywhere=everywhere)
    with opened() as at:
        _show(actions.stop_unlocking(at, organisation=organisation))


@unlocking.command()
@_somewhere
def resume(organisation: str | None, everywhere: bool) -> None:
    """Let unlocking go on that was stopped."""
    _refuse_unless_one(organisation, everywhere=everywhere)
    with opened() as at:
        _show(actions.resume_unlocking(at, organisation=organisation))


def _refuse_unless_one(organisation: str | None, *, everywhere: bool) -> None:
    if (organisation is None) is not everywhere:
        raise click.UsageError("Give either --organisation NAME or --all.")


def _show(state: UnlockingState) -> None:
    where = state.organisation or "Every organisation"
    if state.stopped:
        show(state, f"{where}: unlocking is stopped.")
    elif state.all_stopped:
        show(state, f"{where}: no longer stopped by itself, but all unlocking is stopped.")
    else:
        show(state, f"{where}: unlocking is no longer stopped.")

# SPDX-License-Identifier: Apache-2.0
"""`approvals`: what kiosks hold back until IT has signed for it."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.central.actions import approvals as actions
from kiosk.central.cli.operating import FILE, opened
from kiosk.command_line import Group, for_spreadsheets, show, show_rows

_COLUMNS = {"kiosk": "kiosk", "why": "reason", "cards concerned": "cards", "request": "request"}

approvals = Group("approvals", help="Changes that kiosks hold back until IT signs for them.")


@approvals.command("create-key")
@click.argument("file", type=FILE)
def create_key(file: Path) -> None:
    """Make IT's key, its private half in FILE: keep that.

    Prints the public half, KIOSK_APPROVAL_KEY of kiosks.
    """
    made = actions.create_approval_key(file)
    show(made, made.public)


@approvals.command("list")
@for_spreadsheets
def list_() -> None:
    """List what kiosks hold back, and why."""
    with opened() as at:
        rows = actions.list_held(at)
    show_rows(rows, _COLUMNS)


@approvals.command()
@click.option("--key", required=True, type=FILE, metavar="FILE", help="IT's private half.")
@click.argument("requests", metavar="REQUEST...", nargs=-1, required=True)
def sign(key: Path, requests: tuple[str, ...]) -> None:
    """Sign requests as `approvals list` shows them, on a machine of IT's; needs no database."""
    signed = actions.sign_approvals(key=key, requests=requests)
    show(signed, *(each.approval for each in signed))


@approvals.command()
@click.argument("given", metavar="APPROVAL...", nargs=-1, required=True)
def give(given: tuple[str, ...]) -> None:
    """Hand down to the kiosks what was signed, as `approvals sign` printed it."""
    with opened() as at:
        done = actions.give_approvals(at, approvals=given)
    show(done, f"Given: {len(done)}.")

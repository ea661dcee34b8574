# SPDX-License-Identifier: Apache-2.0
"""`registrations`: who registered for self service."""

from __future__ import annotations

import click

from kiosk.central.actions import registrations as actions
from kiosk.central.cli.operating import named_card, opened
from kiosk.command_line import Group, for_spreadsheets, show, show_rows
from kiosk.values import Family

_COLUMNS = {
    "serial": "serial",
    "family": "family",
    "holder": "holder",
    "state": "state",
    "registered (UTC)": "registered_at",
    "failures": "failures",
}

registrations = Group("registrations", help="Registrations for self service.")


@registrations.command("list")
@click.option("--locked", is_flag=True, help="Those that wait for the RA alone.")
@for_spreadsheets
def list_(locked: bool) -> None:
    """List the registrations."""
    with opened() as at:
        rows = actions.list_registrations(at, locked=locked)
    show_rows(rows, _COLUMNS)


@registrations.command()
@named_card
def release(serial: str, family: Family | None) -> None:
    """Unlock self service after wrong answers, or open it again."""
    with opened() as at:
        done = actions.release_registration(at, serial=serial, family=family)
    show(done, f"{done.serial}: released.")


@registrations.command()
@named_card
def remove(serial: str, family: Family | None) -> None:
    """Forget the answers; the holder may register anew."""
    with opened() as at:
        done = actions.remove_registration(at, serial=serial, family=family)
    show(done, f"{done.serial}: the registration was removed.")

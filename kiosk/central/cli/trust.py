# SPDX-License-Identifier: Apache-2.0
"""`trust`: whose certificates are believed."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.central.actions import trust as actions
from kiosk.central.actions.trust import TrustAdded, TrustFile
from kiosk.central.cli.operating import FILE, content, opened
from kiosk.command_line import Group, for_spreadsheets, show, show_rows

_COLUMNS = {
    "authority": "authority",
    "anchor": "anchor",
    "expires": "expires",
    "list holds until (UTC)": "list_holds_until",
}

trust = Group(
    "trust", help="Trusted authorities and their revocation lists; files are in DER or PEM."
)


@trust.command("add-anchor")
@click.argument("file", type=FILE)
def add_anchor(file: Path) -> None:
    """Believe this authority, and what is below it."""
    read = _read(file)
    with opened() as at:
        _show(actions.add_anchor(at, file=read))


@trust.command("add-issuer")
@click.argument("file", type=FILE)
def add_issuer(file: Path) -> None:
    """Know an authority below an anchor."""
    read = _read(file)
    with opened() as at:
        _show(actions.add_issuer(at, file=read))


@trust.command("add-list")
@click.argument("file", type=FILE)
def add_list(file: Path) -> None:
    """Take an authority's newest revocation list."""
    read = _read(file)
    with opened() as at:
        _show(actions.add_revocation_list(at, file=read))


@trust.command("list")
@for_spreadsheets
def list_() -> None:
    """List the authorities, and until when their revocation lists hold."""
    with opened() as at:
        rows = actions.list_authorities(at)
    show_rows(rows, _COLUMNS)


def _read(file: Path) -> TrustFile:
    return TrustFile(str(file), content(file))


def _show(added: TrustAdded) -> None:
    show(added, f"{added.file}: added; its SHA-256 is {added.sha256}.")

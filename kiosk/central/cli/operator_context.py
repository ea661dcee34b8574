# SPDX-License-Identifier: Apache-2.0
"""What every command of the RA and of IT stands on: who asks, one transaction, tables, no."""

from __future__ import annotations

import argparse
import csv
import os
import pwd
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlmodel import Session, select

from kiosk.central import settings
from kiosk.central.audit import trail
from kiosk.central.service import assembly
from kiosk.central.service.assembly import Services
from kiosk.central.tables import Card, Kiosk, Organisation
from kiosk.errors import KioskError
from kiosk.values import Family

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name

_EVERY = 500  # done between two words of progress


@dataclass(eq=False)
class Declined(KioskError):
    """A command that cannot be carried out; nothing of it was. `reason` is for the operator."""

    reason: str


@dataclass(frozen=True, slots=True)
class OperatorContext:
    """Somebody at work: for the audit, never without a name."""

    services: Services
    operator: str

    @contextmanager
    def working(self) -> Iterator[Session]:
        """A transaction: all of it, or nothing with the error."""
        with self.services.database.transaction() as database:
            yield database

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """The database as it is at one moment."""
        with self.services.database.reading() as database:
            yield database

    @property
    def now(self) -> datetime:
        """The service's time."""
        return self.services.clock()

    def record(
        self,
        database: Session,
        kind: str,
        details: Mapping[str, trail.Detail],
        personal: Mapping[str, trail.Detail] | None = None,
    ) -> None:
        """Audit what the operator does, in the transaction that does it."""
        named = {"operator": self.operator, **details}
        trail.append(database, self.now, kind, named, personal or {})


@contextmanager
def opened(given: argparse.Namespace) -> Iterator[OperatorContext]:
    """The desk of whoever runs the command. Raises SettingsError, Declined."""
    operator = _operator(given)
    service = assembly.assemble(settings.read())
    try:
        yield OperatorContext(service, operator)
    finally:
        service.database.close()


def name_operator(parser: argparse.ArgumentParser) -> None:
    """`--operator`, for commands that change something."""
    parser.add_argument(
        "--operator", metavar="NAME", help="who does this, for the audit; else your login name"
    )


def for_spreadsheets(parser: argparse.ArgumentParser) -> None:
    """`--csv`, for commands that list something."""
    parser.add_argument("--csv", action="store_true", help="comma-separated, for a spreadsheet")


def _operator(given: argparse.Namespace) -> str:
    named: str | None = getattr(given, "operator", None)
    if named is None:
        # root is nobody's name: sudo tells who became it.
        try:
            named = (os.getuid() == 0 and os.environ.get("SUDO_USER")) or _login_name()
        except KeyError:
            raise Declined("you have no login name here: say who you are by --operator") from None
    if not named.strip() or not named.isprintable():
        raise Declined("--operator: the audit needs a name")
    return named.strip()


def _login_name() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def progress(what: str) -> Callable[[int], None]:
    """To be told how much is done; it is shown to whoever sits at a terminal."""

    def tell(done: int) -> None:
        if done % _EVERY == 0 and sys.stderr.isatty():
            sys.stderr.write(f"\r{done} {what} ")
            sys.stderr.flush()

    return tell


def clear_progress() -> None:
    """Clear the line on which progress was shown."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")


def say(line: str) -> None:
    """A line on standard output, there at once for whoever waits for it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def show(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, as_csv: bool = False
) -> None:
    """A table on standard output: for people, or for a spreadsheet."""
    lines = [[_text(cell) for cell in row] for row in rows]
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([headings, *([_inert(cell) for cell in line] for line in lines)])
        return
    table = [list(headings), *lines]
    widths = [max(len(line[column]) for line in table) for column in range(len(headings))]
    for line in table:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M")
        case _:
            return str(cell)


def _inert(cell: str) -> str:
    """Spreadsheets run what begins like a formula (OWASP, CSV injection); names come from files."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


# ---------------------------------------------------------------- finding what is meant


def organisation(database: Session, name: str) -> Organisation:
    """The organisation of that name. Raises Declined."""
    found = database.exec(select(Organisation).where(Organisation.name == name)).first()
    if found is None:
        raise Declined(f"no organisation is called {name!r}: see `organisations list`")
    return found


def kiosk(database: Session, name: str) -> Kiosk:
    """The kiosk of that name. Raises Declined."""
    found = database.exec(select(Kiosk).where(Kiosk.name == name)).first()
    if found is None:
        raise Declined(f"no kiosk is called {name!r}: see `kiosks list`")
    return found


def name_card(parser: argparse.ArgumentParser) -> None:
    """A card, by its serial and, where two families have the same, by its family."""
    parser.add_argument("serial", help="the card's serial, as `cards list` shows it")
    parser.add_argument("--family", choices=[*Family], help="needed if two families have it")


def card(database: Session, serial: str, family: str | None = None) -> Card:
    """The card of that serial. Raises Declined."""
    wanted = select(Card).where(Card.serial == serial.upper())
    if family is not None:
        wanted = wanted.where(Card.family == Family(family))
    found = database.exec(wanted.with_for_update()).all()
    if not found:
        raise Declined(f"no card has the serial {serial}: see `cards list`")
    if len(found) > 1:
        raise Declined(f"cards of two families have the serial {serial}: say which by --family")
    return found[0]

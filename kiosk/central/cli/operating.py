# SPDX-License-Identifier: Apache-2.0
"""Options that many commands have: who does it, and to which card."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from kiosk.central import settings
from kiosk.central.actions import context
from kiosk.central.actions.context import Channel, Declined, OperatorContext
from kiosk.command_line import one_of
from kiosk.values import Family

_Function = TypeVar("_Function", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)


@contextmanager
def opened(operator: str | None = None) -> Iterator[OperatorContext]:
    """Open the service for `operator`, or for whoever is logged in.

    Raises SettingsError, MasterKeyAway, DatabaseFailed, Declined.
    """
    name = _login_name() if operator is None else operator.strip()
    with context.opened(settings.read(), name, Channel.COMMAND_LINE) as at:
        yield at


def named_operator(function: _Function) -> _Function:
    """Give a command `--operator`: for those that change something."""
    return click.option(
        "--operator", metavar="NAME", help="Who does this, for the audit; else your login name."
    )(function)


def named_card(function: _Function) -> _Function:
    """Give a command a card: its serial and, where two families have the same, its family."""
    family = click.option(
        "--family", **one_of(Family), help="Needed if two families have the serial."
    )
    return click.argument("serial")(family(function))


def named_organisation(function: _Function) -> _Function:
    """Give a list `--organisation`."""
    return click.option("--organisation", metavar="NAME", help="Of this organisation alone.")(
        function
    )


def _login_name() -> str:
    # root is nobody's name: sudo tells who became it.
    user = os.getuid()
    if user == 0 and (became := os.environ.get("SUDO_USER")):
        return became
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        raise Declined("You have no login name here: say who you are by --operator") from None


def content(path: Path) -> bytes:
    """Return what is in a file. Raises Declined."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Declined(f"{path}: {error.strerror}") from None

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


LOGIN = Path("/proc/self/loginuid")
"""The user who logged in. The kernel keeps it through sudo and su (proc(5), pam_loginuid(8))."""

_NO_LOGIN = 2**32 - 1


@contextmanager
def opened() -> Iterator[OperatorContext]:
    """Open the service for the user who is logged in: nobody can name somebody else.

    Raises SettingsError, MasterKeyAway, DatabaseFailed, Declined.
    """
    with context.opened(settings.read(), _login_name(), Channel.COMMAND_LINE) as at:
        yield at


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
    """Return the name of the user who logged in, whoever they are now."""
    user = _login_user()
    if user is None:
        user = os.getuid()
        # A service or a container has no login: sudo tells who became root.
        if user == 0 and (became := os.environ.get("SUDO_USER")):
            return became
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        raise Declined(f"The user {user} has no name on this machine") from None


def _login_user() -> int | None:
    try:
        user = int(LOGIN.read_text())
    except (OSError, ValueError):
        return None
    return None if user == _NO_LOGIN else user


def content(path: Path) -> bytes:
    """Return what is in a file. Raises Declined."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Declined(f"{path}: {error.strerror}") from None

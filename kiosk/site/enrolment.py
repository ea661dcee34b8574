# SPDX-License-Identifier: Apache-2.0
"""`kiosk enrol`: a one-time token of the RA's makes this device a kiosk.

The device's key is made here, and only its public half leaves. The token comes in a file or on
standard input, never on an argument list.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from kiosk.contract.enrolment import EnrolmentResponse
from kiosk.errors import CentralRefused, SettingsError
from kiosk.link import Entrance
from kiosk.site import identity
from kiosk.site.identity import Identity

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LONGEST_INPUT = 4096


def enrol(
    state_directory: Path,
    central_url: str,
    token: str,
    authority: Path | None = None,
    known: Identity | None = None,
) -> EnrolmentResponse:
    """Become the kiosk that `token` is for; may be repeated until it succeeded.

    Whoever this is already, as `known`, is enrolled anew. Where the token is refused, and central
    knows us all the same, it was used up before a power cut: then we are who we were.

    Raises SettingsError where the token is refused or nothing can be written, and
    CentralUnavailable.
    """
    key = identity.next_key(state_directory)
    entrance = Entrance(central_url, authority)
    try:
        enrolled = entrance.enrol(token, key)
    except CentralRefused:
        if known is not None and _is_let_in(entrance, known):
            return known.enrolled
        raise SettingsError("token", "central refused it: used, too old, or void") from None
    identity.keep(state_directory, enrolled, key)
    return enrolled


def read_token(file: Path | None) -> str:
    """The token in a file that nobody else may read, or on standard input. SettingsError."""
    place = "standard input" if file is None else str(file)
    try:
        if file is not None and file.stat().st_mode & 0o007:
            raise SettingsError(place, "others can read it: chmod o= it")
        with sys.stdin.buffer if file is None else file.open("rb") as source:
            text = source.read(_LONGEST_INPUT).decode("ascii").strip()
    except OSError as error:
        raise SettingsError(place, error.strerror or "unreadable") from None
    except UnicodeDecodeError:
        text = ""
    if not _TOKEN.fullmatch(text):
        raise SettingsError(
            place, "no enrolment token: `kiosk-central kiosks enrol-token` prints one"
        )
    return text


def _is_let_in(entrance: Entrance, known: Identity) -> bool:
    try:
        entrance.access(known.enrolled.kiosk, known.enrolled.central, known.key)
    except CentralRefused:
        return False
    return True

# SPDX-License-Identifier: Apache-2.0
"""`kiosk enrol`: enrol this device as a kiosk with a one-time token from the RA.

The device makes its keys, and only the public halves leave it: the screen's here, the sync's by
`kiosk sync-key`. The token comes in a file or on
standard input, never in an argument list.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from kiosk.contract.enrolment import EnrolmentResponse, Role
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
    """Enrol this device as the kiosk that `token` is for; may be repeated until it succeeds.

    A device that is already enrolled, as `known`, is enrolled again. If central refuses the token
    but still accepts `known`, the token was used up before a power cut, and the device keeps that
    identity.

    Raises SettingsError if the token is refused or nothing can be written, and CentralUnavailable.
    """
    key = identity.next_key(state_directory, Role.SCREEN)
    sync = identity.offered_sync_key(state_directory)
    entrance = Entrance(central_url, authority)
    try:
        enrolled = entrance.enrol(token, key, sync)
    except CentralRefused:
        if known is not None and _accepts(entrance, known):
            return known.enrolled
        raise SettingsError("token", "central refused it: used, too old, or void") from None
    identity.keep(state_directory, enrolled, key, sync.public_key)
    return enrolled


def known(state_directory: Path) -> Identity | None:
    """Return the identity that this device has, or None if it has no valid one."""
    return identity.usable(state_directory, Role.SCREEN)


def read_token(file: Path | None) -> str:
    """Return the token from `file`, or from standard input.

    Raises SettingsError if there is no token or other users can read the file.
    """
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


def _accepts(entrance: Entrance, known: Identity) -> bool:
    try:
        entrance.access(known.enrolled.kiosk, known.enrolled.central, known.key)
    except CentralRefused:
        return False
    return True

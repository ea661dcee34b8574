# SPDX-License-Identifier: Apache-2.0
"""Checks that packs are kept in memory that never reaches a disk, and keeps their key there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from kiosk.errors import SettingsError
from kiosk.values import Secret
from kiosk.vault import pack

_PLACE = "KIOSK_RUNTIME_DIRECTORY"
_KEY = "pack.key"
_MOUNTS, _SWAPS = Path("/proc/self/mounts"), Path("/proc/swaps")
_KEY_BYTES = 32


def prepare(directory: Path, *, swap_tolerated: bool) -> None:
    """Make `directory` private to this service; raises SettingsError if it is not in memory."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        mode, owner = directory.stat().st_mode, directory.stat().st_uid
    except OSError as error:
        raise SettingsError(_PLACE, error.strerror or type(error).__name__) from None
    if mode & 0o077 or owner != os.geteuid():
        raise SettingsError(_PLACE, f"{directory} must belong to this service alone")
    kind, options = _file_system(directory)
    if kind not in {"tmpfs", "ramfs"}:
        raise SettingsError(_PLACE, f"{directory} is on {kind}: packs must be kept in memory")
    if kind == "tmpfs" and "noswap" not in options and _swaps() and not swap_tolerated:
        raise SettingsError(_PLACE, "this machine swaps, so packs could reach its disk")


def sealing_key(directory: Path) -> Secret:
    """Return the key to which packs are sealed, made at the kiosk's start; raises SettingsError."""
    path = directory / _KEY
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
            if len(key) == _KEY_BYTES:
                return Secret(key)
            path.unlink()  # the process that made it was killed before it wrote the key
            return sealing_key(directory)
        new_key = pack.new_key()
        with os.fdopen(descriptor, "wb") as file:
            file.write(new_key.reveal())
    except OSError as error:
        raise SettingsError(_PLACE, error.strerror or type(error).__name__) from None
    else:
        return new_key


def forget(directory: Path) -> None:
    """Remove the key; nothing can open the data sealed to it any more."""
    with suppress(OSError):
        (directory / _KEY).unlink()


def _file_system(directory: Path) -> tuple[str, list[str]]:
    """Return the kind of the directory's file system, and its mount options."""
    place = directory.resolve()
    found = ("unknown", "", [""])
    for line in _MOUNTS.read_text().splitlines():
        _, mounted, kind, options, *_ = line.split()
        mounted = mounted.encode().decode("unicode_escape")
        # The longest path wins; of two mounts at the same place, the later one.
        if place.is_relative_to(mounted) and len(mounted) >= len(found[1]):
            found = (kind, mounted, options.split(","))
    return found[0], found[2]


def _swaps() -> bool:
    """Return whether memory may be written to a disk; compressed swap in memory does not count."""
    try:
        lines = _SWAPS.read_text().splitlines()[1:]
    except OSError:
        return False
    return any(not line.startswith("/dev/zram") for line in lines)

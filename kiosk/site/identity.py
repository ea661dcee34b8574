# SPDX-License-Identifier: Apache-2.0
"""The kiosk's identity: central's answer to its enrolment, and the key that the device made.

There are three files in the state directory, readable by the group of the kiosk's two services:

- `identity.json`: central's answer, and the public half of the key that was enrolled;
- `device.key`: the key, in PKCS #8 PEM. It never leaves the kiosk;
- `device-next.key`: a key whose enrolment is under way, or whose answer was lost.

The identity names its key, so the two match after a power failure at any moment. A kiosk that is
being retired has `leaving.json` in place of `identity.json`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import ValidationError

from kiosk.contract.enrolment import Ed25519Key, EnrolmentResponse
from kiosk.errors import SettingsError

_log = logging.getLogger(__name__)

_IDENTITY, _LEAVING = "identity.json", "leaving.json"
_KEY, _NEXT_KEY = "device.key", "device-next.key"
_NEW = ".new"  # suffix of a file that is being written
_MODE = 0o640


class _Kept(EnrolmentResponse):
    public_key: Ed25519Key


@dataclass(frozen=True, slots=True)
class Identity:
    """The kiosk's signing key, and the names that it signs for."""

    enrolled: EnrolmentResponse
    key: Ed25519PrivateKey


def load(state_directory: Path) -> Identity:
    """Return the kiosk's identity; raises SettingsError, also if it is not enrolled."""
    found = find(state_directory)
    if found is None:
        place = str(state_directory / _IDENTITY)
        raise SettingsError(place, "this kiosk is not set up yet: run `kiosk enrol`")
    return found


def find(state_directory: Path) -> Identity | None:
    """Return the identity, or None if not enrolled; raises SettingsError if it is broken."""
    return _read(state_directory, _IDENTITY)


def usable(state_directory: Path) -> Identity | None:
    """Return the identity, or None without a valid one: a new enrolment replaces a broken one."""
    try:
        return find(state_directory)
    except SettingsError as error:
        _log.warning("%s", error)
        return None


def leaving(state_directory: Path) -> Identity | None:
    """Return the identity of a kiosk that is being retired, else None. Raises SettingsError."""
    return _read(state_directory, _LEAVING)


def next_key(state_directory: Path) -> Ed25519PrivateKey:
    """Return a key to enrol, which is on the disk by then.

    A key whose enrolment did not finish is used again; an unusable key file is replaced.
    """
    path, kept = state_directory / _NEXT_KEY, None
    with _as_settings_error(state_directory):
        state_directory.mkdir(parents=True, exist_ok=True, mode=0o2770)
        with suppress(SettingsError):
            kept = _read_key(path)
        known = usable(state_directory)
        if kept is not None and known is not None and _public(kept) == _public(known.key):
            path.rename(state_directory / _KEY)  # the power failed during `keep`
            kept = None
        if kept is not None:
            return kept
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(path, pem)
        return made


def keep(state_directory: Path, enrolled: EnrolmentResponse, key: Ed25519PrivateKey) -> None:
    """Store the identity, with the key from `next_key`. Raises SettingsError."""
    kept = _Kept(**dict(enrolled), public_key=_public(key))
    with _as_settings_error(state_directory):
        _write(state_directory / _IDENTITY, kept.model_dump_json(indent=2).encode())
        (state_directory / _NEXT_KEY).rename(state_directory / _KEY)
        _sync_folder(state_directory)


def begin_to_leave(state_directory: Path) -> None:
    """Stop being a kiosk, but keep what is needed to tell central so. Raises SettingsError."""
    with _as_settings_error(state_directory):
        (state_directory / _IDENTITY).rename(state_directory / _LEAVING)
        _sync_folder(state_directory)


def forget(state_directory: Path) -> None:
    """Remove all files, `leaving.json` last. Raises SettingsError."""
    with _as_settings_error(state_directory):
        for name in (_KEY, _NEXT_KEY, _IDENTITY, _LEAVING):
            for each in (name + _NEW, name):
                (state_directory / each).unlink(missing_ok=True)
            _sync_folder(state_directory)


def _read(state_directory: Path, name: str) -> Identity | None:
    path = state_directory / name
    with _as_settings_error(path):
        try:
            kept = _Kept.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            raise SettingsError(str(path), "cannot be understood: run `kiosk enrol`") from None
        for key in (_read_key(state_directory / each) for each in (_KEY, _NEXT_KEY)):
            if key is not None and _public(key) == kept.public_key:
                enrolled = kept.model_dump(exclude={"public_key"})
                return Identity(EnrolmentResponse.model_validate(enrolled), key)
    raise SettingsError(str(path), "its key is gone: run `kiosk enrol`")


def _read_key(path: Path) -> Ed25519PrivateKey | None:
    """Return the key in `path`, which other users must not be able to read; None without a file."""
    with _as_settings_error(path):
        try:
            mode, pem = path.stat().st_mode, path.read_bytes()
        except FileNotFoundError:
            return None
    if mode & 0o007:
        raise SettingsError(str(path), "others can read or change it: chmod o= it")
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(str(path), "is not an Ed25519 key: remove it, and run `kiosk enrol`")
    return key


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _write(path: Path, content: bytes) -> None:
    """Write `content` to the disk; after a power failure the file has all of it or the old one."""
    new = path.with_name(path.name + _NEW)
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, _MODE)  # independent of the umask
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    new.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _as_settings_error(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(str(place), error.strerror or type(error).__name__) from None

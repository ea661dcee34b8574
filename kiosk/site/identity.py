# SPDX-License-Identifier: Apache-2.0
"""The kiosk's identity: central's answer to its enrolment, and the keys that the device made.

The screen and the sync have a key each, so that the sync, which talks to the network all day,
cannot act for the screen. In the state directory, readable by the group of the two services:

- `identity.json`: central's answer, and the public halves of the keys that were enrolled;
- `sync-key.json`: the public half of the key that the sync has left to be enrolled.

In the folder of each service, `screen/` and `sync/`, which only its user can enter:

- `device.key`: its key, in PKCS #8 PEM. It never leaves the folder;
- `device-next.key`: a key whose enrolment is under way, or whose answer was lost.

The identity names its keys, so they match after a power failure at any moment. A kiosk that is
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

from kiosk.contract.enrolment import Ed25519Key, EnrolmentResponse, Role, SyncKey, sync_possession
from kiosk.errors import SettingsError

_log = logging.getLogger(__name__)

_IDENTITY, _LEAVING, _OFFER = "identity.json", "leaving.json", "sync-key.json"
_KEY, _NEXT_KEY = "device.key", "device-next.key"
_NEW = ".new"  # suffix of a file that is being written
_SHARED, _OWN = 0o640, 0o600


class _Kept(EnrolmentResponse):
    public_key: Ed25519Key
    sync_key: Ed25519Key

    def key_of(self, role: Role) -> bytes:
        """Return the public half of the key that the service has."""
        return self.public_key if role is Role.SCREEN else self.sync_key


@dataclass(frozen=True, slots=True)
class Identity:
    """The signing key of one of the kiosk's services, and the names that it signs for."""

    enrolled: EnrolmentResponse
    key: Ed25519PrivateKey


def own_folder(state_directory: Path, role: Role) -> Path:
    """Return the folder that only this service can enter."""
    return state_directory / role


def load(state_directory: Path, role: Role) -> Identity:
    """Return the kiosk's identity; raises SettingsError, also if it is not enrolled."""
    found = find(state_directory, role)
    if found is None:
        place = str(state_directory / _IDENTITY)
        raise SettingsError(place, "this kiosk is not set up yet: run `kiosk enrol`")
    return found


def find(state_directory: Path, role: Role) -> Identity | None:
    """Return the identity, or None if not enrolled; raises SettingsError if it is broken."""
    return _read(state_directory, _IDENTITY, role)


def usable(state_directory: Path, role: Role) -> Identity | None:
    """Return the identity, or None without a valid one: a new enrolment replaces a broken one."""
    try:
        return find(state_directory, role)
    except SettingsError as error:
        _log.warning("%s", error)
        return None


def leaving(state_directory: Path, role: Role) -> Identity | None:
    """Return the identity of a kiosk that is being retired, else None. Raises SettingsError."""
    return _read(state_directory, _LEAVING, role)


def next_key(state_directory: Path, role: Role) -> Ed25519PrivateKey:
    """Return a key to enrol, which is on the disk by then.

    A key whose enrolment did not finish is used again; an unusable key file is replaced.
    """
    folder, kept = own_folder(state_directory, role), None
    with _as_settings_error(folder):
        _make_folder(state_directory, role)
        if not _is_ours(folder):
            raise SettingsError(str(folder), "belongs to another user: run this as that user")
        with suppress(SettingsError):
            kept = _read_key(folder / _NEXT_KEY)
        known = usable(state_directory, role)
        if kept is not None and known is not None and _public(kept) == _public(known.key):
            (folder / _NEXT_KEY).rename(folder / _KEY)  # it was enrolled since
            kept = None
        if kept is not None:
            return kept
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(folder / _NEXT_KEY, pem, _OWN)
        return made


def offer_sync_key(state_directory: Path) -> None:
    """Make a key for the sync, and leave its public half to be enrolled. Raises SettingsError."""
    key = next_key(state_directory, Role.SYNC)
    public = _public(key)
    offer = SyncKey(public_key=public, signature=key.sign(sync_possession(public)))
    with _as_settings_error(state_directory):
        _write(state_directory / _OFFER, offer.model_dump_json().encode(), _SHARED)


def offered_sync_key(state_directory: Path) -> SyncKey:
    """Return the public half of the sync's next key; raises SettingsError if there is none.

    At a desk, where both services have one user, the key is made here.
    """
    with _as_settings_error(state_directory):
        _make_folder(state_directory, Role.SCREEN)
        folder = own_folder(state_directory, Role.SYNC)
        if not folder.exists() or folder.stat().st_uid == os.geteuid():
            offer_sync_key(state_directory)
        try:
            return SyncKey.model_validate_json((state_directory / _OFFER).read_bytes())
        except (FileNotFoundError, ValidationError):
            place = str(state_directory / _OFFER)
            raise SettingsError(place, "run `kiosk sync-key` as the sync's user first") from None


def keep(
    state_directory: Path, enrolled: EnrolmentResponse, key: Ed25519PrivateKey, sync_key: bytes
) -> None:
    """Store the identity, with the screen's key from `next_key`. Raises SettingsError."""
    kept = _Kept(**dict(enrolled), public_key=_public(key), sync_key=sync_key)
    folder = own_folder(state_directory, Role.SCREEN)
    with _as_settings_error(state_directory):
        _write(state_directory / _IDENTITY, kept.model_dump_json(indent=2).encode(), _SHARED)
        (folder / _NEXT_KEY).rename(folder / _KEY)
        _sync_folder(folder)


def begin_to_leave(state_directory: Path) -> None:
    """Stop being a kiosk, but keep what is needed to tell central so. Raises SettingsError."""
    with _as_settings_error(state_directory):
        (state_directory / _IDENTITY).rename(state_directory / _LEAVING)
        _sync_folder(state_directory)


def forget(state_directory: Path, role: Role) -> None:
    """Remove the identity and the service's own folder, `leaving.json` last. Raises SettingsError.

    The other service's folder is removed where both have one user; see `forget_retired`.
    """
    with _as_settings_error(state_directory):
        for each in Role:
            folder = own_folder(state_directory, each)
            if each is role or _is_ours(folder):
                _remove(folder)
        for name in (_OFFER, _IDENTITY, _LEAVING):
            for each_name in (name + _NEW, name):
                (state_directory / each_name).unlink(missing_ok=True)
            _sync_folder(state_directory)


def forget_retired(state_directory: Path) -> None:
    """Remove the screen's files of a kiosk that has retired. Raises SettingsError.

    The sync, which retires the kiosk, cannot reach them. A key that waits to be enrolled stays.
    """
    folder = own_folder(state_directory, Role.SCREEN)
    with _as_settings_error(folder):
        kept = (state_directory / name for name in (_IDENTITY, _LEAVING))
        if any(path.exists() for path in kept) or not folder.exists():
            return
        for path in folder.iterdir():
            if not path.name.startswith(_NEXT_KEY):
                path.unlink()
        _sync_folder(folder)


def _read(state_directory: Path, name: str, role: Role) -> Identity | None:
    path, folder = state_directory / name, own_folder(state_directory, role)
    with _as_settings_error(path):
        try:
            kept = _Kept.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            raise SettingsError(str(path), "cannot be understood: run `kiosk enrol`") from None
        for key in (_read_key(folder / each) for each in (_KEY, _NEXT_KEY)):
            if key is not None and _public(key) == kept.key_of(role):
                enrolled = kept.model_dump(exclude={"public_key", "sync_key"})
                return Identity(EnrolmentResponse.model_validate(enrolled), key)
    raise SettingsError(str(path), f"the key of the {role} is gone: run `kiosk enrol`")


def _read_key(path: Path) -> Ed25519PrivateKey | None:
    """Return the key in `path`, which only this user may have; None without a file."""
    with _as_settings_error(path):
        try:
            status, pem = path.stat(), path.read_bytes()
        except FileNotFoundError:
            return None
    if status.st_mode & 0o077:
        raise SettingsError(str(path), "others can read or change it: chmod go= it")
    if os.geteuid() not in {status.st_uid, 0}:
        raise SettingsError(str(path), "belongs to another user")
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(str(path), "is not an Ed25519 key: remove it, and run `kiosk enrol`")
    return key


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _is_ours(folder: Path) -> bool:
    return folder.exists() and folder.stat().st_uid == os.geteuid()


def _remove(folder: Path) -> None:
    if folder.exists():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _make_folder(state_directory: Path, role: Role) -> None:
    state_directory.mkdir(parents=True, exist_ok=True, mode=0o2770)
    own_folder(state_directory, role).mkdir(exist_ok=True, mode=0o700)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write `content` to the disk; after a power failure the file has all of it or the old one."""
    new = path.with_name(path.name + _NEW)
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)  # independent of the umask
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

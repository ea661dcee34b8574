# SPDX-License-Identifier: Apache-2.0
"""The kiosk's identity on its disk: a power failure leaves it whole or absent."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kiosk.contract.enrolment import EnrolmentResponse, Role
from kiosk.errors import SettingsError
from kiosk.site import identity


def enrolled(name: str = "ward 7") -> EnrolmentResponse:
    return EnrolmentResponse(
        kiosk=uuid4(), name=name, organisation="Trust A", central="c", verify_keys=(bytes(32),)
    )


def offered(state: Path) -> bytes:
    """Return the public half of the sync's next key."""
    return identity.offered_sync_key(state).public_key


@pytest.fixture
def state(folder: Path) -> Path:
    return folder / "state"


def test_a_saved_identity_is_loaded(state: Path) -> None:
    key, known = identity.next_key(state, Role.SCREEN), enrolled()
    identity.keep(state, known, key, offered(state))
    found = identity.load(state, Role.SCREEN)
    assert (found.enrolled, found.key.private_bytes_raw()) == (known, key.private_bytes_raw())
    there = sorted(str(path.relative_to(state)) for path in state.rglob("*.*"))
    assert there == [
        "identity.json",
        "screen/device.key",
        "sync-key.json",
        "sync/device-next.key",
    ]


def test_the_group_may_read_the_files_under_any_umask(state: Path) -> None:
    before = os.umask(0o077)
    try:
        state.mkdir(mode=0o750)
        identity.keep(state, enrolled(), identity.next_key(state, Role.SCREEN), offered(state))
    finally:
        os.umask(before)
    files = {path for path in state.iterdir() if path.is_file()}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o640}
    folders = set(state.iterdir()) - files
    assert {path.name for path in folders} == {"screen", "sync"}
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    keys = [path for folder in folders for path in folder.iterdir()]
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_each_service_has_its_own_key(state: Path) -> None:
    identity.keep(state, enrolled(), identity.next_key(state, Role.SCREEN), offered(state))
    screen, sync = (identity.load(state, role).key.private_bytes_raw() for role in Role)
    assert screen != sync
    before = (state / "screen/device.key").read_bytes()
    (state / "screen/device.key").write_bytes((state / "sync/device-next.key").read_bytes())
    with pytest.raises(SettingsError, match="key of the screen is gone"):
        identity.load(state, Role.SCREEN)
    (state / "screen/device.key").write_bytes(before)
    identity.load(state, Role.SCREEN)


def test_the_syncs_key_is_made_by_another_user(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The set-up cannot enter the sync's folder: it finds the public half of the sync's key."""
    (state / "sync").mkdir(parents=True, mode=0o700)
    user = os.geteuid()
    with monkeypatch.context() as as_another:
        as_another.setattr(os, "geteuid", lambda: user + 1)
        with pytest.raises(SettingsError, match="kiosk sync-key"):
            identity.offered_sync_key(state)
    identity.offer_sync_key(state)
    left = (state / "sync/device-next.key").read_bytes()
    with monkeypatch.context() as as_another:
        as_another.setattr(os, "geteuid", lambda: user + 1)
        offer = identity.offered_sync_key(state)
    assert (state / "sync/device-next.key").read_bytes() == left
    identity.keep(state, enrolled(), identity.next_key(state, Role.SCREEN), offer.public_key)
    identity.load(state, Role.SYNC)
    identity.offer_sync_key(state)  # for the next enrolment: it keeps the one that is enrolled
    identity.load(state, Role.SYNC)
    assert identity.offered_sync_key(state).public_key != offer.public_key


def test_the_screen_removes_its_key_of_a_kiosk_that_has_retired(state: Path) -> None:
    identity.keep(state, enrolled(), identity.next_key(state, Role.SCREEN), offered(state))
    (state / "screen/shown-keys").write_bytes(b"")
    identity.forget_retired(state)
    assert len(list((state / "screen").iterdir())) == 2  # it is enrolled
    identity.begin_to_leave(state)
    identity.forget_retired(state)
    assert len(list((state / "screen").iterdir())) == 2
    (state / "leaving.json").unlink()  # as the sync does that cannot enter the folder
    identity.next_key(state, Role.SCREEN)
    identity.forget_retired(state)
    assert [path.name for path in (state / "screen").iterdir()] == ["device-next.key"]


def test_an_unenrolled_device_is_told_how_to_enrol(state: Path) -> None:
    assert identity.find(state, Role.SCREEN) is None
    with pytest.raises(SettingsError, match="kiosk enrol"):
        identity.load(state, Role.SCREEN)


def test_a_pending_key_is_kept_until_it_is_enrolled(state: Path) -> None:
    key = identity.next_key(state, Role.SCREEN)
    assert identity.next_key(state, Role.SCREEN).private_bytes_raw() == key.private_bytes_raw()
    identity.keep(state, enrolled(), key, offered(state))
    assert identity.next_key(state, Role.SCREEN).private_bytes_raw() != key.private_bytes_raw()


def test_the_first_key_is_used_until_another_is_enrolled(state: Path) -> None:
    first = identity.next_key(state, Role.SCREEN)
    identity.keep(state, enrolled(), first, offered(state))
    second = identity.next_key(state, Role.SCREEN)
    assert identity.load(state, Role.SCREEN).key.private_bytes_raw() == first.private_bytes_raw()
    identity.keep(state, enrolled("ward 8"), second, offered(state))
    found = identity.load(state, Role.SCREEN)
    assert found.enrolled.name == "ward 8"
    assert found.key.private_bytes_raw() == second.private_bytes_raw()


def test_a_power_cut_between_identity_and_key_loses_neither(state: Path) -> None:
    identity.keep(state, enrolled(), identity.next_key(state, Role.SCREEN), offered(state))
    former = (state / "screen/device.key").read_bytes()
    key = identity.next_key(state, Role.SCREEN)
    identity.keep(state, enrolled("ward 8"), key, offered(state))
    # The state before the new key is renamed: the old key is still there.
    (state / "screen/device.key").rename(state / "screen/device-next.key")
    (state / "screen/device.key").write_bytes(former)
    (state / "screen/device.key").chmod(0o600)
    assert identity.load(state, Role.SCREEN).key.private_bytes_raw() == key.private_bytes_raw()
    # A new enrolment does not overwrite the key in use.
    another = identity.next_key(state, Role.SCREEN)
    assert another.private_bytes_raw() != key.private_bytes_raw()
    assert identity.load(state, Role.SCREEN).key.private_bytes_raw() == key.private_bytes_raw()


def test_a_half_written_file_is_ignored(state: Path) -> None:
    key = identity.next_key(state, Role.SCREEN)
    (state / "identity.json.new").write_bytes(b'{"kio')
    assert identity.find(state, Role.SCREEN) is None
    identity.keep(state, enrolled(), key, offered(state))
    identity.load(state, Role.SCREEN)


@pytest.mark.parametrize("mode", [0o644, 0o602, 0o641])
def test_a_key_that_others_can_reach_is_refused(state: Path, mode: int) -> None:
    identity.keep(state, enrolled(), identity.next_key(state, Role.SCREEN), offered(state))
    (state / "screen/device.key").chmod(mode)
    with pytest.raises(SettingsError, match="others can"):
        identity.load(state, Role.SCREEN)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 10_000])
def test_a_broken_identity_is_reported(state: Path, content: bytes) -> None:
    identity.keep(state, enrolled(), identity.next_key(state, Role.SCREEN), offered(state))
    (state / "identity.json").write_bytes(content)
    with pytest.raises(SettingsError, match=r"identity\.json"):
        identity.load(state, Role.SCREEN)


@pytest.mark.parametrize("broken", ["gone", "empty", "another", "rsa"])
def test_a_key_of_another_identity_is_reported(state: Path, broken: str) -> None:
    identity.keep(state, enrolled(), identity.next_key(state, Role.SCREEN), offered(state))
    path = state / "screen/device.key"
    match broken:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "another":
            identity.next_key(state, Role.SCREEN)
            (state / "screen/device-next.key").rename(path)
        case _:
            key = rsa.generate_private_key(65537, 2048)
            path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SettingsError):
        identity.load(state, Role.SCREEN)


def test_broken_files_do_not_prevent_a_new_enrolment(state: Path) -> None:
    identity.keep(state, enrolled(), identity.next_key(state, Role.SCREEN), offered(state))
    (state / "identity.json").write_bytes(b"{}")
    (state / "screen/device-next.key").write_bytes(b"")
    assert identity.usable(state, Role.SCREEN) is None
    identity.keep(state, enrolled("ward 8"), identity.next_key(state, Role.SCREEN), offered(state))
    assert identity.load(state, Role.SCREEN).enrolled.name == "ward 8"


def test_a_retired_kiosk_has_no_identity(state: Path) -> None:
    known = enrolled()
    identity.keep(state, known, identity.next_key(state, Role.SCREEN), offered(state))
    identity.begin_to_leave(state)
    assert identity.find(state, Role.SCREEN) is None
    leaving = identity.leaving(state, Role.SCREEN)
    assert leaving is not None
    assert leaving.enrolled == known
    identity.forget(state, Role.SYNC)
    identity.forget(state, Role.SYNC)
    assert not list(state.iterdir())
    assert identity.leaving(state, Role.SCREEN) is None

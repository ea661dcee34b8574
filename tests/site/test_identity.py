# SPDX-License-Identifier: Apache-2.0
"""The kiosk's identity on its disk: a power failure leaves it whole or absent."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kiosk.contract.enrolment import EnrolmentResponse
from kiosk.errors import SettingsError
from kiosk.site import identity


def enrolled(name: str = "ward 7") -> EnrolmentResponse:
    return EnrolmentResponse(
        kiosk=uuid4(), name=name, organisation="Trust A", central="c", verify_keys=(bytes(32),)
    )


@pytest.fixture
def state(folder: Path) -> Path:
    return folder / "state"


def test_a_saved_identity_is_loaded(state: Path) -> None:
    key, known = identity.next_key(state), enrolled()
    identity.keep(state, known, key)
    found = identity.load(state)
    assert (found.enrolled, found.key.private_bytes_raw()) == (known, key.private_bytes_raw())
    assert sorted(path.name for path in state.iterdir()) == ["device.key", "identity.json"]


def test_the_group_may_read_the_files_under_any_umask(state: Path) -> None:
    before = os.umask(0o077)
    try:
        state.mkdir(mode=0o750)
        identity.keep(state, enrolled(), identity.next_key(state))
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in state.iterdir()} == {0o640}


def test_an_unenrolled_device_is_told_how_to_enrol(state: Path) -> None:
    assert identity.find(state) is None
    with pytest.raises(SettingsError, match="kiosk enrol"):
        identity.load(state)


def test_a_pending_key_is_kept_until_it_is_enrolled(state: Path) -> None:
    key = identity.next_key(state)
    assert identity.next_key(state).private_bytes_raw() == key.private_bytes_raw()
    identity.keep(state, enrolled(), key)
    assert identity.next_key(state).private_bytes_raw() != key.private_bytes_raw()


def test_the_first_key_is_used_until_another_is_enrolled(state: Path) -> None:
    first = identity.next_key(state)
    identity.keep(state, enrolled(), first)
    second = identity.next_key(state)
    assert identity.load(state).key.private_bytes_raw() == first.private_bytes_raw()
    identity.keep(state, enrolled("ward 8"), second)
    found = identity.load(state)
    assert found.enrolled.name == "ward 8"
    assert found.key.private_bytes_raw() == second.private_bytes_raw()


def test_a_power_cut_between_identity_and_key_loses_neither(state: Path) -> None:
    identity.keep(state, enrolled(), identity.next_key(state))
    former = (state / "device.key").read_bytes()
    key = identity.next_key(state)
    identity.keep(state, enrolled("ward 8"), key)
    # The state before the new key is renamed: the old key is still there.
    (state / "device.key").rename(state / "device-next.key")
    (state / "device.key").write_bytes(former)
    (state / "device.key").chmod(0o640)
    assert identity.load(state).key.private_bytes_raw() == key.private_bytes_raw()
    # A new enrolment does not overwrite the key in use.
    another = identity.next_key(state)
    assert another.private_bytes_raw() != key.private_bytes_raw()
    assert identity.load(state).key.private_bytes_raw() == key.private_bytes_raw()


def test_a_half_written_file_is_ignored(state: Path) -> None:
    key = identity.next_key(state)
    (state / "identity.json.new").write_bytes(b'{"kio')
    assert identity.find(state) is None
    identity.keep(state, enrolled(), key)
    identity.load(state)


@pytest.mark.parametrize("mode", [0o644, 0o602, 0o641])
def test_a_key_that_others_can_reach_is_refused(state: Path, mode: int) -> None:
    identity.keep(state, enrolled(), identity.next_key(state))
    (state / "device.key").chmod(mode)
    with pytest.raises(SettingsError, match="others can"):
        identity.load(state)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 10_000])
def test_a_broken_identity_is_reported(state: Path, content: bytes) -> None:
    identity.keep(state, enrolled(), identity.next_key(state))
    (state / "identity.json").write_bytes(content)
    with pytest.raises(SettingsError, match=r"identity\.json"):
        identity.load(state)


@pytest.mark.parametrize("broken", ["gone", "empty", "another", "rsa"])
def test_a_key_of_another_identity_is_reported(state: Path, broken: str) -> None:
    identity.keep(state, enrolled(), identity.next_key(state))
    path = state / "device.key"
    match broken:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "another":
            identity.next_key(state)
            (state / "device-next.key").rename(path)
        case _:
            key = rsa.generate_private_key(65537, 2048)
            path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SettingsError):
        identity.load(state)


def test_broken_files_do_not_prevent_a_new_enrolment(state: Path) -> None:
    identity.keep(state, enrolled(), identity.next_key(state))
    (state / "identity.json").write_bytes(b"{}")
    (state / "device-next.key").write_bytes(b"")
    assert identity.usable(state) is None
    identity.keep(state, enrolled("ward 8"), identity.next_key(state))
    assert identity.load(state).enrolled.name == "ward 8"


def test_a_retired_kiosk_has_no_identity(state: Path) -> None:
    known = enrolled()
    identity.keep(state, known, identity.next_key(state))
    identity.begin_to_leave(state)
    assert identity.find(state) is None
    leaving = identity.leaving(state)
    assert leaving is not None
    assert leaving.enrolled == known
    identity.forget(state)
    identity.forget(state)
    assert not list(state.iterdir())
    assert identity.leaving(state) is None

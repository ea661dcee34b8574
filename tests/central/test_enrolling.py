# SPDX-License-Identifier: Apache-2.0
"""A device becomes a kiosk by a one-time token of the RA's and a key of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import select

from kiosk.central.fleet import kiosks, nonces, rejected_callers
from kiosk.central.keys import signing
from kiosk.central.tables import EnrolmentRow, Kiosk
from kiosk.contract.enrolment import StatementPurpose, statement
from tests.central.desk import OPERATOR, Operator
from tests.central.device import Device, allow, audited
from tests.central.world import CENTRAL, Clock, Service, b64, problem


@pytest.fixture
def device(service: Service) -> Device:
    return Device(service)


def stored(service: Service) -> list[Kiosk]:
    with service.services.database.reading() as database:
        return list(database.exec(select(Kiosk)))


def revoke(service: Service) -> None:
    with service.services.database.transaction() as database:
        kiosks.revoke(database, database.exec(select(Kiosk)).one())


# ---------------------------------------------------------------- successful enrolment


def test_an_enrolled_device_gets_its_identity_and_the_keys_to_trust(
    service: Service, device: Device
) -> None:
    enrolled = device.enrol()
    assert (enrolled.name, enrolled.organisation) == ("ward 7", "Trust A")
    assert enrolled.central == CENTRAL
    (kiosk,) = stored(service)
    assert (kiosk.subject, kiosk.public_key) == (enrolled.kiosk, device.public_key)
    signature = signing.sign(service.services.master, StatementPurpose.ENROL, b"x")
    (key,) = enrolled.verify_keys
    Ed25519PublicKey.from_public_bytes(key).verify(
        signature, statement(StatementPurpose.ENROL, b"x")
    )
    assert audited(service) == [("kiosk.enrolled", None)]
    assert device.report(device.access()).status_code == 200


def test_every_process_of_central_signs_with_the_same_key(service: Service, device: Device) -> None:
    before = device.enrol()
    service.restart()
    assert Device(service).enrol(allow(service, "ward 8")).verify_keys == before.verify_keys


def test_an_enrolment_can_be_repeated_if_its_answer_was_lost(
    service: Service, device: Device
) -> None:
    token = allow(service)
    first = device.enrol(token)
    service.restart()
    assert device.enrol(token) == first
    assert [kind for kind, _ in audited(service)] == ["kiosk.enrolled"]


def test_a_new_token_replaces_the_device(service: Service, device: Device) -> None:
    before = device.enrol()
    access = device.access()
    token = allow(service)
    assert device.report(access).status_code == 200  # a token alone changes nothing
    another = Device(service)
    after = another.enrol(token)
    assert (after.kiosk, len(stored(service))) == (before.kiosk, 1)
    assert device.report(access).status_code == 401
    assert problem(device.ask_token()) == "not-authenticated"
    assert another.report(another.access()).status_code == 200
    assert audited(service)[1] == ("kiosk.enrolled-again", None)


def test_a_device_may_become_another_kiosk_with_another_key(
    service: Service, device: Device
) -> None:
    device.enrol()
    allowed = allow(service, "ward 8")
    assert problem(device.ask_to_enrol(allowed)) == "enrolment-refused"
    assert Device(service).enrol(allowed).name == "ward 8"


def test_a_revoked_kiosk_needs_a_new_token(service: Service, device: Device) -> None:
    waiting = allow(service)
    device.enrol(waiting)
    revoke(service)
    assert problem(device.ask_to_enrol(waiting)) == "enrolment-refused"
    assert problem(device.ask_token()) == "not-authenticated"
    device.enrol(allow(service))
    assert device.report(device.access()).status_code == 200


def test_a_revocation_voids_the_kiosks_pending_token(service: Service, device: Device) -> None:
    device.enrol()
    waiting = allow(service)
    revoke(service)
    assert problem(Device(service).ask_to_enrol(waiting)) == "enrolment-refused"


# ---------------------------------------------------------------- refused enrolment


def test_a_token_enrols_one_device(service: Service, device: Device) -> None:
    token = allow(service)
    device.enrol(token)
    thief = Device(service)
    assert problem(thief.ask_to_enrol(token)) == "enrolment-refused"
    assert stored(service)[0].public_key == device.public_key
    assert audited(service)[-1][0] == "enrolment.refused"


def test_only_one_of_many_devices_can_use_a_token(service: Service) -> None:
    token = allow(service)
    devices = [Device(service) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: each.ask_to_enrol(token).status_code, devices))
    assert sorted(answers) == [200] + [403] * 7


def test_a_token_expires(service: Service, device: Device, clock: Clock) -> None:
    token = allow(service)
    clock.pass_time(24 * 3600)
    assert problem(device.ask_to_enrol(token)) == "enrolment-refused"
    assert not stored(service)


def test_a_newer_token_voids_the_former(service: Service, device: Device) -> None:
    lost, token = allow(service), allow(service)
    assert problem(device.ask_to_enrol(lost)) == "enrolment-refused"
    device.enrol(token)


@pytest.mark.parametrize("wrong", ["another central", "another token", "another key", "nothing"])
def test_the_device_has_to_prove_its_key(service: Service, device: Device, wrong: str) -> None:
    token = allow(service)
    match wrong:
        case "another central":
            answer = device.ask_to_enrol(token, central="another")
        case "another token":
            answer = device.ask_to_enrol("x" * 43, token=token)
        case "another key":
            answer = device.ask_to_enrol(token, public_key=b64(Device(service).public_key))
        case _:
            answer = device.ask_to_enrol(token, signature=b64(bytes(64)))
    assert problem(answer) == "enrolment-refused"
    assert audited(service) == [("enrolment.refused", "the key was not shown")]


@pytest.mark.parametrize("weak", [bytes(32), b"\x01" + bytes(31)])
def test_the_neutral_element_is_not_a_key(service: Service, device: Device, weak: bytes) -> None:
    """The neutral element verifies every message with (R, 0) if R is the neutral element too."""
    forged = b"\x01" + bytes(63)
    answer = device.ask_to_enrol(allow(service), public_key=b64(weak), signature=b64(forged))
    assert problem(answer) == "enrolment-refused"


def test_a_nonce_has_to_be_centrals_and_recent(
    service: Service, device: Device, clock: Clock
) -> None:
    token, old = allow(service), device.nonce().nonce
    forged = old[:-1] + bytes([old[-1] ^ 1])
    later = old[:20] + bytes([255]) + old[21:]
    for nonce in (forged, later, bytes(56), bytes(16)):
        assert problem(device.ask_to_enrol(token, nonce=nonce)) == "enrolment-refused"
    clock.pass_time(nonces.LIFE.total_seconds() - 1)
    assert device.ask_to_enrol(token, nonce=old).status_code == 200
    clock.pass_time(1)
    assert problem(device.ask_to_enrol(token, nonce=old)) == "enrolment-refused"


def test_unknown_callers_cannot_flood_the_audit(
    service: Service, device: Device, clock: Clock
) -> None:
    for _ in range(5):
        assert problem(device.ask_to_enrol("y" * 43)) == "enrolment-refused"
    assert audited(service) == [("enrolment.refused", "no such token")]
    clock.pass_time(rejected_callers.RECORD_EVERY / timedelta(seconds=1))
    device.ask_to_enrol("y" * 43)
    assert len(audited(service)) == 2


# ---------------------------------------------------------------- the RA's command


def test_the_command_prints_a_token_that_is_stored_nowhere(
    operator: Operator, service: Service, device: Device
) -> None:
    operator.does("organisations", "add", "Trust B")
    token = operator.does("kiosks", "enrol-token", "ward 9", "--organisation", "Trust B").strip()
    assert operator.audited == {
        "kind": "enrolment.allowed",
        "operator": OPERATOR,
        "kiosk": "ward 9",
        "organisation": "Trust B",
        "hours": 24,
    }
    with service.services.database.reading() as database:
        (row,) = database.exec(select(EnrolmentRow))
    assert token.encode() not in row.model_dump_json(exclude={"token_hash"}).encode()
    assert row.token_hash != token.encode()
    assert device.enrol(token).organisation == "Trust B"


@pytest.mark.parametrize(
    "arguments",
    [
        ("ward 7", "--organisation", "Trust C"),
        ("", "--organisation", "Trust B"),
        ("two\nlines", "--organisation", "Trust B"),
        ("ward 9", "--organisation", "Trust B", "--hours", "0"),
        ("ward 9", "--organisation", "Trust B", "--hours", "999"),
        ("ward 7", "--organisation", "Trust B"),  # a kiosk of Trust A
    ],
)
def test_an_impossible_token_is_declined(
    operator: Operator, service: Service, device: Device, arguments: tuple[str, ...]
) -> None:
    device.enrol()
    operator.does("organisations", "add", "Trust B")
    assert operator.run("kiosks", "enrol-token", *arguments) == 2
    assert operator.out == ""

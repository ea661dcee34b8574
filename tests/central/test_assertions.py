# SPDX-License-Identifier: Apache-2.0
"""An assertion is valid once, by the kiosk's own key, for this central, by central's clock."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ed448, rsa
from sqlmodel import select

from kiosk.central.fleet import assertions, kiosks, nonces, rejected_callers
from kiosk.central.keys.master_key import FileKey
from kiosk.central.service import authentication
from kiosk.central.tables import AccessRow, Kiosk, UsedAssertion
from kiosk.contract.enrolment import GRANT_TYPE, Claims, Role
from kiosk.link import AccessTokens, Entrance
from kiosk.values import Secret
from tests.central.conftest import NewDatabase
from tests.central.desk import Operator
from tests.central.device import Device, allow, audited
from tests.central.world import CENTRAL, Clock, KioskClient, PersonalCard, Service, b64, problem
from tests.patience import PATIENCE


@pytest.fixture
def device(service: Service) -> Device:
    made = Device(service)
    made.enrol()
    return made


def rows(service: Service, table: type[Any]) -> list[Any]:
    with service.services.database.reading() as database:
        return list(database.exec(select(table)))


# ---------------------------------------------------------------- valid assertions


def test_an_access_token_is_stored_only_as_a_hash(service: Service, device: Device) -> None:
    answer = device.ask_token()
    granted = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert granted == {
        "access_token": granted["access_token"],
        "token_type": "Bearer",
        "expires_in": 600,
        "retiring": False,
    }
    (row,) = rows(service, AccessRow)
    assert row.token_hash == authentication.token_hash(granted["access_token"])
    assert device.report(granted["access_token"]).status_code == 200


def test_an_access_token_expires(device: Device, clock: Clock) -> None:
    access = device.access()
    clock.pass_time(authentication.ACCESS_LIFE.total_seconds() - 1)
    assert device.report(access).status_code == 200
    clock.pass_time(1)
    assert problem(device.report(access)) == "not-authenticated"


def test_expired_tokens_are_deleted(service: Service, device: Device, clock: Clock) -> None:
    device.access()
    clock.pass_time(authentication.ACCESS_LIFE.total_seconds())
    device.access()
    assert len(rows(service, AccessRow)) == len(rows(service, UsedAssertion)) == 1


def test_a_kiosk_has_a_limited_number_of_tokens(
    service: Service, device: Device, clock: Clock
) -> None:
    first = device.access()
    for _ in range(16):
        clock.pass_time(1)
        last = device.access()
    assert len(rows(service, AccessRow)) == 16
    assert device.report(first).status_code == 401
    assert device.report(last).status_code == 200


def test_tokens_outlive_a_restart(service: Service, device: Device) -> None:
    access, nonce_before = device.access(), device.assertion()
    service.restart()
    assert device.report(access).status_code == 200
    assert device.ask_token(nonce_before).status_code == 200


@pytest.mark.parametrize("hours", [-24 * 3650, -1, 1, 24 * 3650])
def test_a_kiosk_with_a_wrong_clock_gets_a_token(
    service: Service, clock: Clock, hours: int
) -> None:
    """The kiosk's clock is this machine's; central's clock is off in both directions."""
    clock.now = datetime.now(UTC) + timedelta(hours=hours)
    device = Device(service)
    enrolled = Entrance(service.url).enrol(allow(service), device.key, device.sync)
    tokens = AccessTokens(service.url, enrolled.kiosk, enrolled.central, device.key)
    assert device.report(tokens.current()).status_code == 200


# ---------------------------------------------------------------- invalid assertions


def other_master() -> FileKey:
    return FileKey(Secret(bytes(32)))


def nonce_of_another_central(device: Device) -> str:
    # The same time, with a MAC by another master key.
    nonce = device.nonce().nonce[:24]
    key = other_master().derive(b"nonces", b"", 32)
    return b64(nonce + hmac.digest(key, nonce, "sha256"))


def signed(device: Device, header: dict[str, Any], payload: bytes) -> str:
    """Return a JWS made by hand, signed by the device."""

    def part(content: bytes) -> str:
        return urlsafe_b64encode(content).rstrip(b"=").decode()

    signing_input = f"{part(json.dumps(header).encode())}.{part(payload)}"
    return f"{signing_input}.{part(device.key.sign(signing_input.encode()))}"


NOBODY = "6f1c3f0e-54d5-4b3a-9c6e-0a5f1f0d9a11"
HEADER = {"alg": "EdDSA", "typ": "kiosk-assertion+jwt"}

FAULTS: dict[str, Callable[[Device], str]] = {
    "another audience": lambda d: d.assertion(aud="another"),
    "several audiences": lambda d: d.assertion(aud=[CENTRAL]),
    "another key": lambda d: d.assertion(key=Device(d.service).key),
    "no such kiosk": lambda d: d.assertion(iss=NOBODY, sub=NOBODY),
    "another subject": lambda d: d.assertion(sub=NOBODY),
    "a foreign nonce": lambda d: d.assertion(nonce=nonce_of_another_central(d)),
    "a short nonce": lambda d: d.assertion(nonce=b64(bytes(16))),
    "no nonce": lambda d: d.assertion(nonce=None),
    "no jti": lambda d: d.assertion(jti=None),
    "no exp": lambda d: d.assertion(exp=None),
    "no iat": lambda d: d.assertion(iat=None),
    "no aud": lambda d: d.assertion(aud=None),
    "one claim more": lambda d: d.assertion(admin=True),
    "an end too far": lambda d: d.assertion(exp=d.claims()["exp"] + 1),
    "an end before its beginning": lambda d: d.assertion(exp=d.claims()["iat"]),
    "an earlier time": lambda d: d.assertion(iat=d.claims()["iat"] - 1),
    "another type": lambda d: d.assertion(typ="JWT"),
    "no signature": lambda d: d.assertion().rpartition(".")[0] + ".",
    "no algorithm": lambda d: signed(d, HEADER | {"alg": "none"}, json.dumps(d.claims()).encode()),
    "the public key as a secret": lambda d: d.assertion(key=d.public_key, algorithm="HS256"),
    "another curve": lambda d: d.assertion(key=ed448.Ed448PrivateKey.generate()),
    "another algorithm": lambda d: d.assertion(
        key=rsa.generate_private_key(65537, 2048), algorithm="RS256"
    ),
    "a header more": lambda d: signed(d, HEADER | {"kid": "1"}, json.dumps(d.claims()).encode()),
    "a header that is critical": lambda d: signed(
        d, HEADER | {"crit": ["exp"]}, json.dumps(d.claims()).encode()
    ),
    "a deep payload": lambda d: signed(d, HEADER, b"[" * 2000),
    "a list": lambda d: signed(d, HEADER, b"[]"),
    "no text": lambda d: signed(d, HEADER, b"\xff\xfe"),
    "two services": lambda _: "e30.e30",
    "nothing": lambda _: "",
    "rubbish": lambda _: "x" * 4096,
}


@pytest.fixture(scope="module")
def standing(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Device]:
    """One device for all faults: none of them changes it."""
    folder = tmp_path_factory.mktemp("central")
    with new_database(folder) as url:
        running = Service(folder, Clock(), url)
        running.start()
        made = Device(running)
        made.enrol()
        yield made
        running.stop()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_gets_the_same_refusal(standing: Device, fault: str) -> None:
    service = standing.service
    service.clock.pass_time(rejected_callers.RECORD_EVERY.total_seconds())
    before = len(audited(service))
    refused = standing.report("wrong")
    form = {"grant_type": GRANT_TYPE, "assertion": FAULTS[fault](standing)}
    for _ in range(3):
        answer = requests.post(f"{service.url}/v1/token", data=form, timeout=PATIENCE)
        assert (problem(answer), answer.text) == ("not-authenticated", refused.text)
    assert not rows(service, AccessRow)
    assert [kind for kind, _ in audited(service)[before:]] == ["kiosk.refused"]


def test_a_used_assertion_is_refused_while_its_nonce_is_valid(
    service: Service, device: Device, clock: Clock
) -> None:
    assertion = device.assertion()
    assert device.ask_token(assertion).status_code == 200
    for seconds in (0, 60, nonces.LIFE.total_seconds() - 61, 1, 3600):
        clock.pass_time(seconds)
        device.access()  # deletes what has expired
        assert problem(device.ask_token(assertion)) == "not-authenticated"
    assert ("kiosk.refused", "used before") in audited(service)


def test_a_used_assertion_is_refused_by_another_process(service: Service, device: Device) -> None:
    assertion = device.assertion()
    assert device.ask_token(assertion).status_code == 200
    service.restart()
    assert problem(device.ask_token(assertion)) == "not-authenticated"


def test_a_nonce_expires_at_its_stated_time(device: Device, clock: Clock) -> None:
    in_time, too_late = device.assertion(), device.assertion()
    clock.pass_time(nonces.LIFE.total_seconds() - 1)
    assert device.ask_token(in_time).status_code == 200
    clock.pass_time(1)
    assert problem(device.ask_token(too_late)) == "not-authenticated"


def test_a_kiosk_cannot_pose_as_another(service: Service, device: Device) -> None:
    other = Device(service)
    other.enrol(allow(service, "ward 8", "Trust B"))
    assert device.enrolled
    assert other.enrolled
    whose = str(device.enrolled.kiosk)
    assert problem(other.ask_token(other.assertion(iss=whose, sub=whose))) == "not-authenticated"
    used = device.claims()
    assert device.ask_token(device.assertion(**used)).status_code == 200
    assert other.ask_token(other.assertion(jti=used["jti"])).status_code == 200


def test_the_audit_names_the_claimed_kiosk(service: Service, device: Device) -> None:
    device.ask_token(device.assertion(key=Device(service).key))
    device.ask_token(device.assertion(aud="another"))
    device.ask_token("nothing of the kind")
    assert audited(service)[1:] == [
        ("kiosk.refused", "signed by another key"),
        ("kiosk.refused", "no assertion of a kiosk's"),
    ]


# ---------------------------------------------------------------- the form


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"grant_type=x&assertion=y",
        b"assertion=y",
        f"grant_type={GRANT_TYPE}".encode(),
        f"grant_type={GRANT_TYPE}&assertion=a&assertion=b".encode(),
        f"grant_type={GRANT_TYPE}&assertion=a&scope=all".encode(),
        f"grant_type={GRANT_TYPE}&assertion={'a' * 4097}".encode(),
        f"grant_type={GRANT_TYPE}&assertion=\xff".encode("latin-1"),
        b"&".join(b"a=%d" % number for number in range(20)),
    ],
)
def test_a_malformed_form_is_refused(service: Service, form: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(f"{service.url}/v1/token", data=form, headers=kind, timeout=PATIENCE)
    assert problem(answer) == "invalid-request"


def test_another_content_type_than_a_form_is_refused(service: Service, device: Device) -> None:
    body = {"grant_type": GRANT_TYPE, "assertion": device.assertion()}
    assert problem(requests.post(f"{service.url}/v1/token", json=body, timeout=PATIENCE)) == (
        "invalid-request"
    )
    assert requests.get(f"{service.url}/v1/token", timeout=PATIENCE).status_code == 404


# ---------------------------------------------------------------- revoked, and retired


def test_a_revoked_kiosk_is_refused_at_once_and_everywhere(
    operator: Operator, service: Service, device: Device
) -> None:
    access, made_before = device.access(), device.assertion()
    operator.does("kiosks", "revoke", "ward 7")
    assert problem(device.report(access)) == "not-authenticated"
    assert problem(device.ask_token(made_before)) == "not-authenticated"
    assert problem(device.ask_token()) == "not-authenticated"
    assert not rows(service, AccessRow)
    assert ("kiosk.refused", "revoked") in audited(service)


@pytest.mark.parametrize("meanwhile", ["revoked", "enrolled again"])
def test_a_revocation_during_the_request_counts(
    service: Service, device: Device, meanwhile: str
) -> None:
    claims = Claims.model_validate(device.claims())
    (seen,) = rows(service, Kiosk)
    if meanwhile == "revoked":
        with service.services.database.transaction() as database:
            kiosks.revoke(database, database.get_one(Kiosk, seen.id))
    else:
        Device(service).enrol()
    assert assertions._accept(service.services, claims, seen, Role.SCREEN) is None
    assert not rows(service, AccessRow)


def test_a_retiring_kiosk_is_told_and_retires_once(
    operator: Operator, service: Service, device: Device
) -> None:
    def go(access: str) -> requests.Response:
        known = {"Authorization": f"Bearer {access}"}
        return requests.post(f"{service.url}/v1/retirement", headers=known, timeout=PATIENCE)

    before = device.access()
    assert problem(go(before)) == "out-of-order"
    operator.does("kiosks", "retire", "ward 7")
    assert operator.audited["kind"] == "kiosk.retiring"
    assert operator.run("kiosks", "retire", "ward 7") == 2
    assert operator.run("kiosks", "enrol-token", "ward 7", "--organisation", "Trust A") == 2
    assert operator.listed("kiosks", "list")[0]["retiring"] == "yes"
    assert device.report(before).status_code == 401  # so it requests another token
    access = device.ask_token().json()
    assert access["retiring"]
    assert (
        device.report(access["access_token"]).status_code == 200
    )  # it may still deliver its outbox
    gone = go(access["access_token"])
    assert device.enrolled
    assert gone.json() == {"kiosk": str(device.enrolled.kiosk)}
    assert operator.audited == {"kind": "kiosk.retired", "kiosk": "ward 7"}
    assert problem(go(access["access_token"])) == "not-authenticated"
    assert problem(device.ask_token()) == "not-authenticated"
    (kiosk,) = rows(service, Kiosk)
    assert (kiosk.revoked, kiosk.retiring) == (True, False)


def test_a_retiring_kiosk_may_finish_its_visit(
    operator: Operator, kiosk: KioskClient, card: PersonalCard
) -> None:
    session = kiosk.accepted(card)
    operator.does("kiosks", "retire", kiosk.name)
    kiosk._access = None
    assert kiosk.ask_grant(session).status_code == 200

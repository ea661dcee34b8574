# SPDX-License-Identifier: Apache-2.0
"""A kiosk has two keys: the sync's is good for changes and reports, the screen's for everything."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import uuid4

import pytest
import requests
from fastapi.routing import APIRoute
from sqlmodel import select

from kiosk.central.fleet import kiosks
from kiosk.central.http.application import create_app
from kiosk.central.operations import reporting
from kiosk.central.tables import Kiosk
from kiosk.contract.enrolment import Role
from tests.central.borrower import allow as allow_packs
from tests.central.device import Device, allow, audited
from tests.central.world import PersonalCard, Service, b64, problem
from tests.patience import PATIENCE

FOR_BOTH = {"/v1/changes", "/v1/reports", "/v1/retirement"}
OPEN = {"/v1/health", "/v1/nonce", "/v1/enrolments", "/v1/token"}


@pytest.fixture
def device(service: Service) -> Device:
    made = Device(service)
    made.enrol()
    return made


def as_sync(device: Device) -> str:
    """Return an access token for the sync's key."""
    answer = device.ask_token(device.assertion(device.sync_key))
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def send(device: Device, token: str, method: str, path: str) -> requests.Response:
    return requests.request(
        method,
        f"{device.service.url}{path}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE,
    )


def routes(service: Service) -> list[tuple[str, str]]:
    """Return method and path of every route that needs a token."""
    app = create_app(service.services)
    found = [route for route in app.routes if isinstance(route, APIRoute)]
    return [
        (method, route.path.format(session=uuid4(), number=1))
        for route in found
        if route.path not in OPEN
        for method in sorted(route.methods or ())
    ]


def test_each_route_is_for_the_screen_and_few_are_for_the_sync(
    service: Service, device: Device
) -> None:
    found = routes(service)
    assert len(found) > 12
    screen, sync = device.access(), as_sync(device)
    for method, path in found:
        if path == "/v1/retirement":
            continue  # it would need a kiosk that retires
        assert send(device, screen, method, path).status_code != 401, path
        assert (send(device, sync, method, path).status_code != 401) == (path in FOR_BOTH), path


def test_the_syncs_key_gets_no_packs_and_that_is_audited(service: Service, device: Device) -> None:
    owner = service.kiosk("ward 7")
    owner.know(PersonalCard())
    allow_packs(owner)
    key = b64(secrets.token_bytes(32))
    asked = {"sealing_key": key, "made": [key], "nonce": b64(bytes(16))}
    access = as_sync(device)
    answer = device._post("packs", json=asked, headers={"Authorization": f"Bearer {access}"})
    assert problem(answer) == "not-authenticated"
    assert ("kiosk.refused", "/v1/packs: not for its sync") in audited(service)
    access = device.access()
    answer = device._post("packs", json=asked, headers={"Authorization": f"Bearer {access}"})
    assert len(answer.json()["packs"]) == 1


def test_reports_of_either_are_of_the_same_kiosk(service: Service, device: Device) -> None:
    for token in (device.access(), as_sync(device)):
        assert device.report(token).status_code == 200


def test_the_syncs_tokens_push_none_of_the_screens_out(service: Service, device: Device) -> None:
    screen = device.access()
    for _ in range(20):
        as_sync(device)
    assert device.report(screen).status_code == 200


@pytest.mark.parametrize("role", Role)
def test_a_revocation_takes_both_keys(service: Service, device: Device, role: Role) -> None:
    token = device.access() if role is Role.SCREEN else as_sync(device)
    with service.services.database.transaction() as database:
        kiosks.revoke(database, database.exec(select(Kiosk)).one())
    assert device.report(token).status_code == 401
    key = device.key if role is Role.SCREEN else device.sync_key
    assert problem(device.ask_token(device.assertion(key))) == "not-authenticated"


def test_another_enrolment_replaces_both_keys(service: Service, device: Device) -> None:
    other = Device(service)
    other.enrol()
    assert as_sync(other)
    for key in (device.key, device.sync_key):
        assert problem(device.ask_token(device.assertion(key))) == "not-authenticated"


def test_a_syncs_key_is_not_enrolled_without_its_signature(service: Service) -> None:
    device, other = Device(service), Device(service)
    stolen = other.sync.model_dump(mode="json") | {"signature": b64(bytes(64))}
    answer = device.ask_to_enrol(allow(service), sync=stolen)
    assert problem(answer) == "enrolment-refused"


@pytest.mark.parametrize("wrong", ["one key", "another kiosk's", "the other service's"])
def test_a_key_has_one_service_of_one_kiosk(service: Service, device: Device, wrong: str) -> None:
    new = Device(service)
    token = allow(service, "ward 8" if wrong != "the other service's" else "ward 7")
    if wrong == "one key":
        new.sync_key = new.key
    elif wrong == "another kiosk's":
        new.sync_key = device.sync_key
    else:
        new.key, new.sync_key = device.sync_key, device.key
    assert problem(new.ask_to_enrol(token)) == "enrolment-refused"


def test_a_copied_kiosk_needs_new_keys(service: Service, device: Device) -> None:
    with service.services.database.transaction() as database:
        database.exec(select(Kiosk)).one().copied_at = service.clock.now
    for kept in ("key", "sync_key"):
        half_new = Device(service)
        setattr(half_new, kept, getattr(device, kept))
        assert problem(half_new.ask_to_enrol(allow(service))) == "enrolment-refused"
    Device(service).enrol()
    with service.services.database.reading() as database:
        assert database.exec(select(Kiosk)).one().copied_at is None


# ---------------------------------------------------------------- former keys


def former_key_alerts(service: Service) -> list[str]:
    with service.services.database.reading() as database:
        found = reporting.alerts(database, service.clock.now, timedelta(hours=24))
        return [what for kind, what in found if kind == "former key used"]


@pytest.mark.parametrize("role", Role)
def test_a_former_key_raises_an_alarm(service: Service, device: Device, role: Role) -> None:
    Device(service).enrol()
    service.clock.pass_time(60)
    key = device.key if role is Role.SCREEN else device.sync_key
    assert problem(device.ask_token(device.assertion(key))) == "not-authenticated"
    (alert,) = former_key_alerts(service)
    assert alert.startswith("ward 7, 2025-01-01 03:01 UTC")
    assert ("kiosk.refused", "signed by a former key") in audited(service)
    service.clock.pass_time(8 * 24 * 3600)
    assert former_key_alerts(service) == []


def test_an_assertion_from_before_the_replacement_raises_none(
    service: Service, device: Device
) -> None:
    under_way = device.assertion()
    service.clock.pass_time(1)
    Device(service).enrol()
    assert problem(device.ask_token(under_way)) == "not-authenticated"
    assert former_key_alerts(service) == []


def test_a_key_that_nobody_had_raises_none(service: Service, device: Device) -> None:
    service.clock.pass_time(60)
    assert device.ask_token(device.assertion(Device(service).key)).status_code == 401
    assert former_key_alerts(service) == []


def test_a_key_that_is_enrolled_again_is_no_former_one(service: Service, device: Device) -> None:
    Device(service).enrol()
    device.enrol()
    service.clock.pass_time(60)
    assert device.access()
    assert former_key_alerts(service) == []

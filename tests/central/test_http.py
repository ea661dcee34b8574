# SPDX-License-Identifier: Apache-2.0
"""Invalid requests get problem documents that repeat nothing of what was sent."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from sqlmodel import select

from kiosk.central.http.limit import LARGEST_BODY, LARGEST_OPEN_BODY
from kiosk.central.tables import Kiosk
from tests.central.conftest import NewDatabase
from tests.central.world import CENTRAL, Clock, KioskClient, PersonalCard, Service, problem
from tests.patience import PATIENCE

PLANTED = "planted-7f3a"


@pytest.fixture(scope="module")
def service(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """One service for all tests: none changes anything in it."""
    folder = tmp_path_factory.mktemp("central")
    with new_database(folder) as url:
        running = Service(folder, Clock(), url)
        running.start()
        yield running
        running.stop()


@pytest.fixture(scope="module")
def kiosk(service: Service) -> KioskClient:
    return service.kiosk("ward 7")


@pytest.fixture(scope="module")
def card(kiosk: KioskClient) -> PersonalCard:
    return kiosk.know(PersonalCard())


def test_health_needs_no_token(service: Service) -> None:
    answer = requests.get(f"{service.url}/v1/health", timeout=PATIENCE)
    assert answer.json() == {"central": CENTRAL}


@pytest.mark.parametrize("path", ["/", "/v1/", "/docs", "/openapi.json", f"/v1/{PLANTED}"])
def test_other_paths_do_not_exist(service: Service, path: str) -> None:
    answer = requests.get(service.url + path, timeout=PATIENCE)
    assert problem(answer) == "not-found"
    assert PLANTED not in answer.text


def test_a_wrong_method_is_a_problem_too(service: Service) -> None:
    assert problem(requests.delete(f"{service.url}/v1/unlocks", timeout=PATIENCE)) == "not-found"


@pytest.mark.parametrize(
    "body",
    [
        PLANTED,
        {},
        {PLANTED: PLANTED},
        {"session": PLANTED},
        {"session": {"deep": [PLANTED]}},
        [PLANTED],
        None,
    ],
)
@pytest.mark.parametrize("path", ["/unlocks", "/reports", f"/unlocks/{PLANTED}/answers"])
def test_invalid_requests_are_not_echoed(
    kiosk: KioskClient, card: PersonalCard, path: str, body: Any
) -> None:
    answer = kiosk.post(path, body)
    assert problem(answer) == "invalid-request"
    assert answer.status_code == 422
    assert PLANTED not in answer.text
    assert PLANTED not in str(answer.headers)


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"session": NaN}'])
def test_a_body_that_is_not_json_is_refused(
    kiosk: KioskClient, card: PersonalCard, body: bytes
) -> None:
    headers = {"Authorization": f"Bearer {kiosk.token}", "Content-Type": "application/json"}
    url = f"{kiosk.service.url}/v1/unlocks"
    assert (
        problem(requests.post(url, data=body, headers=headers, timeout=PATIENCE))
        == "invalid-request"
    )


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=x"]
)
def test_another_content_type_than_json_is_refused(
    kiosk: KioskClient, card: PersonalCard, kind: str | None
) -> None:
    headers = {"Authorization": f"Bearer {kiosk.token}"} | ({"Content-Type": kind} if kind else {})
    answer = requests.post(
        f"{kiosk.service.url}/v1/reports", data=PLANTED.encode(), headers=headers, timeout=PATIENCE
    )
    assert problem(answer) == "invalid-request"
    assert PLANTED not in answer.text


def test_answers_that_break_the_contract_are_not_echoed(
    kiosk: KioskClient, card: PersonalCard
) -> None:
    opened = kiosk.opened(card)
    answer = kiosk.post(f"/unlocks/{opened.session}/answers", {"answers": [PLANTED] * 5})
    assert problem(answer) == "invalid-request"
    assert PLANTED not in answer.text


# ---------------------------------------------------------------- tokens


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic eDp5", "wrong"]
)
def test_unknown_tokens_are_refused(
    kiosk: KioskClient, card: PersonalCard, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for path in ("unlocks", "reports"):
        url = f"{kiosk.service.url}/v1/{path}"
        answer = requests.post(url, json={PLANTED: 1}, headers=headers, timeout=PATIENCE)
        assert problem(answer) == "not-authenticated"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_kiosk_is_refused(service: Service, card: PersonalCard) -> None:
    revoked = service.kiosk("ward 8")
    revoked.know(card)
    assert revoked.open(card).status_code == 200
    with service.services.database.transaction() as database:
        database.exec(select(Kiosk).where(Kiosk.name == revoked.name)).one().revoked = True
    assert problem(revoked.open(card)) == "not-authenticated"


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize("chunked", [False, True])
def test_large_bodies_are_cut_short(
    kiosk: KioskClient, card: PersonalCard, *, chunked: bool
) -> None:
    body = json.dumps({"x": "y" * LARGEST_BODY}).encode()

    def pieces() -> Iterator[bytes]:
        yield from (body[start : start + 65536] for start in range(0, len(body), 65536))

    data = pieces() if chunked else body
    headers = {"Authorization": f"Bearer {kiosk.token}"}
    url = f"{kiosk.service.url}/v1/reports"
    answer = requests.post(url, data=data, headers=headers, timeout=PATIENCE)
    assert problem(answer) == "too-large"


@pytest.mark.parametrize("path", ["token", "enrolments"])
def test_a_stranger_may_send_little(service: Service, path: str) -> None:
    body = b"x" * (LARGEST_OPEN_BODY + 1)
    answer = requests.post(f"{service.url}/v1/{path}", data=body, timeout=PATIENCE)
    assert problem(answer) == "too-large"


def test_a_kiosk_that_is_not_authenticated_is_refused_before_its_body_is_read(
    service: Service,
) -> None:
    """It has sent a hundredth of it, and waits with the rest."""
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), PATIENCE) as asking:
        asking.sendall(
            b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 1000
        )
        assert asking.recv(65536).startswith(b"HTTP/1.1 401")


def test_a_client_that_disconnects_half_way_does_no_harm(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    port = int(service.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as leaving:
        leaving.sendall(b"POST /v1/token HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
    assert requests.get(f"{service.url}/v1/health", timeout=PATIENCE).status_code == 200
    assert not caplog.records

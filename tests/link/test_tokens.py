# SPDX-License-Identifier: Apache-2.0
"""The kiosk's access tokens: all threads share one, and it is replaced when necessary."""

from __future__ import annotations

import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import select

from kiosk.central.fleet import kiosks
from kiosk.central.service import authentication
from kiosk.central.tables import AccessRow, Kiosk, UsedAssertion
from kiosk.errors import CentralRefused, CentralUnavailable
from kiosk.link import AccessTokens, CentralClient, Entrance
from tests.central.device import Device, allow
from tests.central.world import Service
from tests.patience import PATIENCE, wait_until


@pytest.fixture
def tokens(service: Service) -> AccessTokens:
    device = Device(service)
    enrolled = Entrance(service.url).enrol(allow(service), device.key, device.sync)
    return AccessTokens(service.url, enrolled.kiosk, enrolled.central, device.key)


def fetched(service: Service) -> int:
    with service.services.database.reading() as database:
        return len(database.exec(select(UsedAssertion)).all())


def void(service: Service, *, revoke: bool = False, retire: bool = False) -> None:
    """Make central forget the tokens that it issued."""
    with service.services.database.transaction() as database:
        kiosk = database.exec(select(Kiosk)).one()
        kiosks.cut_off(database, kiosk)
        if revoke:
            kiosks.revoke(database, kiosk)
        if retire:
            kiosks.begin_retirement(database, kiosk)


def test_a_token_is_fetched_on_demand_and_kept(service: Service, tokens: AccessTokens) -> None:
    client = CentralClient(service.url, tokens)
    assert fetched(service) == 0
    for _ in range(3):
        assert client.questions().questions
    client.health()
    assert fetched(service) == 1


def test_threads_share_a_token(service: Service, tokens: AccessTokens) -> None:
    with ThreadPoolExecutor(8) as pool:
        used = list(pool.map(lambda _: tokens.current(), range(16)))
    assert len(set(used)) == fetched(service) == 1


def test_a_token_that_expires_soon_is_not_used(
    service: Service, tokens: AccessTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "ACCESS_LIFE", timedelta(seconds=15))
    assert tokens.current() != tokens.current()
    assert fetched(service) == 2


def test_a_token_that_central_forgot_is_replaced(service: Service, tokens: AccessTokens) -> None:
    client = CentralClient(service.url, tokens)
    client.questions()
    void(service)
    client.questions()
    assert fetched(service) == 2


def test_a_restarted_service_still_accepts_the_token(
    service: Service, tokens: AccessTokens
) -> None:
    CentralClient(service.url, tokens).questions()
    service.restart()
    CentralClient(service.url, tokens).questions()
    assert fetched(service) == 1


def test_a_lasting_refusal_is_raised(service: Service, tokens: AccessTokens) -> None:
    client = CentralClient(service.url, tokens)
    client.questions()
    void(service, revoke=True)
    for _ in range(2):
        with pytest.raises(CentralRefused) as caught:
            client.questions()
        assert caught.value.problem == "not-authenticated"
    assert fetched(service) == 1


def test_a_retiring_kiosk_learns_of_it_with_its_next_request(
    service: Service, tokens: AccessTokens
) -> None:
    client = CentralClient(service.url, tokens)
    client.questions()
    assert not tokens.retiring
    void(service, retire=True)
    client.questions()
    assert tokens.retiring


def test_only_the_refused_token_is_forgotten(service: Service, tokens: AccessTokens) -> None:
    first = tokens.current()
    tokens.refused(first)
    second = tokens.current()
    tokens.refused(first)
    assert tokens.current() == second != first
    with service.services.database.reading() as database:
        assert len(database.exec(select(AccessRow)).all()) == 2


def _inside(function: Callable[..., object]) -> int:
    """Return how many threads are in a function, or in one that it calls."""
    inside = 0
    for frame in sys._current_frames().values():
        frames = (each for each, _ in traceback.walk_stack(frame))
        inside += any(each.f_code is function.__code__ for each in frames)
    return inside


def test_a_thread_that_waited_for_a_failed_request_does_not_wait_again() -> None:
    key = Ed25519PrivateKey.generate()
    asked: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def hang_up_later() -> None:
            with suppress(OSError):  # the second attempt must not come before the end
                while True:
                    connection, _ = silent.accept()
                    asked.append(time.monotonic())
                    both_wait.wait()
                    connection.close()

        both_wait = threading.Barrier(2)
        threading.Thread(target=hang_up_later, daemon=True).start()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        tokens = AccessTokens(url, uuid4(), "c", key)
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(tokens.current) for _ in range(4)]
            wait_until(lambda: tokens._lock.locked() and asked, "central is asked")
            wait_until(lambda: _inside(AccessTokens.current) == 4, "the others wait, too")
            both_wait.wait()
            for each in waiting:
                with pytest.raises(CentralUnavailable):
                    each.result(timeout=PATIENCE)
    assert len(asked) == 1

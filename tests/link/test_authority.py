# SPDX-License-Identifier: Apache-2.0
"""Central's client answers a real card's challenge."""

from __future__ import annotations

import json
from base64 import b64encode
from uuid import uuid4

import pytest

from kiosk.errors import CardMalformed, CentralUnavailable
from kiosk.link import CentralAuthority, CentralClient
from tests.link.server import Standing, answering

SESSION = uuid4()


def opened(opening: bytes) -> bytes:
    return json.dumps({"number": 2, "opening": b64encode(opening).decode()}).encode()


@pytest.mark.parametrize("length", [0, 7, 17, 255])
def test_an_invalid_challenge_is_not_sent_to_central(length: int) -> None:
    with answering(body=opened(bytes(16))) as server:
        authority = CentralAuthority(CentralClient(server.url, Standing()), SESSION)
        assert authority.opening() == bytes(16)
        with pytest.raises(CardMalformed):
            authority.answer(bytes(length))
        assert len(server.requests) == 1


def test_an_invalid_reply_is_not_sent_to_central() -> None:
    with answering(body=opened(bytes(16))) as server:
        authority = CentralAuthority(CentralClient(server.url, Standing()), SESSION)
        authority.opening()
        with pytest.raises(CardMalformed):
            authority.check(bytes(65))
        assert len(server.requests) == 1


def test_the_external_form_checks_no_reply() -> None:
    with answering(body=opened(b"")) as server:
        authority = CentralAuthority(CentralClient(server.url, Standing()), SESSION)
        authority.opening()
        authority.check(b"")
        assert [path for _, path, _, _ in server.requests] == [f"/v1/unlocks/{SESSION}/challenges"]


def test_each_dialogue_has_its_number() -> None:
    with answering(body=opened(bytes(16))) as server:
        authority = CentralAuthority(CentralClient(server.url, Standing()), SESSION)
        authority.opening()
        with pytest.raises(CentralUnavailable):  # this server has only one answer
            authority.answer(bytes(16))
        assert server.requests[1][1] == f"/v1/unlocks/{SESSION}/challenges/2/response"


def test_no_challenge_is_answered_before_the_dialogue_is_opened() -> None:
    with answering(body=opened(bytes(16))) as server, pytest.raises(CardMalformed):
        CentralAuthority(CentralClient(server.url, Standing()), SESSION).answer(bytes(16))

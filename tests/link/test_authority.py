# SPDX-License-Identifier: Apache-2.0
"""Central's client as the authority over a real card's challenge."""

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
def test_a_challenge_that_no_card_makes_does_not_reach_central(length: int) -> None:
    with answering(body=opened(bytes(16))) as server:
        authority = CentralAuthority(CentralClient(server.url, Standing()), SESSION)
        assert authority.opening() == bytes(16)
        with pytest.raises(CardMalformed):
            authority.answer(bytes(length))
        assert len(server.requests) == 1


def test_a_reply_that_no_card_makes_does_not_reach_central() -> None:
    with answering(body=opened(bytes(16))) as server:
        authority = CentralAuthority(CentralClient(server.url, Standing()), SESSION)
        authority.opening()
        with pytest.raises(CardMalformed):
            authority.check(bytes(65))
        assert len(server.requests) == 1


def test_in_the_external_form_nothing_is_judged() -> None:
    with answering(body=opened(b"")) as server:
        authority = CentralAuthority(CentralClient(server.url, Standing()), SESSION)
        authority.opening()
        authority.check(b"")
        assert [path for _, path, _, _ in server.requests] == [f"/v1/unlocks/{SESSION}/challenges"]


def test_each_dialogue_is_asked_by_its_number() -> None:
    with answering(body=opened(bytes(16))) as server:
        authority = CentralAuthority(CentralClient(server.url, Standing()), SESSION)
        authority.opening()
        with pytest.raises(CentralUnavailable):  # this server knows but one answer
            authority.answer(bytes(16))
        assert server.requests[1][1] == f"/v1/unlocks/{SESSION}/challenges/2/response"


def test_nothing_is_answered_before_it_was_opened() -> None:
    with answering(body=opened(bytes(16))) as server, pytest.raises(CardMalformed):
        CentralAuthority(CentralClient(server.url, Standing()), SESSION).answer(bytes(16))

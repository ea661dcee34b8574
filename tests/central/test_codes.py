# SPDX-License-Identifier: Apache-2.0
"""The emailed code: when it is required, what it is valid for, and the cost of guessing it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from kiosk.central.registration import codes
from kiosk.central.service import throttle
from kiosk.contract.messages import UnlockResponse
from tests.central.world import (
    ANSWERS,
    WRONG,
    Clock,
    KioskClient,
    Mailbox,
    PersonalCard,
    Service,
    b64,
    problem,
)

Give = Callable[..., requests.Response]


@pytest.fixture
def mailbox(service: Service) -> Mailbox:
    return service.mailbox


@pytest.fixture
def opened(kiosk: KioskClient, card: PersonalCard, clock: Clock) -> UnlockResponse:
    """Return a session of a card whose answers were wrong twice."""
    for _ in range(2):
        assert problem(kiosk.answer(card, kiosk.opened(card), WRONG)) == "answers-wrong"
        clock.pass_time(600)
    return kiosk.opened(card)


@pytest.fixture
def give(kiosk: KioskClient, card: PersonalCard, opened: UnlockResponse) -> Give:
    def given(code: str | None, answers: Any = ANSWERS) -> requests.Response:
        body = {"answers": answers, "proof": b64(kiosk.proof(card, opened)), "code": code}
        return kiosk.post(f"/unlocks/{opened.session}/answers", body)

    return given


def send(kiosk: KioskClient, opened: UnlockResponse) -> requests.Response:
    return kiosk.post(f"/unlocks/{opened.session}/code")


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_the_first_two_attempts_need_no_code(
    kiosk: KioskClient, card: PersonalCard, clock: Clock, mailbox: Mailbox
) -> None:
    kiosk.answer(card, kiosk.opened(card), WRONG)
    clock.pass_time(60)
    assert kiosk.answer(card, kiosk.opened(card)).status_code == 200
    assert mailbox.letters == []


def test_after_two_failures_right_answers_are_not_enough(
    kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox
) -> None:
    assert problem(give(None)) == "code-required"
    sent = send(kiosk, opened)
    assert sent.json() == {"address": "n…@example.nhs.uk", "valid_seconds": 900, "queued": False}
    (address, letter) = mailbox.letters[-1]
    assert address == "nora@example.nhs.uk"
    assert re.fullmatch("[0-9]{6}", letter.code)
    assert letter.code in letter.text
    assert letter.code in letter.html
    assert letter.code not in repr(letter)
    assert give(letter.code).status_code == 200


def test_without_the_code_a_refusal_reveals_nothing_of_the_answers(
    kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox
) -> None:
    assert problem(give(None, WRONG)) == problem(give(None, ANSWERS)) == "code-required"
    send(kiosk, opened)
    wrong = another(mailbox.code)
    assert problem(give(wrong, WRONG)) == problem(give(wrong, ANSWERS)) == "code-wrong"


def test_a_right_code_holds_for_the_session_and_does_not_excuse_wrong_answers(
    kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox, clock: Clock
) -> None:
    give(None)
    send(kiosk, opened)
    assert problem(give(mailbox.code, WRONG)) == "answers-wrong"
    clock.pass_time(60)
    assert give(None, ANSWERS).status_code == 200


def test_a_code_is_sent_only_after_answers_with_the_cards_proof(
    kiosk: KioskClient, card: PersonalCard, opened: UnlockResponse, mailbox: Mailbox
) -> None:
    assert problem(send(kiosk, opened)) == "out-of-order"
    forged = {"answers": ANSWERS, "proof": b64(b"forged")}
    answer = kiosk.post(f"/unlocks/{opened.session}/answers", forged)
    assert problem(answer) == "card-not-genuine"
    assert problem(send(kiosk, opened)) == "out-of-order"
    assert mailbox.letters == []


def test_a_code_is_void_after_five_tries(
    kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox, clock: Clock
) -> None:
    give(None)
    send(kiosk, opened)
    code = mailbox.code
    problems = [problem(give(another(code))) for _ in range(5)]
    assert problems == ["code-wrong"] * 4 + ["code-void"]
    assert problem(give(code)) == "wait"  # a code that is used up is a failed attempt
    clock.pass_time(300)
    assert problem(give(code)) == "code-void"


def test_used_up_codes_finally_lock_the_registration(
    kiosk: KioskClient, card: PersonalCard, opened: UnlockResponse, clock: Clock
) -> None:
    for _ in range(throttle.ATTEMPTS - 2):  # two failed before
        session = kiosk.opened(card)
        body: dict[str, Any] = {"answers": ANSWERS, "proof": b64(kiosk.proof(card, session))}
        path = f"/unlocks/{session.session}/answers"
        kiosk.post(path, body)
        send(kiosk, session)
        body["code"] = another(kiosk.service.mailbox.code)
        while problem(kiosk.post(path, body)) == "code-wrong":
            pass
        clock.pass_time(600)
    assert problem(kiosk.open(card)) == "locked-out"


def test_a_code_is_valid_for_fifteen_minutes_in_its_session(
    kiosk: KioskClient, card: PersonalCard, opened: UnlockResponse, give: Give, clock: Clock
) -> None:
    give(None)
    send(kiosk, opened)
    code = kiosk.service.mailbox.code
    other = kiosk.opened(card)
    body = {"answers": ANSWERS, "proof": b64(kiosk.proof(card, other)), "code": code}
    assert problem(kiosk.post(f"/unlocks/{other.session}/answers", body)) == "code-void"
    clock.pass_time(codes.VALID.total_seconds())
    assert problem(give(code)) == "code-void"


def test_a_new_code_voids_the_former_and_a_session_has_three(
    kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox
) -> None:
    give(None)
    assert send(kiosk, opened).status_code == 200
    first = mailbox.code
    while send(kiosk, opened).status_code == 200 and mailbox.code == first:
        pass
    assert problem(give(first)) == "code-wrong"
    assert give(mailbox.code).status_code == 200
    assert problem(send(kiosk, opened)) == "out-of-order"


def test_a_session_has_no_more_than_three_codes(
    kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox
) -> None:
    give(None)
    assert [send(kiosk, opened).status_code for _ in range(3)] == [200, 200, 200]
    assert problem(send(kiosk, opened)) == "no-more-codes"
    assert len(mailbox.letters) == 3
    assert give(mailbox.code).status_code == 200, "the newest code is still valid"


def test_without_a_mail_server_a_code_cannot_be_requested(
    kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox
) -> None:
    mailbox.closed = True
    give(None)
    assert problem(send(kiosk, opened)) == "mail-failed"

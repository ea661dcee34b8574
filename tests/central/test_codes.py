# SPDX-License-Identifier: Apache-2.0
"""The emailed code: when it is required, what it is valid for, and the cost of guessing it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from sqlmodel import select

from kiosk.central.mail import code_letters
from kiosk.central.mail.letters import Letter
from kiosk.central.mail.transport import MailTransport
from kiosk.central.registration import codes
from kiosk.central.service import notices, throttle
from kiosk.central.tables import AuditEntry, CodeGuesses, EmailedCode
from kiosk.contract.messages import UnlockResponse
from kiosk.errors import MailDelayed, MailFailed, MailRefused
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
from tests.patience import PATIENCE, wait_until

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


def test_guesses_finally_lock_the_registration(
    kiosk: KioskClient, card: PersonalCard, opened: UnlockResponse, clock: Clock
) -> None:
    """Each fifth wrong guess is a failed attempt, also if no code is ever used up."""
    guesses = 0
    while (told := guess(kiosk, card, 1)) != ["locked-out"]:
        guesses += 1
        assert told == ["code-void" if guesses % 5 == 0 else "code-wrong"]
        clock.pass_time(600)
    assert guesses == 5 * (throttle.ATTEMPTS - 2) - 1  # two failed before; the last one locks


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


# ---------------------------------------------------------------- slow and refusing mail servers


class Delaying:
    """A mail transport that takes nothing until it is `open`, and then keeps what it is given."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.asked = 0
        self.letters: list[Letter] = []

    def deliver(self, _address: str, letter: Letter) -> None:
        self.asked += 1
        if not self.open.is_set():
            raise MailDelayed("450")
        self.letters.append(letter)


class Hanging:
    """A mail transport that does not come back before it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def deliver(self, _address: str, _letter: Letter) -> None:
        self.go.wait(PATIENCE)
        raise MailRefused("550")


class Refusing:
    """A mail transport whose server knows no such recipient."""

    def deliver(self, _address: str, _letter: Letter) -> None:
        raise MailRefused("550")


def carry_by(service: Service, transport: MailTransport) -> None:
    """Have the running service send its letters by another transport."""
    service.services = replace(service.services, mail_transport=transport)
    service.app.state.services = service.services


def codes_of(service: Service, opened: UnlockResponse) -> int:
    with service.services.database.reading() as database:
        rows = select(EmailedCode).where(EmailedCode.session_id == opened.session)
        return sum(bool(row.verifier) for row in database.exec(rows))


def test_a_code_that_is_late_is_said_to_be_and_comes(
    service: Service,
    kiosk: KioskClient,
    opened: UnlockResponse,
    give: Give,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(code_letters, "_RETRY_SECONDS", (0.01,) * 1000)
    delaying = Delaying()
    carry_by(service, delaying)
    assert problem(give(None)) == "code-required"
    sent = send(kiosk, opened)
    assert (sent.status_code, sent.json()["queued"]) == (200, True)
    wait_until(lambda: delaying.asked > 1, "it is tried again")
    delaying.open.set()
    wait_until(lambda: delaying.letters, "the letter comes")
    assert give(delaying.letters[0].code).status_code == 200


def test_a_mail_server_that_hangs_is_not_waited_for(
    service: Service,
    kiosk: KioskClient,
    opened: UnlockResponse,
    give: Give,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A time-out is no refusal: the code counts. A refusal that comes later takes it back."""
    monkeypatch.setattr(code_letters, "WAIT_SECONDS", 0.1)
    hanging = Hanging()
    carry_by(service, hanging)
    give(None)
    assert send(kiosk, opened).json()["queued"] is True
    assert codes_of(service, opened) == 1
    hanging.go.set()
    wait_until(lambda: codes_of(service, opened) == 0, "the refused code is taken back")


def test_a_code_that_is_definitely_refused_uses_up_none_of_the_sessions(
    service: Service, kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox
) -> None:
    carry_by(service, Refusing())
    give(None)
    assert [problem(send(kiosk, opened)) for _ in range(4)] == ["mail-failed"] * 4
    assert codes_of(service, opened) == 0
    carry_by(service, mailbox)
    assert send(kiosk, opened).status_code == 200
    assert give(mailbox.code).status_code == 200


def test_a_kiosk_cannot_probe_which_addresses_a_mail_server_knows(
    service: Service, kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox
) -> None:
    carry_by(service, Refusing())
    give(None)
    told = [problem(send(kiosk, opened)) for _ in range(7)]
    assert told == ["mail-failed"] * 5 + ["no-more-codes"] * 2
    carry_by(service, mailbox)
    assert problem(send(kiosk, opened)) == "no-more-codes"
    assert problem(give("000000")) == "code-void"


def test_any_other_failure_uses_up_a_code(
    service: Service, kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox
) -> None:
    give(None)
    mailbox.closed = True
    assert problem(send(kiosk, opened)) == "mail-failed"
    assert codes_of(service, opened) == 1


def test_only_so_many_letters_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_letters, "_MOST_KEPT", 3)
    kept = code_letters.CodeLetters()
    letter = Letter("a code", ("Dear Nora",), "042042")
    for _ in range(3):
        assert not kept.send(Delaying(), "nora@nhs.net", letter)
    with pytest.raises(MailFailed):
        kept.send(Delaying(), "nora@nhs.net", letter)
    kept.close()


# ---------------------------------------------------------------- guesses over codes and sessions


def guess(kiosk: KioskClient, card: PersonalCard, tries: int) -> list[str]:
    """Guess at a code of a new session, never so often that the code is used up."""
    if (answer := kiosk.open(card)).status_code != 200:
        return [problem(answer)]
    session = kiosk.opened(card)
    body: dict[str, Any] = {"answers": ANSWERS, "proof": b64(kiosk.proof(card, session))}
    path = f"/unlocks/{session.session}/answers"
    told = [problem(kiosk.post(path, body))]
    if told == ["code-required"]:
        assert send(kiosk, session).status_code == 200
        body["code"] = another(kiosk.service.mailbox.code)
        told = [problem(kiosk.post(path, body)) for _ in range(tries)]
    return told


def test_guesses_are_counted_over_new_codes_and_sessions(
    kiosk: KioskClient, card: PersonalCard, opened: UnlockResponse, service: Service, clock: Clock
) -> None:
    told = [each for _ in range(3) for each in guess(kiosk, card, 4)]
    assert told[:5] == ["code-wrong"] * 4 + ["code-void"]
    assert set(told[5:]) == {"wait"}, told
    clock.pass_time(throttle.PER_CODE.waits[-1].total_seconds())
    again = guess(kiosk, card, 4)
    assert again == ["code-wrong", "wait", "wait", "wait"], "one guess a wait"
    with service.services.database.reading() as database:
        kinds = list(database.exec(select(AuditEntry.kind)))
    assert kinds.count("code.wrong") == 6
    assert kinds.count("code.guessed") == 1, "the RA finds it"


def test_the_cardholder_hears_of_guesses_once(
    kiosk: KioskClient, card: PersonalCard, opened: UnlockResponse, clock: Clock
) -> None:
    for _ in range(4):
        guess(kiosk, card, 4)
        clock.pass_time(throttle.PER_CODE.waits[-1].total_seconds())
    notices.deliver(kiosk.service.services)
    told = [letter.subject for _, letter in kiosk.service.mailbox.letters if not letter.code]
    assert told.count("Somebody guessed at your codes") == 1


def test_a_right_code_forgets_the_guesses(
    kiosk: KioskClient, opened: UnlockResponse, give: Give, mailbox: Mailbox, service: Service
) -> None:
    give(None)
    send(kiosk, opened)
    assert problem(give(another(mailbox.code))) == "code-wrong"
    assert give(mailbox.code).status_code == 200
    with service.services.database.reading() as database:
        assert list(database.exec(select(CodeGuesses))) == []

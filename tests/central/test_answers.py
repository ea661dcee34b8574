# SPDX-License-Identifier: Apache-2.0
"""The card's proof of identity, and answers, which are counted before they are evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlmodel import select

from kiosk.central.service import throttle
from kiosk.central.tables import Attempt, AttemptOutcome, Card, Kiosk, Registration, UnlockSession
from kiosk.contract import proof
from kiosk.contract.messages import UnlockResponse
from kiosk.values import Secret
from kiosk.vault import sealed_answers
from tests.central.world import (
    ANSWERS,
    CENTRAL,
    WRONG,
    Clock,
    KioskClient,
    PersonalCard,
    PrivateKey,
    Service,
    problem,
    sign,
)

Answers = Sequence[str | None]


def wrong_attempts(
    kiosk: KioskClient, card: PersonalCard, opened: UnlockResponse, clock: Clock, count: int
) -> list[str]:
    """Make `count` attempts with wrong answers, each after any wait."""
    problems = []
    for _ in range(count):
        problems.append(problem(kiosk.answer(card, opened, WRONG)))
        clock.pass_time(301)
    return problems


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    "answers",
    [ANSWERS, ("zoe muller", "rex!", "lodz", None), (*ANSWERS[:3], "wrong"), ("?", *ANSWERS[1:])],
)
def test_three_right_answers_are_enough(
    kiosk: KioskClient, card: PersonalCard, answers: Answers
) -> None:
    assert kiosk.answer(card, kiosk.opened(card), answers).status_code == 200


def test_a_refusal_does_not_reveal_which_answer_was_wrong(
    kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    responses = set()
    for answers in ((None, None, *ANSWERS[2:]), ("x", "y", *ANSWERS[2:]), (*ANSWERS[:2], "x", "")):
        other = kiosk.know(PersonalCard())
        refused = kiosk.answer(other, kiosk.opened(other), answers)
        assert problem(refused) == "answers-wrong"
        responses.add(refused.content)
    assert len(responses) == 1


def test_accepted_answers_may_be_sent_again(kiosk: KioskClient, card: PersonalCard) -> None:
    opened = kiosk.opened(card)
    assert kiosk.answer(card, opened).status_code == 200
    assert kiosk.answer(card, opened).status_code == 200


# ---------------------------------------------------------------- counting


def test_waits_grow_and_the_fifth_failure_locks(
    kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    opened = kiosk.opened(card)
    waits = []
    for _ in range(throttle.ATTEMPTS - 1):
        refused = kiosk.answer(card, opened, WRONG)
        assert problem(refused) == "answers-wrong"
        waits.append(refused.json()["retry_after_seconds"])
        early = kiosk.answer(card, opened)
        assert problem(early) == "wait"
        assert early.json()["retry_after_seconds"] == waits[-1]
        assert early.headers["Retry-After"] == str(waits[-1])
        assert problem(kiosk.open(card)) == "wait"
        clock.pass_time(waits[-1])
    assert waits == sorted(set(waits))

    assert problem(kiosk.answer(card, opened, WRONG)) == "locked-out"
    clock.pass_time(301)
    assert problem(kiosk.answer(card, opened)) == "locked-out"
    assert problem(kiosk.open(card)) == "locked-out"


def test_the_fifth_attempt_may_still_succeed(
    kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    opened = kiosk.opened(card, passcode=None)
    assert wrong_attempts(kiosk, card, opened, clock, 2) == ["answers-wrong"] * 2
    opened = kiosk.opened(card, passcode=None)
    assert wrong_attempts(kiosk, card, opened, clock, 2) == ["answers-wrong"] * 2
    opened = kiosk.opened(card, passcode=None)
    assert kiosk.answer(card, opened).status_code == 200
    assert kiosk.ask_grant(opened.session).status_code == 200


def test_success_resets_the_count(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    wrong_attempts(kiosk, card, kiosk.opened(card), clock, 2)
    kiosk.accepted(card)
    with service.services.database.transaction() as database:
        for table in (Registration, Card):
            row = database.exec(select(table)).one()
            assert (row.failures, row.not_before) == (0, None)
    # The kiosk keeps its count; otherwise one's own card in between would hide a row of guesses.
    with service.services.database.transaction() as database:
        assert database.exec(select(Kiosk)).one().failures == 2


def test_a_kiosk_at_which_many_cards_fail_has_to_wait(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    with service.services.database.transaction() as database:
        database.exec(select(Kiosk)).one().failures = throttle.PER_KIOSK.free
    assert problem(kiosk.answer(card, kiosk.opened(card), WRONG)) == "answers-wrong"
    innocent = kiosk.know(PersonalCard())
    assert problem(kiosk.open(innocent)) == "wait"
    clock.pass_time(30)
    assert kiosk.open(innocent).status_code == 200


def test_an_attempt_is_stored_as_a_failure_before_an_envelope_is_opened(
    service: Service, kiosk: KioskClient, card: PersonalCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, str]] = []

    def stopped(*_: object) -> Secret:
        with service.services.database.transaction() as database:
            outcome = database.exec(select(Attempt.outcome)).one()
            seen.append((database.exec(select(Registration.failures)).one(), outcome))
        raise SystemError("the service stops here")

    opened = kiosk.opened(card)
    monkeypatch.setattr(sealed_answers, "open_recovery", stopped)
    assert problem(kiosk.answer(card, opened)) == "internal"
    assert seen == [(1, AttemptOutcome.COUNTED)]
    monkeypatch.undo()
    service.restart()
    assert problem(kiosk.answer(card, opened)) == "wait"


def test_parallel_attempts_are_never_evaluated_more_than_five_times(
    service: Service,
    kiosk: KioskClient,
    card: PersonalCard,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluated: list[object] = []
    evaluate = sealed_answers.open_recovery

    def counted(*arguments: object) -> Secret:
        evaluated.append(arguments)
        return evaluate(*arguments)  # type: ignore[arg-type]

    opened = [kiosk.opened(card) for _ in range(3)]
    with service.services.database.transaction() as database:  # codes are counted separately
        for session in database.exec(select(UnlockSession)):
            session.code_confirmed = True
    monkeypatch.setattr(sealed_answers, "open_recovery", counted)
    # Without waits, only the count limits the attempts.
    monkeypatch.setattr(throttle, "seconds_to_wait", lambda *_: 0)
    with ThreadPoolExecutor(12) as pool:
        answers = list(
            pool.map(lambda n: kiosk.answer(card, opened[n % 3], WRONG), range(24)),
        )
    assert len(evaluated) == throttle.ATTEMPTS
    assert {problem(answer) for answer in answers} <= {"answers-wrong", "locked-out"}
    with service.services.database.transaction() as database:
        outcomes = database.exec(select(Attempt.outcome)).all()
        assert outcomes == [AttemptOutcome.FAILED] * throttle.ATTEMPTS


def test_with_waits_only_one_parallel_attempt_is_evaluated(
    kiosk: KioskClient, card: PersonalCard
) -> None:
    opened = kiosk.opened(card)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: kiosk.answer(card, opened, WRONG), range(8)))
    assert sorted(problem(answer) for answer in answers) == ["answers-wrong"] + ["wait"] * 7


# ---------------------------------------------------------------- the card's proof


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa"])
def test_cards_prove_their_identity_with_every_supported_key(kiosk: KioskClient, kind: str) -> None:
    key: PrivateKey
    if kind == "rsa":
        key = rsa.generate_private_key(65537, 2048)
    else:
        key = ec.generate_private_key(ec.SECP256R1() if kind == "p256" else ec.SECP384R1())
    card = kiosk.know(PersonalCard(card_key=key))
    assert kiosk.answer(card, kiosk.opened(card)).status_code == 200


@pytest.mark.parametrize(
    "wrong", ["purpose", "central", "kiosk", "card", "session", "nonce", "key", "absent", "junk"]
)
def test_a_forged_card_is_rejected_and_costs_the_registration_no_attempt(
    service: Service, kiosk: KioskClient, card: PersonalCard, wrong: str
) -> None:
    opened, other = kiosk.opened(card), kiosk.opened(card)
    stranger = PersonalCard()
    fields = {
        "central": "another" if wrong == "central" else CENTRAL,
        "kiosk": "another" if wrong == "kiosk" else kiosk.name,
        "card": stranger.identity if wrong == "card" else card.identity,
        "session": other.session if wrong == "session" else opened.session,
        "nonce": other.nonce if wrong == "nonce" else opened.nonce,
    }
    purpose = proof.ProofPurpose.CARD_WORK if wrong == "purpose" else proof.ProofPurpose.OPEN_UNLOCK
    digest = proof.digest(purpose, **fields)  # type: ignore[arg-type]
    signature = sign(stranger.card_key if wrong == "key" else card.card_key, digest)
    signature = {"absent": b"", "junk": b"\x30\x80junk"}.get(wrong, signature)

    assert problem(kiosk.answer(card, opened, signature=signature)) == "card-not-genuine"
    with service.services.database.transaction() as database:
        assert database.exec(select(Registration.failures)).one() == 0
        assert database.exec(select(Kiosk.failures)).one() == 1
        assert database.exec(select(Attempt)).first() is None


def test_right_answers_without_the_card_open_no_envelope(
    kiosk: KioskClient, card: PersonalCard
) -> None:
    opened = kiosk.opened(card)
    body = {"answers": list(ANSWERS), "proof": None}
    refused = kiosk.post(f"/unlocks/{opened.session}/answers", body)
    assert problem(refused) == "card-not-genuine"
    assert problem(kiosk.ask_grant(opened.session)) == "out-of-order"


def test_forged_proofs_do_not_lengthen_a_running_wait(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    opened = kiosk.opened(card)
    for _ in range(throttle.PER_KIOSK.free + 1):
        assert problem(kiosk.answer(card, opened, signature=b"forged")) == "card-not-genuine"
    for _ in range(20):
        assert problem(kiosk.answer(card, opened, signature=b"forged")) == "wait"
    clock.pass_time(int(throttle.PER_KIOSK.waits[0].total_seconds()))
    assert kiosk.answer(card, opened).status_code == 200

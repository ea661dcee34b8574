# SPDX-License-Identifier: Apache-2.0
"""Registration at a kiosk, from the code to the unlock that it makes possible."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from kiosk.central import settings
from kiosk.central.keys import signatures
from kiosk.central.service import notices, throttle
from kiosk.central.tables import Cardholder, Registration, SealedEnvelope
from kiosk.contract import proof
from kiosk.contract.registration import RegistrationRequirements, SelfServiceStatus
from kiosk.flow.view import EntryPage
from kiosk.vault import sealed_answers
from tests.central.authority import Authority
from tests.central.hostile_addresses import ELSEWHERE, HOSTILE
from tests.central.loggedin import CHOSEN, EMAIL, FRESH, Desk, TrustedCard, trust_authority
from tests.central.world import Clock, KioskClient, PersonalCard, Service, problem
from tests.flow.holder import Visit
from tests.secrets_search import search


@pytest.fixture
def desk(service: Service, kiosk: KioskClient) -> Desk:
    authority = Authority()
    trust_authority(service, authority)
    card = TrustedCard(authority=authority)
    kiosk.know(card)
    at = Desk(kiosk, card)
    at.log_in()
    return at


@pytest.fixture
def registered(desk: Desk) -> Desk:
    assert desk.send_code().status_code == 200
    answer = desk.register()
    assert answer.status_code == 200, answer.text
    return desk


def again(desk: Desk) -> Desk:
    """Return the same cardholder at another visit."""
    later = Desk(desk.kiosk, desk.card)
    later.log_in()
    later.send_code()
    return later


def test_a_registered_card_can_be_unlocked(registered: Desk) -> None:
    kiosk, card = registered.kiosk, registered.card
    opened = kiosk.opened(card)
    assert [question.id for question in opened.questions] == list(CHOSEN)
    assert opened.proof_required
    assert kiosk.answer(card, opened, FRESH).status_code == 200


def test_the_profile_shows_the_registration(registered: Desk) -> None:
    profile = Desk(registered.kiosk, registered.card).log_in()
    assert profile.self_service is SelfServiceStatus.REGISTERED
    assert profile.registered_at is not None
    assert profile.email == EMAIL


def test_the_cardholder_and_the_former_address_get_a_letter(
    service: Service, registered: Desk
) -> None:
    notices.deliver(service.services)
    subjects = {(to, letter.subject) for to, letter in service.mailbox.letters if not letter.code}
    assert subjects == {
        (
            "nora@example.nhs.uk",
            "Your email address for smartcard self service was changed",
        ),
        (EMAIL, "Your smartcard is registered for self service"),
    }


def test_letters_are_in_the_language_of_the_screen(service: Service, desk: Desk) -> None:
    desk.log_in()
    desk.send_code(language="pl")
    assert service.mailbox.letters[-1][1].language == "pl"
    assert desk.register(language="uk").status_code == 200
    notices.deliver(service.services)
    languages = [letter.language for _, letter in service.mailbox.letters if not letter.code]
    assert set(languages) == {"uk"}


def test_codes_go_only_to_nhs_addresses(desk: Desk) -> None:
    for email in (*HOSTILE, *ELSEWHERE, "nora@gmail.com", "nora@nhs.uk."):
        assert desk.send_code(email).status_code in {403, 422}, email
    assert desk.mailbox.letters == []


def test_an_address_is_stored_normalised(service: Service, desk: Desk) -> None:
    assert desk.send_code("Nora@NHS.Net").status_code == 200
    assert [address for address, _ in desk.mailbox.letters] == ["Nora@nhs.net"]
    assert desk.register().status_code == 200
    with service.services.database.transaction() as database:
        assert database.exec(select(Cardholder)).one().email == "Nora@nhs.net"


@pytest.mark.parametrize("email", ["n@nhs.net", "n@ward.trust.nhs.uk", "n@MOD.UK", "n@x.gov.uk"])
def test_subdomains_and_capitals_are_accepted(desk: Desk, email: str) -> None:
    assert desk.send_code(email).status_code == 200


@pytest.mark.parametrize(
    ("domains", "offered"),
    [
        (None, ["@nhs.net", ".nhs.uk", ".gov.uk", ".mod.uk"]),
        (("wales.nhs.uk", ".ac.uk"), ["@wales.nhs.uk", ".ac.uk"]),
    ],
)
def test_a_kiosk_offers_the_domains_that_central_accepts(
    service: Service, desk: Desk, domains: tuple[str, ...] | None, offered: list[str]
) -> None:
    if domains is not None:
        kept = service.settings.model_dump()
        service.settings = settings.read(**{**kept, "mail_domains": domains})
        service.restart()
    answer = desk.kiosk.get(f"/logins/{desk.session}/requirements")
    needed = RegistrationRequirements.model_validate_json(answer.text)
    visit = Visit()
    visit.to_email(needed.mail_domains)
    assert isinstance(visit.view, EntryPage)
    assert list(visit.view.entry.endings) == offered
    for ending in offered:
        address = f"nora{ending}" if ending.startswith("@") else f"nora@ward{ending}"
        assert desk.send_code(address).status_code == 200
    assert (desk.send_code("nora@nhs.net").status_code == 200) == (domains is None)


def test_without_its_code_nothing_is_registered(desk: Desk, clock: Clock) -> None:
    assert problem(desk.register(code="000000")) == "code-void"
    desk.send_code()
    code = desk.mailbox.code
    wrong = f"{(int(code) + 1) % 10**6:06}"
    problems = [problem(desk.register(code=wrong)) for _ in range(5)]
    assert problems == ["code-wrong"] * 4 + ["code-void"]
    assert problem(desk.register(code=code)) == "code-void"


def test_a_code_is_valid_for_fifteen_minutes(desk: Desk, clock: Clock) -> None:
    desk.send_code()
    clock.pass_time(15 * 60)
    assert problem(desk.register()) == "code-void"


def test_a_slow_cardholder_has_the_codes_whole_time(desk: Desk, clock: Clock) -> None:
    clock.pass_time(40 * 60)
    desk.send_code()
    clock.pass_time(14 * 60)
    assert desk.register().status_code == 200


def test_a_new_code_voids_the_former(desk: Desk) -> None:
    desk.send_code("wrong@nhs.net")
    first = desk.mailbox.code
    while desk.mailbox.code == first:
        desk.send_code()
    assert problem(desk.register(code=first)) == "code-wrong"
    assert desk.register().status_code == 200


def test_a_login_has_five_codes_and_the_newest_stays_valid(desk: Desk) -> None:
    assert [desk.send_code().status_code for _ in range(5)] == [200] * 5
    assert problem(desk.send_code()) == "no-more-codes"
    assert desk.register().status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"answers": ("Zo", "Rex the dog", "Łódź", "O'Brien")},
        {"answers": ("Zoë Müller", "zoe MULLER", "Łódź", "O'Brien")},
        {"answers": ("Zoë Müller", "password", "Łódź", "O'Brien")},
        {"answers": ("first friend", "Rex the dog", "Łódź", "O'Brien")},
        {"answers": ("aaaaaa", "Rex the dog", "Łódź", "O'Brien")},
        {"questions": ("first-pet", "first-pet", "first-street", "first-teacher")},
        {"questions": ("my-own", "first-pet", "first-street", "first-teacher")},
    ],
)
def test_worthless_answers_are_refused(desk: Desk, changes: dict[str, Any]) -> None:
    desk.send_code()
    assert problem(desk.register(**changes)) == "answers-unfit"
    assert desk.register().status_code == 200  # the code stays valid


def test_a_registration_needs_a_new_signature(desk: Desk) -> None:
    desk.send_code()
    stale = desk.signature(proof.ProofPurpose.LOG_IN)
    assert problem(desk.register(signature=stale)) == "card-not-genuine"


def test_a_repeated_request_registers_once(service: Service, registered: Desk) -> None:
    first = registered.register()
    assert first.status_code == 200
    with service.services.database.transaction() as database:
        assert len(database.exec(select(Registration)).all()) == 1
        assert len(database.exec(select(SealedEnvelope)).all()) == 4


def test_registering_again_needs_the_former_answers(registered: Desk) -> None:
    later = again(registered)
    fresh = ("Someone else", "Fido", "Wigan", "Mr Bean")
    assert problem(later.register(answers=fresh)) == "answers-wrong"
    wrong = ("nobody", "nowhere", "never", "nothing")
    assert problem(later.register(answers=fresh, former=wrong)) == "answers-wrong"
    assert problem(later.register(answers=fresh, former=FRESH)) == "wait"


def test_the_former_answers_allow_new_ones(registered: Desk) -> None:
    later = again(registered)
    needed = later.kiosk.get(f"/logins/{later.session}/requirements").json()
    asked = needed["former_questions"]
    assert [question["id"] for question in asked] == list(CHOSEN)
    fresh = ("Someone else", "Fido", "Wigan", "Mr Bean")
    former = (FRESH[0], None, FRESH[2], FRESH[3])
    assert later.register(answers=fresh, former=former).status_code == 200
    kiosk, card = later.kiosk, later.card
    opened = kiosk.opened(card)
    assert problem(kiosk.answer(card, opened, FRESH)) == "answers-wrong"


def test_five_wrong_former_answers_lock(registered: Desk, clock: Clock) -> None:
    wrong = ("nobody", "nowhere", "never", "nothing")
    for _ in range(5):
        later = again(registered)
        refusal = problem(later.register(former=wrong))
        clock.pass_time(600)
    assert refusal == "locked-out"
    later = again(registered)
    assert problem(later.register(former=FRESH)) == "locked-out"
    assert problem(later.kiosk.open(later.card)) == "locked-out"


def test_a_registration_can_be_removed(service: Service, registered: Desk) -> None:
    later = again(registered)
    stale = later.kiosk.post(
        f"/logins/{later.session}/removal",
        {"signature": later.signature(proof.ProofPurpose.LOG_IN)},
    )
    assert problem(stale) == "card-not-genuine"
    assert later.remove().status_code == 200
    assert later.remove().status_code == 200
    with service.services.database.transaction() as database:
        assert database.exec(select(Registration)).all() == []
        assert database.exec(select(SealedEnvelope)).all() == []
    assert problem(later.kiosk.open(later.card)) == "not-registered"
    # Otherwise a thief of card and passcode could replace the cardholder's answers with their own.
    later.send_code()
    assert problem(later.register()) == "locked-out"
    profile = Desk(later.kiosk, later.card).log_in()
    assert profile.self_service is SelfServiceStatus.LOCKED_OUT


def test_a_locked_registration_cannot_be_removed(registered: Desk, clock: Clock) -> None:
    wrong = ("nobody", "nowhere", "never", "nothing")
    for _ in range(5):
        later = again(registered)
        later.register(former=wrong)
        clock.pass_time(600)
    assert problem(again(registered).remove()) == "locked-out"


def test_an_address_changes_only_with_a_registration(service: Service, desk: Desk) -> None:
    desk.send_code("somebody.else@nhs.net")
    desk.register(code="000000")
    with service.services.database.transaction() as database:
        assert database.exec(select(Cardholder)).one().email == "nora@example.nhs.uk"


def test_nothing_happens_before_the_card_has_signed(kiosk: KioskClient, desk: Desk) -> None:
    early = Desk(kiosk, desk.card)
    early.open()
    for answer in (
        early.send_code(),
        early.register(code="000000"),
        early.remove(),
        kiosk.get(f"/logins/{early.session}/requirements"),
    ):
        assert problem(answer) == "out-of-order"


def test_the_questions_are_listed(kiosk: KioskClient, desk: Desk) -> None:
    asked = kiosk.get("/questions").json()["questions"]
    assert len(asked) >= 12
    assert set(CHOSEN) < {question["id"] for question in asked}


def test_no_answer_is_stored(
    service: Service, registered: Desk, database_files: Any, tmp_path: Any
) -> None:
    secrets = {f"answer {n}": answer.encode() for n, answer in enumerate(FRESH)}
    secrets |= {
        f"normal {n}": sealed_answers.normalise(a).encode() for n, a in enumerate(FRESH) if n > 0
    }
    assert search(database_files(), secrets) == []
    assert len(search(database_files(), {"name": b"Nora Nurse"})) >= 1  # the search works


# ---------------------------------------------------------------- the card's own key


def pinned(service: Service) -> bytes | None:
    with service.services.database.reading() as database:
        return database.exec(select(Registration.card_authentication_key)).one()


def test_the_key_that_signed_is_pinned(service: Service, desk: Desk) -> None:
    desk.log_in()
    desk.send_code()
    assert desk.register().status_code == 200
    assert pinned(service) == signatures.public_key(desk.card.card_certificate)


def test_a_certificate_alone_pins_nothing(service: Service, desk: Desk) -> None:
    """Anybody can read it contactless from a colleague's card, so the emailed codes stay."""
    desk.log_in()
    desk.send_code()
    assert desk.register(card_signature=None).status_code == 200
    assert pinned(service) is None


@pytest.mark.parametrize("purpose", [proof.ProofPurpose.REGISTER, proof.ProofPurpose.OPEN_UNLOCK])
def test_a_signature_for_something_else_pins_nothing(
    service: Service, desk: Desk, purpose: proof.ProofPurpose
) -> None:
    desk.log_in()
    desk.send_code()
    other = desk.signature(purpose, desk.card.card_key)
    assert problem(desk.register(card_signature=other)) == "card-not-genuine"


def test_a_colleagues_own_key_is_not_pinned_to_the_card(desk: Desk) -> None:
    desk.log_in()
    desk.send_code()
    colleague = PersonalCard()
    signed = desk.signature(proof.ProofPurpose.PIN_KEY, colleague.card_key)
    assert problem(desk.register(card_signature=signed)) == "card-not-genuine"


def test_guesses_at_codes_are_counted_over_logins(desk: Desk, clock: Clock) -> None:
    """Neither another code, nor another login, nor another address makes guesses free again."""
    told: list[str] = []
    for place in range(3):
        later = Desk(desk.kiosk, desk.card)
        later.log_in()
        assert later.send_code(f"nora{place}@nhs.net").status_code == 200
        wrong = f"{(int(later.mailbox.code) + 1) % 10**6:06}"
        told += [problem(later.register(code=wrong)) for _ in range(4)]
    assert told == ["code-wrong"] * 4 + ["code-void"] * 4 + ["wait"] * 4
    clock.pass_time(throttle.PER_CODE.waits[-1].total_seconds())
    assert later.send_code().status_code == 200
    assert later.register().status_code == 200

# SPDX-License-Identifier: Apache-2.0
"""Every page of the flow fits on the smallest screen, with the longest texts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kiosk.central.settings import Settings
from kiosk.doctor import machine_checks, surroundings
from kiosk.errors import ReaderUnavailable
from kiosk.flow import Site, State, out_of_order, out_of_order_at_rest, render
from kiosk.flow import pages as pg
from kiosk.flow.cardholder_profile import AssignedPosition, Profile, SelfService, Smartcard, Trust
from kiosk.flow.diagnosis import Diagnosis, Part, Verdict
from kiosk.flow.events import AnswerFault, UnlockStep
from kiosk.flow.preferences import Access, Language, Menu, TextSize
from kiosk.flow.registration_draft import Draft
from kiosk.flow.text import Verbatim, text
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Contact, View
from kiosk.ui.gallery import Gallery
from kiosk.values import ReaderTrouble, Rule, Secret
from tests.flow.asked import asked as questions
from tests.ui.conftest import Desk

SITE = Site(
    contacts=(
        Contact(Verbatim("IT service desk, day and night"), Verbatim("020 7946 0150")),
        Contact(Verbatim("Registration authority"), Verbatim("ra@example.nhs.uk")),
    )
)
QUESTIONS = (
    "What was the surname of the first teacher you remember?",
    "What was the surname of the teacher you liked best at primary school?",
    "In which town did your parents meet?",
    "What was the first concert you went to?",
)


def _raising(error: Exception) -> Callable[[], object]:
    def ask() -> object:
        raise error

    return ask


def asking(**changes: object) -> pg.AskingQuestion:
    asked = {"answers": (None,) * 4, "lengths": (7, 0, 0, 0), **changes}
    return pg.AskingQuestion(questions(*QUESTIONS), 3, **asked)  # type: ignore[arg-type]


TRUST = Trust("Northumbria Healthcare NHS Foundation Trust", "Bank nurse (adult mental health)")
PROFILE = Profile(
    "Gwenllian Hetherington-Smythe",
    (TRUST, Trust("Example Trust", "Tutor")),
    (
        Smartcard(
            "0123456789ABCDEF0123456789ABCDEF",
            "Smartcard",
            "IDEMIA",
            date(2024, 3, 1),
            date(2027, 2, 28),
            date(2026, 1, 2),
            in_reader=True,
        ),
        Smartcard("00112233", "Smartcard", "Gemplus"),
    ),
    (AssignedPosition("R8000", "Nurse access role", "ESR", "RX1", date(2024, 3, 1)),),
    date(2027, 1, 1),
    23,
    SelfService.NOT_REGISTERED,
    "gwenllian.hetherington-smythe@northumbria-healthcare.nhs.uk",
)


# None, and those that take all the room there is: `Draft.endings`, on two keys and on four.
WIDE_DOMAINS = (
    (),
    ("northumbrias.nhs.uk", ".mwmwmwmwmw.uk"),
    (".m.w", "northumbrias.nhs.uk", ".m.w", ".w.uk"),
)


def drafted(done: int = 0) -> Draft:
    return Draft(
        PROFILE,
        TRUST,
        questions(*QUESTIONS),
        former_questions=questions(*QUESTIONS),
        questions=tuple(range(done)),
        answers=tuple(Secret(b"answer") for _ in range(done)),
        lengths=(6,) * done,
        email=PROFILE.email,
        mail_domains=Settings.model_fields["mail_domains"].default,
    )


_VERSIONS = "kiosk 1.2.3, Python 3.13.5, kivy 2.3.1, pyscard 2.2.2, cryptography 43.0.0"
DIAGNOSES = (
    *(surroundings.reader(_raising(ReaderUnavailable(each))) for each in ReaderTrouble),
    Diagnosis(Part.DISK, Verdict.WELL, text("{megabytes} MB free", megabytes=24310)),
    surroundings.central(lambda: None),
    machine_checks.lights(0, None),
    surroundings.certificate("http://127.0.0.1", None),
    Diagnosis(Part.VERSIONS, Verdict.WELL, Verbatim(_VERSIONS)),
)

PAGES: dict[str, pg.Page] = {
    "waiting": pg.Waiting(),
    "resting": pg.Waiting(),
    "closed": pg.Waiting(),
    "opened": pg.Waiting(),
    "take-card": pg.Waiting(),
    "take-card-opened": pg.Waiting(),
    "reading": pg.ReadingCard(),
    "works": pg.CardWorks(),
    "works-alone": pg.CardWorks(),
    "opening": pg.OpeningUnlock(),
    "asking": asking(),
    "asking-refused": asking(refused=True),
    "asking-wait": asking(wait_seconds=30),
    "asking-offline": asking(offline=True),
    "countdown": asking(),
    "asking-second": asking(index=1, answers=(Secret(b"x"), None, None, None)),
    "checking": pg.CheckingAnswers(asking()),
    "code": pg.AskingCode(asking(), "m…@northumbria-healthcare.nhs.uk", 3),
    "code-refused": pg.AskingCode(asking(), "m…@northumbria-healthcare.nhs.uk", refused=True),
    "code-anew": pg.AskingCode(asking(), "m…@northumbria-healthcare.nhs.uk", anew=True),
    "code-late": pg.AskingCode(asking(), "m…@northumbria-healthcare.nhs.uk", late=True),
    "code-spent": pg.AskingCode(asking(), "m…@northumbria-healthcare.nhs.uk", spent=True),
    "choosing": pg.ChoosingPasscode(differed=True),
    "repeating": pg.RepeatingPasscode(Secret(b"123456"), None, 6, frozenset(Rule)),
    "entering": pg.EnteringPasscode(pg.Why.CHANGE, left=1, refused=True),
    "entering-to-register": pg.EnteringPasscode(pg.Why.REGISTER, profile=PROFILE, trust=TRUST),
    "entering-to-remove": pg.EnteringPasscode(pg.Why.REMOVE, profile=PROFILE, trust=TRUST),
    "checking-passcode": pg.CheckingPasscode(pg.EnteringPasscode(pg.Why.REGISTER)),
    "now-locked": pg.NowLocked(),
    "changing": pg.ChangingPasscode(),
    "same-as-old": pg.ChoosingPasscode(Secret(b"123456"), same_as_old=True),
    "changed": pg.Finished(changed=True),
    "trusts": pg.ChoosingTrust(PROFILE, 1),
    "profile": pg.ShowingProfile(PROFILE, TRUST),
    "profile-registered": pg.ShowingProfile(
        replace(PROFILE, self_service=SelfService.REGISTERED), TRUST
    ),
    "instructions": pg.Instructions(PROFILE, TRUST),
    "former": pg.AnsweringFormer(drafted(), refused=True),
    "choosing-question": pg.ChoosingQuestion(drafted(2)),
    "answering-question": pg.AnsweringQuestion(drafted(1), 1, length=9),
    "answering-flaw": pg.AnsweringQuestion(drafted(1), 1, flaw=AnswerFault.COMMON),
    "email": pg.EnteringEmail(drafted(4), length=20),
    **{
        f"email-{len(domains)} domains": pg.EnteringEmail(
            replace(drafted(4), mail_domains=domains), length=20
        )
        for domains in WIDE_DOMAINS
    },
    **{f"email-{why}": pg.EnteringEmail(drafted(4), length=20, unsent=why) for why in pg.Unsent},
    "sending": pg.SendingCode(drafted(4)),
    "registration-code": pg.EnteringCode(drafted(4), length=3),
    "registration-code-refused": pg.EnteringCode(drafted(4), refused=True),
    "registration-code-wait": pg.EnteringCode(drafted(4), 6, wait_seconds=60),
    "registration-code-missed": pg.EnteringCode(replace(drafted(4), missed=True), 6),
    "registration-code-late": pg.EnteringCode(drafted(4), late=True),
    "registration-code-anew": pg.EnteringCode(drafted(4), anew=True),
    "confirming": pg.ConfirmingRegistration(drafted(4)),
    "registered": pg.Registered(PROFILE, TRUST),
    "technician": pg.EnteringTechnicianCode(refused=True, wait_seconds=1920),
    "examining": pg.Examining(),
    "diagnoses": pg.ShowingDiagnoses((DIAGNOSES[1], *DIAGNOSES[len(ReaderTrouble) :])),
    "diagnoses-many": pg.ShowingDiagnoses(DIAGNOSES),
    "diagnoses-well": pg.ShowingDiagnoses(DIAGNOSES[len(ReaderTrouble) :]),
    "unlocking": pg.Unlocking(UnlockStep.CHECK),
    "finished": pg.Finished(),
    **{f"help-{trouble}": pg.Helping(trouble, 600) for trouble in Trouble},
}

MENUS = {f"menu-{menu}": menu for menu in Menu}

STATES: dict[str, dict[str, Any]] = {
    "resting": {"resting": 1, "access": Access()},  # the last user's settings are gone
    "closed": {"reader": ReaderTrouble.NO_READER},
    "opened": {"case_opened": True},
    "take-card": {"card_present": True},
    "take-card-opened": {"card_present": True, "case_opened": True},
    "works-alone": {"may_log_in": False},
    "countdown": {"countdown": 20},
    **{name: {"menu": menu} for name, menu in MENUS.items()},
}
"""Changes of the state besides the page, by the names of PAGES and MENUS."""

OUTAGES: dict[str, Callable[[Site], View]] = {
    "out-of-order": out_of_order,
    "out-of-order-resting": lambda site: out_of_order_at_rest(site, 1),
}
"""The pages of a kiosk that cannot start."""

NAMES = (*PAGES, *MENUS, *OUTAGES)

COMBINATIONS = [
    Access(size, low_reach=low, high_contrast=contrast)
    for size, low, contrast in itertools.product(TextSize, (False, True), (False, True))
]


def state_of(name: str, language: Language, access: Access, *, troubled: bool = True) -> State:
    """Return the kiosk's state on a page; if `troubled`, with all other troubles at once."""
    state = State(
        SITE,
        language,
        access,
        page=PAGES.get(name, pg.Waiting()),
        reference="K7Q4-20MX",
        minutes=14,
        simulated=troubled,
        speech_present=not troubled,
    )
    state = replace(state, **STATES.get(name, {}))
    return replace(state, central_reachable=False, power_low=True) if troubled else state


def view_of(name: str, language: Language, access: Access, *, troubled: bool = True) -> View:
    """Return the view of that page."""
    if name in OUTAGES:
        return OUTAGES[name](replace(SITE, language=language, access=access))
    return render(state_of(name, language, access, troubled=troubled))


def faults_of(desk: Gallery, view: View) -> list[str]:
    """Show `view` and return what is wrong with its drawing; an empty list is right."""
    from kiosk.ui import fit  # noqa: PLC0415 - only after the gallery is open

    desk.show(view)
    stage = desk.app.stage
    faults = [*fit.misfits(stage), *fit.small_targets(stage), *fit.unseen_problems(stage)]
    if view.frame.access.low_reach:
        faults += fit.out_of_reach(stage)
    return faults


@pytest.mark.dealt
@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_in_every_language(desk: Desk, name: str) -> None:
    """Test each page in two languages with different settings; `make prove` tests all of them."""
    place = NAMES.index(name)
    for number, language in list(enumerate(Language))[place % 2 :: 2]:
        access = COMBINATIONS[(place + 5 * number) % len(COMBINATIONS)]
        assert faults_of(desk.gallery, view_of(name, language, access)) == [], (language, access)


@pytest.mark.dealt
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", ["former", "answering-question"])
def test_the_users_name_has_room_beside_the_progress(
    desk: Desk, name: str, language: Language
) -> None:
    from kiosk.ui.widgets.corner import Corner  # noqa: PLC0415 - only after the gallery is open

    desk.show(view_of(name, language, Access()))
    (corner,) = (one for one in desk.gallery.app.stage.walk() if isinstance(one, Corner))
    assert corner.width >= 180


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_with_the_default_settings(desk: Desk, name: str) -> None:
    assert faults_of(desk.gallery, view_of(name, Language.ENGLISH, Access())) == []

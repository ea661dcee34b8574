# SPDX-License-Identifier: Apache-2.0
"""Properties that hold for every event in every state, whatever came before."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow.cardholder_profile import AssignedPosition, Profile, SelfService, Smartcard, Trust
from kiosk.flow.pages import ChangingPasscode, Finished, Registered, Unlocking, Waiting
from kiosk.flow.state import State
from kiosk.flow.view import Intent, Notice, Tone
from kiosk.values import (
    CardIdentity,
    Counters,
    Family,
    PasscodeRules,
    ReaderTrouble,
    Rule,
    Secret,
)
from tests.examples import examples
from tests.flow.asked import FOUR, asked

_FIELDS = [
    *(f"answer-{n}" for n in range(1, 5)),
    "new-passcode",
    "new-passcode-again",
    "code",
    "other",
]
_visits = st.integers(0, 6)
_secrets = st.sampled_from([b"", b"12", b"246802", b"135790", b"x" * 64]).map(Secret)

_PROFILE = Profile(
    "Nora Nurse",
    (Trust("Trust A", "Nurse"),),
    (Smartcard("AB12", in_reader=True),),
    (AssignedPosition("S1", "Nurse"),),
    date(2027, 1, 1),
    23,
    SelfService.NOT_REGISTERED,
    "nora@nhs.net",
)
_TWO_TRUSTS = replace(
    _PROFILE,
    trusts=(Trust("Trust A"), Trust("Trust B", "Tutor")),
    self_service=SelfService.REGISTERED,
)
_OFFERED = asked(*(f"{n}?" for n in range(6)))

_EVENTS: st.SearchStrategy[ev.Event] = st.one_of(
    st.builds(ev.Pressed, st.sampled_from(Intent), st.none() | _secrets, st.sampled_from(_FIELDS)),
    st.builds(
        ev.Typed,
        st.sampled_from(_FIELDS),
        st.integers(0, 64),
        st.frozensets(st.sampled_from(Rule)),
    ),
    st.builds(ev.Chosen, st.integers(-1, 5)),
    st.just(ev.Touched()),
    st.just(ev.ScreenFailed()),
    st.builds(ev.TimeUp, st.sampled_from(ev.Timer)),
    st.builds(ev.ReaderFailed, st.sampled_from(ReaderTrouble)),
    st.builds(ev.ReaderReady, st.booleans()),
    st.builds(ev.CardInserted, st.just("AB12-CD34")),
    st.just(ev.CardTaken()),
    st.builds(
        ev.CardRead,
        _visits,
        st.just(CardIdentity(Family.PIV, "00" * 16)),
        st.builds(Counters, st.sampled_from([None, 0, 1, 3]), st.sampled_from([None, 0, 3])),
        st.just(PasscodeRules()),
    ),
    st.builds(ev.CardFailed, _visits, st.sampled_from(ev.CardTrouble)),
    st.builds(ev.UnlockOpened, _visits, st.just(FOUR), st.just(3)),
    st.builds(ev.AnswersAccepted, _visits),
    st.builds(ev.AnswersRefused, _visits, st.sampled_from([0, 30])),
    st.builds(ev.CodeSent, _visits, st.just("m…@nhs.net"), st.booleans()),
    st.builds(ev.CodeRefused, _visits),
    st.builds(ev.UnlockRefused, _visits, st.sampled_from(ev.Refusal), st.sampled_from([0, 90])),
    st.builds(ev.CentralFailed, _visits),
    st.builds(ev.UnlockAdvanced, _visits, st.sampled_from(ev.UnlockStep)),
    st.builds(ev.CardUnlocked, _visits),
    st.builds(ev.PasscodeRefused, _visits, st.sampled_from([None, 0, 1, 2])),
    st.builds(ev.PasscodeChanged, _visits),
    st.builds(ev.LoggedIn, _visits, st.sampled_from([_PROFILE, _TWO_TRUSTS])),
    st.builds(
        ev.RegistrationOpened,
        _visits,
        st.just(_OFFERED),
        st.sampled_from([(), ("a?",) * 4]),
        st.sampled_from([(), ("nhs.net", ".nhs.uk")]),
    ),
    st.builds(ev.AnswerJudged, _visits, st.sampled_from([None, *ev.AnswerFault])),
    st.builds(ev.EmailRefused, _visits),
    st.builds(ev.CardRegistered, _visits),
    st.builds(ev.RegistrationRemoved, _visits),
    st.builds(ev.CentralSeen, st.booleans(), st.booleans()),
    st.builds(ev.Speaking, st.booleans()),
    st.just(ev.CaseOpened()),
    st.just(ev.SomebodyNear()),
    st.builds(ev.PowerSeen, st.booleans()),
    st.just(ev.LightsFailed()),
)

# Random events seldom get past the questions: these paths lead further, then random events follow.
_HAPPY: list[ev.Event] = [
    ev.ReaderReady(),
    ev.CardInserted("AB12-CD34"),
    ev.CardRead(1, CardIdentity(Family.PIV, "00" * 16), Counters(0), PasscodeRules()),
    ev.UnlockOpened(1, FOUR, 3),
    *(
        event
        for n in range(1, 5)
        for event in (
            ev.Typed(f"answer-{n}", 3),
            ev.Pressed(Intent.CONTINUE, Secret(b"abc"), f"answer-{n}"),
        )
    ),
    ev.CodeSent(1, "m…@nhs.net"),
    ev.Typed("code", 6),
    ev.Pressed(Intent.CONTINUE, Secret(b"246802"), "code"),
    ev.AnswersAccepted(1),
    ev.Typed("new-passcode", 6, frozenset(Rule)),
    ev.Pressed(Intent.CONTINUE, Secret(b"135790"), "new-passcode"),
    ev.Typed("new-passcode-again", 6, frozenset(Rule)),
    ev.Pressed(Intent.CONTINUE, Secret(b"135790"), "new-passcode-again"),
    ev.UnlockAdvanced(1, ev.UnlockStep.UNLOCK),
    ev.CardUnlocked(1),
]


_READ: list[ev.Event] = [
    ev.ReaderReady(),
    ev.CardInserted("AB12-CD34"),
    ev.CardRead(1, CardIdentity(Family.PIV, "00" * 16), Counters(3), PasscodeRules()),
]


def _entered(field: str, content: bytes, intent: Intent = Intent.CONTINUE) -> list[ev.Event]:
    return [
        ev.Typed(field, len(content), frozenset(Rule)),
        ev.Pressed(intent, Secret(content), field),
    ]


_CHANGING: list[ev.Event] = [
    *_READ,
    ev.Chosen(1),
    *_entered("passcode", b"246802"),
    *_entered("new-passcode", b"135790"),
    *_entered("new-passcode-again", b"135790"),
    ev.PasscodeChanged(1),
]
_REGISTERING: list[ev.Event] = [
    *_READ,
    ev.Chosen(0),
    *_entered("passcode", b"246802"),
    ev.LoggedIn(1, _TWO_TRUSTS),
    ev.Chosen(1),
    ev.Pressed(Intent.CONTINUE),
    ev.Pressed(Intent.REGISTER),
    ev.Pressed(Intent.CONTINUE),
    *_entered("passcode", b"246802"),
    ev.RegistrationOpened(1, _OFFERED, FOUR),
    *(event for n in range(1, 5) for event in _entered(f"former-answer-{n}", b"before")),
    *(
        event
        for n in range(4)
        for event in (
            ev.Chosen(n),
            *_entered(f"own-answer-{n + 1}", b"answer%d" % n),
            ev.AnswerJudged(1, None),
        )
    ),
    *_entered("email", b"nora@nhs.net"),
    ev.CodeSent(1, "n@nhs.net"),
    *_entered("code", b"246802", Intent.CONFIRM),
    ev.CardRegistered(1),
]


def _after(events: list[ev.Event]) -> State:
    state = State()
    for event in events:
        state, _ = flow.step(state, event)
    return state


_states = st.builds(
    lambda path, length, more: _after(path[:length] + more),
    st.sampled_from([_HAPPY, _CHANGING, _REGISTERING]),
    st.integers(0, max(len(_HAPPY), len(_REGISTERING))),
    st.lists(_EVENTS, max_size=12),
)


def secrets_in(value: object) -> list[Secret]:
    """Yield all secrets in a value, at any depth."""
    if isinstance(value, Secret):
        return [value]
    if isinstance(value, tuple | list | frozenset):
        return [secret for each in value for secret in secrets_in(each)]
    if is_dataclass(value):
        return [s for each in fields(value) for s in secrets_in(getattr(value, each.name))]
    return []


def test_the_paths_end_where_they_should() -> None:
    assert isinstance(_after(_CHANGING).page, Finished)
    assert isinstance(_after(_REGISTERING).page, Registered)
    assert any(len(secrets_in(_after(_REGISTERING[:n]))) >= 8 for n in range(len(_REGISTERING)))


def test_the_happy_path_ends_finished() -> None:
    assert isinstance(_after(_HAPPY).page, Finished)
    assert any(secrets_in(_after(_HAPPY[:n])) for n in range(len(_HAPPY)))


@given(_states, _EVENTS)
@settings(max_examples=examples(400))
def test_no_event_in_any_state_raises_and_every_state_can_be_seen(
    state: State, event: ev.Event
) -> None:
    after, effects = flow.step(state, event)
    assert isinstance(effects, tuple)
    assert secrets_in(flow.render(after)) == []


@given(_states)
@settings(max_examples=examples(400))
def test_every_trouble_ends_with_whom_to_call_and_in_a_visit_with_a_reference(
    state: State,
) -> None:
    view = flow.render(state)
    if isinstance(view, Notice) and view.tone is Tone.PROBLEM:
        assert view.contacts
        assert view.reference or isinstance(state.page, Waiting)


@given(_states)
def test_removal_leaves_no_personal_data(state: State) -> None:
    state, _ = flow.step(state, ev.CardInserted("AB12-CD34"))
    after, _ = flow.step(state, ev.CardTaken())
    assert secrets_in(after) == []


@given(_states)
def test_removal_in_the_middle_wipes_and_shows_start_or_help(state: State) -> None:
    after, effects = flow.step(state, ev.CardTaken())
    assert secrets_in(after) == []
    if type(state.page) is not type(after.page):
        assert do.Forget() in effects
        assert flow.render(after).frame.title.message


@given(_states)
def test_idle_time_always_reaches_the_start_screen_with_empty_secrets(state: State) -> None:
    # Only time passes: neither card nor central answers, and speech does not end.
    for _ in range(4 + state.site.warning_seconds):
        for timer in ev.Timer:
            state, _ = flow.step(state, ev.TimeUp(timer))
    assert isinstance(state.page, Waiting)
    assert secrets_in(state) == []
    assert state.reference == ""


@given(_states, _EVENTS)
def test_a_timer_runs_on_every_page_that_waits_for_the_user(state: State, event: ev.Event) -> None:
    after, effects = flow.step(state, event)
    moved = type(after.page) is not type(state.page)
    waits_for_work = type(after.page).__name__ in {
        "Waiting", "ReadingCard", "OpeningUnlock", "CheckingAnswers", "Unlocking",
        "CheckingPasscode", "ChangingPasscode", "SendingCode", "ConfirmingRegistration",
    }  # fmt: skip
    if moved and not waits_for_work:
        assert any(
            isinstance(effect, do.StartTimer) and effect.timer is ev.Timer.IDLE
            for effect in effects
        )


@given(_states, st.sampled_from(Intent))
def test_work_on_the_card_is_never_closed_by_a_button(state: State, intent: Intent) -> None:
    if isinstance(state.page, Unlocking | ChangingPasscode):
        after, effects = flow.step(state, ev.Pressed(intent))
        assert type(after.page) is type(state.page)
        assert effects == ()


@given(_states, st.integers(0, 5))
def test_results_of_an_earlier_visit_change_nothing(state: State, back: int) -> None:
    stale = state.visit - 1 - back
    for event in (
        ev.CardUnlocked(stale),
        ev.AnswersAccepted(stale),
        ev.UnlockOpened(stale, FOUR, 3),
        ev.CardFailed(stale, ev.CardTrouble.MUTE),
    ):
        assert flow.step(state, event) == (state, ())


@given(_states)
def test_the_repr_of_a_state_contains_no_secret(state: State) -> None:
    told = repr(state) + repr(flow.render(state))
    for secret in secrets_in(state):
        if len(secret) >= 6:
            assert secret.reveal().decode() not in told

# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="unreachable,comparison-overlap"
"""Visits of cardholders who know the passcode, step by step: changing it, and logging in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.cardholder_profile import SelfService, Trust
from kiosk.flow.text import in_english
from kiosk.flow.view import Intent
from kiosk.values import Secret
from tests.flow.holder import PROFILE, Visit

# ---------------------------------------------------------------- the menu, and the change


def test_a_card_that_cannot_log_in_is_not_offered_to() -> None:
    visit = Visit(may_log_in=False)
    view = visit.view
    assert isinstance(view, vw.ChoicePage)
    assert [choice.enabled for choice in view.choices] == [False, True, True]
    visit.hear(ev.Chosen(0))
    assert visit.page == pg.CardWorks()


def test_a_passcode_is_changed_by_the_card_alone() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(1))
    old = visit.enter("passcode", "246802")
    visit.enter("new-passcode", "135790")
    visit.enter("new-passcode-again", "135790")
    (effect,) = visit.asked_for(do.ChangePasscode)
    assert isinstance(effect, do.ChangePasscode)
    assert effect.old is old
    assert effect.new.reveal() == b"135790"
    assert visit.page == pg.ChangingPasscode()
    visit.hear(ev.PasscodeChanged(visit.number))
    assert visit.page == pg.Finished(changed=True)


def test_the_new_passcode_must_differ_from_the_old_one() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(1))
    visit.enter("passcode", "246802")
    visit.enter("new-passcode", "246802")
    assert isinstance(visit.page, pg.ChoosingPasscode)
    assert visit.page.same_as_old
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None


def test_a_wrong_passcode_is_asked_again_with_the_tries_that_are_left() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(0))
    visit.enter("passcode", "111111")
    visit.hear(ev.PasscodeRefused(visit.number, 2))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.problem is not None
    assert dict(view.problem.values)["count"] == 2
    visit.enter("passcode", "246802")
    assert len(visit.asked_for(do.LogIn)) == 2


def test_few_remaining_tries_are_shown_before_a_try() -> None:
    visit = Visit(left=1)
    visit.hear(ev.Chosen(1))
    view = visit.view
    assert isinstance(view, vw.EntryPage)
    assert view.hint is not None
    assert dict(view.hint.values)["count"] == 1


def test_the_last_wrong_passcode_leads_to_the_unlock() -> None:
    visit = Visit(left=1)
    visit.hear(ev.Chosen(0))
    visit.enter("passcode", "111111")
    visit.hear(ev.PasscodeRefused(visit.number, 0))
    assert visit.page == pg.NowLocked()
    assert do.Forget() not in visit.effects[-3:]  # the visit goes on
    visit.hear(ev.Pressed(Intent.FORGOTTEN))
    assert visit.asked_for(do.OpenUnlock)


def test_an_empty_passcode_is_not_sent() -> None:
    visit = Visit()
    visit.hear(ev.Chosen(0), ev.Pressed(Intent.CONTINUE, Secret(b""), "passcode"))
    assert visit.asked_for(do.LogIn) == []


# ---------------------------------------------------------------- log in


def test_a_user_with_several_trusts_chooses_one() -> None:
    visit = Visit()
    visit.log_in(replace(PROFILE, trusts=(Trust("Trust A"), Trust("Trust B", "Tutor"))))
    assert isinstance(visit.page, pg.ChoosingTrust)
    visit.hear(ev.Pressed(Intent.CONTINUE))  # none is highlighted yet
    assert isinstance(visit.page, pg.ChoosingTrust)
    visit.hear(ev.Chosen(1), ev.Pressed(Intent.CONTINUE))
    assert isinstance(visit.page, pg.ShowingProfile)
    corner = [words.content for words in visit.view.frame.corner if hasattr(words, "content")]
    assert corner == ["Nora Nurse", "Tutor", "Trust B"]
    visit.hear(ev.Pressed(Intent.BACK))
    assert isinstance(visit.page, pg.ChoosingTrust)
    assert visit.page.chosen == 1, "as it was, and another one may be chosen"


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (SelfService.NOT_REGISTERED, {Intent.REGISTER}),
        (SelfService.REGISTERED, {Intent.REGISTER, Intent.REMOVE}),
        (SelfService.LOCKED_OUT, set()),
    ],
)
def test_the_buttons_of_a_profile(state: SelfService, offered: set[Intent]) -> None:
    visit = Visit()
    visit.log_in(replace(PROFILE, self_service=state))
    buttons = {button.intent for button in visit.view.frame.buttons}
    assert buttons - {Intent.CLOSE} == offered
    for intent in (Intent.REGISTER, Intent.REMOVE):
        other = Visit()
        other.log_in(replace(PROFILE, self_service=state))
        other.hear(ev.Pressed(intent))
        assert isinstance(other.page, pg.ShowingProfile) == (intent not in offered)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (91, "01/01/2027"),
        (23, "expires in 23 days"),
        (1, "expires in 1 day"),
        (0, "expires today"),
        (-1, "expired: see your registration authority"),
    ],
)
def test_a_certificate_that_expires_soon_shows_the_days(days: int, said: str) -> None:
    visit = Visit()
    visit.log_in(replace(PROFILE, days_left=days))
    view = visit.view
    assert isinstance(view, vw.ProfilePage)
    told = [in_english(value) for section in view.sections for _, value in section.rows]
    assert said in told


def test_a_registration_is_removed_with_the_passcode() -> None:
    visit = Visit()
    visit.log_in(replace(PROFILE, self_service=SelfService.REGISTERED))
    visit.hear(ev.Pressed(Intent.REMOVE))
    visit.enter("passcode", "246802")
    assert visit.asked_for(do.RemoveRegistration)
    visit.hear(ev.RegistrationRemoved(visit.number))
    assert isinstance(visit.page, pg.ShowingProfile)
    assert visit.page.profile.self_service is SelfService.REMOVED
    view = visit.view
    assert isinstance(view, vw.ProfilePage)
    assert view.sections[0].text is not None
    assert "was removed" in in_english(view.sections[0].text)
    assert {button.intent for button in view.frame.buttons} == {Intent.CLOSE}

# SPDX-License-Identifier: Apache-2.0
"""The pages of somebody who knows her passcode: changing it, and what is known of her."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.cardholder_profile import Profile, SelfService, Smartcard
from kiosk.flow.drawing.frame import BACK, CLOSE, frame, go_on, register_steps, wait
from kiosk.flow.journeys import known_passcode as change
from kiosk.flow.text import Text, Verbatim, Words, plural, text

_EXPIRES_SOON = 90  # days: from then on a certificate can be renewed


# ---------------------------------------------------------------- the passcode


def _entering(state: st.State, page: pg.EnteringPasscode) -> vw.View:
    registering = page.why is pg.Why.REGISTER
    who = (page.profile, page.trust) if page.profile and page.trust else None
    return vw.EntryPage(
        frame(
            state,
            CLOSE,
            BACK,
            go_on(enabled=page.length > 0),
            steps=register_steps(page) if registering else (),
            who=who,
        ),
        heading=_PASSCODE_HEADINGS[page.why],
        entry=vw.Entry(change.FIELD, vw.EntryKind.PASSCODE, page.length, maximum=change.LONGEST),
        hint=_few_left(page.left) or _PASSCODE_HINTS[page.why],
        problem=_passcode_problem(page),
    )


_PASSCODE_HEADINGS = {
    pg.Why.LOG_IN: text("Enter your passcode"),
    pg.Why.CHANGE: text("Enter the passcode you have now"),
    pg.Why.REGISTER: text("Enter your passcode"),
    pg.Why.REMOVE: text("Enter your passcode to remove your registration"),
}
_PASSCODE_HINTS = {
    pg.Why.LOG_IN: text("The passcode of your smartcard."),
    pg.Why.CHANGE: text("You choose the new one next."),
    pg.Why.REGISTER: text("It proves your identity."),
    pg.Why.REMOVE: text("Afterwards only your registration authority can register you again."),
}


def _few_left(left: int | None) -> Text | None:
    if left is None:
        return None
    return plural(
        "{count} try is left: after it the card locks.",
        "{count} tries are left: after them the card locks.",
        left,
    )


def _passcode_problem(page: pg.EnteringPasscode) -> Text | None:
    if not page.refused or page.length:
        return None
    if page.left is None:
        return text("That is not the passcode of this smartcard.")
    return plural(
        "That is not the passcode of this smartcard. {count} try is left.",
        "That is not the passcode of this smartcard. {count} tries are left.",
        page.left,
    )


def _checking(state: st.State, page: pg.CheckingPasscode) -> vw.View:
    registering = page.asked.why is pg.Why.REGISTER
    steps = register_steps(page) if registering else ()
    return wait(state, text("Checking your passcode"), CLOSE, steps=steps)


def _now_locked(state: st.State, _: pg.NowLocked) -> vw.View:
    unlock = vw.Button(vw.Intent.FORGOTTEN, text("Unlock my smartcard"), vw.Role.PRIMARY)
    return vw.Notice(
        frame(state, CLOSE, unlock),
        vw.Tone.PROBLEM,
        text("Your smartcard has locked itself"),
        (
            text("The passcode was wrong too many times."),
            text("If you are registered, you can unlock it here with your security questions."),
        ),
        contacts=state.site.whom_to_call,
        reference=state.reference,
    )


def _changing(state: st.State, _: pg.ChangingPasscode) -> vw.View:
    return vw.Progress(
        frame(state),
        text("Changing your passcode"),
        (),
        text("Do not remove your smartcard."),
    )


# ---------------------------------------------------------------- logged in


def _choosing_trust(state: st.State, page: pg.ChoosingTrust) -> vw.View:
    return vw.ChoicePage(
        frame(state, CLOSE, go_on(enabled=page.chosen is not None)),
        text("Choose your organisation"),
        tuple(
            vw.Choice(Verbatim(trust.name), Verbatim(trust.role) if trust.role else None)
            for trust in page.profile.trusts
        ),
        page.chosen,
    )


def _profile(state: st.State, page: pg.ShowingProfile) -> vw.View:
    profile = page.profile
    registered = profile.self_service is SelfService.REGISTERED
    buttons = [CLOSE] if len(profile.trusts) == 1 else [CLOSE, BACK]
    if registered:
        buttons.append(vw.Button(vw.Intent.REMOVE, text("Remove my registration")))
        buttons.append(vw.Button(vw.Intent.REGISTER, text("Register again"), vw.Role.PRIMARY))
    elif profile.self_service is SelfService.NOT_REGISTERED:
        buttons.append(vw.Button(vw.Intent.REGISTER, text("Register"), vw.Role.PRIMARY))
    return vw.ProfilePage(
        frame(state, *buttons, who=(profile, page.trust)),
        Verbatim(profile.name),
        (
            _self_service(profile),
            *(_smartcard(card, profile) for card in profile.smartcards),
            *_positions(profile),
        ),
    )


def _self_service(profile: Profile) -> vw.Section:
    words = {
        SelfService.REGISTERED: text("You are registered to use the Self Service facility."),
        SelfService.NOT_REGISTERED: text(
            "You are not registered to use the Self Service facility."
        ),
        SelfService.LOCKED_OUT: text(
            "Self service is locked for this smartcard: your registration authority can release it."
        ),
        SelfService.REMOVED: text(
            "Your registration was removed. Only your registration authority can register you"
            " again."
        ),
    }
    return vw.Section(text("Self Service"), text=words[profile.self_service])


def _smartcard(card: Smartcard, profile: Profile) -> vw.Section:
    rows: list[tuple[Words, Words]] = [(text("Serial number"), Verbatim(card.serial))]
    if card.kind:
        rows.append((text("Kind"), Verbatim(card.kind)))
    if card.manufacturer:
        rows.append((text("Manufacturer"), Verbatim(card.manufacturer)))
    for label, day in (
        (text("Issued"), card.issued),
        (text("Expires"), card.expires),
        (text("Last modified"), card.modified),
    ):
        if day is not None:
            rows.append((label, _day(day)))
    if card.in_reader:
        rows.append((text("Certificate"), _certificate(profile)))
    heading = text("The smartcard in the reader") if card.in_reader else text("Smartcard")
    return vw.Section(heading, tuple(rows))


def _certificate(profile: Profile) -> Words:
    if profile.days_left < 0:
        return text("expired: see your registration authority")
    if profile.days_left == 0:
        return text("expires today")
    if profile.days_left <= _EXPIRES_SOON:
        return plural("expires in {count} day", "expires in {count} days", profile.days_left)
    return _day(profile.certificate_expires)


def _positions(profile: Profile) -> list[vw.Section]:
    return [
        vw.Section(
            text("Position"),
            tuple(
                (label, value)
                for label, value in (
                    (text("Name"), Verbatim(position.name)),
                    (text("Code"), Verbatim(position.code)),
                    (text("Organisation"), Verbatim(position.organisation)),
                    (text("Source"), Verbatim(position.source)),
                    (text("From"), _day(position.start)),
                    (text("To"), _day(position.end)),
                    (text("Last modified"), _day(position.modified)),
                )
                if value.content
            ),
        )
        for position in profile.positions
    ]


def _day(day: date | None) -> Verbatim:
    return Verbatim(day.strftime("%d/%m/%Y") if day is not None else "")


PAGES: dict[type, Callable[[st.State, Any], vw.View]] = {
    pg.EnteringPasscode: _entering,
    pg.CheckingPasscode: _checking,
    pg.NowLocked: _now_locked,
    pg.ChangingPasscode: _changing,
    pg.ChoosingTrust: _choosing_trust,
    pg.ShowingProfile: _profile,
}

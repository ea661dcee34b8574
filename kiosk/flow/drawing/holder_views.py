# SPDX-License-Identifier: Apache-2.0
"""The views of a user with a known passcode: its entry, the trusts, the profile."""

from __future__ import annotations

from datetime import date

from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.cardholder_profile import Profile, SelfService, Smartcard
from kiosk.flow.drawing.frame import BACK, CLOSE, frame, go_on, work
from kiosk.flow.drawing.register_steps import RegisterStep, register_steps
from kiosk.flow.entries import LONGEST_PASSCODE, PASSCODE
from kiosk.flow.state import State
from kiosk.flow.text import Text, Verbatim, Words, plural, text

_EXPIRES_SOON = 90  # days: from then on a certificate can be renewed


# ---------------------------------------------------------------- the passcode


def entering_passcode(state: State, page: pg.EnteringPasscode) -> vw.View:
    """Draw the entry of the passcode."""
    return vw.EntryPage(
        frame(
            state,
            CLOSE,
            BACK,
            go_on(enabled=page.length > 0),
            steps=_steps(page.why),
            who=page.who,
        ),
        heading=_PASSCODE_HEADINGS[page.why],
        entry=vw.Entry(PASSCODE, vw.EntryKind.PASSCODE, page.length, maximum=LONGEST_PASSCODE),
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


def checking_passcode(state: State, page: pg.CheckingPasscode) -> vw.View:
    """Draw the wait while the passcode is checked."""
    return work(state, text("Checking your passcode"), _steps(page.asked.why))


def _steps(why: pg.Why) -> tuple[vw.Step, ...]:
    return register_steps(RegisterStep.PASSCODE) if why is pg.Why.REGISTER else ()


# ---------------------------------------------------------------- logged in


def choosing_trust(state: State, page: pg.ChoosingTrust) -> vw.View:
    """Draw the list of the user's organisations."""
    return vw.ChoicePage(
        frame(state, CLOSE, go_on(enabled=page.chosen is not None)),
        text("Choose your organisation"),
        tuple(
            vw.Choice(Verbatim(trust.name), Verbatim(trust.role) if trust.role else None)
            for trust in page.profile.trusts
        ),
        page.chosen,
    )


def profile(state: State, page: pg.ShowingProfile) -> vw.View:
    """Draw the profile, with what can be done from it."""
    shown = page.profile
    registered = shown.self_service is SelfService.REGISTERED
    buttons = [CLOSE] if len(shown.trusts) == 1 else [CLOSE, BACK]
    if registered:
        buttons.append(vw.Button(vw.Intent.REMOVE, text("Remove my registration")))
        buttons.append(vw.Button(vw.Intent.REGISTER, text("Register again"), vw.Role.PRIMARY))
    elif shown.self_service is SelfService.NOT_REGISTERED:
        buttons.append(vw.Button(vw.Intent.REGISTER, text("Register"), vw.Role.PRIMARY))
    return vw.ProfilePage(
        frame(state, *buttons, who=page.who),
        Verbatim(shown.name),
        (
            _self_service(shown),
            *(_smartcard(card, shown) for card in shown.smartcards),
            *_positions(shown),
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

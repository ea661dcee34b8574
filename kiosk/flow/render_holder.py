"""The pages of somebody who knows her passcode: changing it, logging in, registering."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from kiosk.flow import change, register
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.events import Flaw
from kiosk.flow.frame import BACK, CLOSE, frame, go_on, register_steps, too_early, wait
from kiosk.flow.profile import Profile, SelfService, Smartcard
from kiosk.flow.questions import question
from kiosk.flow.text import Text, Verbatim, Words, plural, text

_LONGEST_ANSWER = 64
_LONGEST_EMAIL = 100
_ENDINGS = ("@nhs.net", ".nhs.uk", ".gov.uk", ".mod.uk")
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
        contacts=state.site.contacts,
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
    buttons = [CLOSE]
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


# ---------------------------------------------------------------- registering


def _instructions(state: st.State, page: pg.Instructions) -> vw.View:
    return vw.Notice(
        frame(state, CLOSE, BACK, go_on(enabled=True), who=(page.profile, page.trust)),
        vw.Tone.INFORMATION,
        text("Register for self service"),
        (
            text("Once registered, you can unlock your smartcard yourself at any kiosk."),
            text("You need your passcode, four answers that you will remember, and your e-mail."),
            text("The registration code that is e-mailed to you is valid for 15 minutes."),
        ),
    )


def _of(state: st.State, page: Any, *buttons: vw.Button) -> vw.Frame:
    draft: pg.Draft = page.draft
    return frame(state, *buttons, steps=register_steps(page), who=(draft.profile, draft.trust))


def _former(state: st.State, page: pg.AnsweringFormer) -> vw.View:
    number = len(page.draft.former)
    buttons = [CLOSE, BACK] if number else [CLOSE]
    if register.may_skip(page.draft):
        buttons.append(vw.Button(vw.Intent.SKIP, text("Skip")))
    problem = _former_problem(page) if page.refused and not page.length else None
    return vw.EntryPage(
        _of(state, page, *buttons, go_on(enabled=page.length > 0)),
        question(page.draft.former_questions[number]),
        vw.Entry(
            register.former_field(number),
            vw.EntryKind.ANSWER,
            page.length,
            _LONGEST_ANSWER,
            page.shown,
        ),
        progress=text("Question {number} of {total}", number=number + 1, total=register.QUESTIONS),
        hint=text("Your present answer: it is needed to change your answers."),
        problem=problem,
    )


def _former_problem(page: pg.AnsweringFormer) -> Text:
    if page.wait_seconds:
        return plural(
            "Those were not your present answers. Wait {count} second, then give them once more.",
            "Those were not your present answers. Wait {count} seconds, then give them once more.",
            page.wait_seconds,
        )
    return text("Those were not your present answers. Give them once more.")


def _choosing_question(state: st.State, page: pg.ChoosingQuestion) -> vw.View:
    draft = page.draft
    buttons = (CLOSE, BACK) if draft.answers else (CLOSE,)
    number = len(draft.questions) + 1
    return vw.ChoicePage(
        _of(state, page, *buttons),
        text("Choose question {number} of {total}", number=number, total=register.QUESTIONS),
        tuple(
            vw.Choice(question(words), enabled=place not in draft.questions)
            for place, (_, words) in enumerate(draft.offered)
        ),
        hint=text("They prove your identity if you lock your card: take those you will remember."),
    )


def _answering(state: st.State, page: pg.AnsweringQuestion) -> vw.View:
    number = len(page.draft.answers) - page.judging
    return vw.EntryPage(
        _of(state, page, CLOSE, BACK, go_on(enabled=page.length > 0 and not page.judging)),
        question(page.draft.offered[page.question][1]),
        vw.Entry(
            register.answer_field(page.question),
            vw.EntryKind.ANSWER,
            page.length,
            _LONGEST_ANSWER,
            page.shown,
        ),
        progress=text("Question {number} of {total}", number=number + 1, total=register.QUESTIONS),
        hint=text("Answers are stored securely and are not visible to anyone else."),
        problem=_FLAWS[page.flaw] if page.flaw is not None else None,
    )


_FLAWS = {
    Flaw.TOO_SHORT: text("That answer is too short. Give at least three letters or digits."),
    Flaw.COMMON: text("Too many people would give that answer. Choose another one."),
    Flaw.IN_QUESTION: text("That answer is part of the question. Choose another one."),
    Flaw.REPEATED: text("You have given that answer before. Choose another one."),
}


def _email(state: st.State, page: pg.EnteringEmail) -> vw.View:
    return vw.EntryPage(
        _of(state, page, CLOSE, BACK, go_on(enabled=page.length > 0)),
        text("Your e-mail address"),
        vw.Entry(
            register.EMAIL_FIELD,
            vw.EntryKind.EMAIL,
            page.length,
            _LONGEST_EMAIL,
            shown=True,
            endings=_ENDINGS,
            prefilled=page.draft.email,
        ),
        hint=text("The registration code goes there."),
        problem=_UNSENT[page.unsent] if page.unsent is not None else None,
    )


_MISSED = text("The central service cannot be reached. What you gave is kept: try again.")
_UNSENT = {
    pg.Unsent.REFUSED: text("It must be an NHS address, such as one that ends in @nhs.net."),
    pg.Unsent.MAIL: text("The code could not be e-mailed there. Check the address and try again."),
    pg.Unsent.CENTRAL: _MISSED,
}


def _sending(state: st.State, page: pg.SendingCode) -> vw.View:
    draft = page.draft
    return wait(
        state,
        text("Sending your registration code"),
        CLOSE,
        steps=register_steps(page),
        who=(draft.profile, draft.trust),
    )


def _code(state: st.State, page: pg.EnteringCode) -> vw.View:
    ready = page.length == register.CODE_DIGITS
    confirm = vw.Button(vw.Intent.CONFIRM, text("Confirm"), vw.Role.PRIMARY, ready)
    problem = None
    if page.wait_seconds:
        problem = too_early(page.wait_seconds)
    elif page.draft.missed and page.length:
        problem = _MISSED
    elif page.refused and not page.length:
        problem = text("That was not the code. Look at the newest e-mail and try again.")
    elif page.anew and not page.length:
        problem = text(
            "That code is no longer valid. A new one was sent to {address}.",
            address=page.draft.email,
        )
    return vw.EntryPage(
        _of(state, page, CLOSE, BACK, confirm),
        text("Enter your registration code"),
        vw.Entry(
            register.CODE_FIELD,
            vw.EntryKind.CODE,
            page.length,
            maximum=register.CODE_DIGITS,
            shown=True,
        ),
        hint=text(
            "It was sent to {address} and is valid for 15 minutes. Back corrects a wrong address.",
            address=page.draft.email,
        ),
        problem=problem,
    )


def _confirming(state: st.State, page: pg.ConfirmingRegistration) -> vw.View:
    draft = page.draft
    return wait(
        state,
        text("Registering your smartcard"),
        CLOSE,
        steps=register_steps(page),
        who=(draft.profile, draft.trust),
    )


def _registered(state: st.State, page: pg.Registered) -> vw.View:
    return vw.Notice(
        frame(state, CLOSE, who=(page.profile, page.trust)),
        vw.Tone.SUCCESS,
        text("You are registered for self service"),
        (
            text("If your smartcard locks, put it into any kiosk and answer your questions."),
            text("Take your smartcard out of the reader."),
        ),
        picture=vw.Picture.REMOVE_CARD,
    )


PAGES: dict[type, Callable[[st.State, Any], vw.View]] = {
    pg.EnteringPasscode: _entering,
    pg.CheckingPasscode: _checking,
    pg.NowLocked: _now_locked,
    pg.ChangingPasscode: _changing,
    pg.ChoosingTrust: _choosing_trust,
    pg.ShowingProfile: _profile,
    pg.Instructions: _instructions,
    pg.AnsweringFormer: _former,
    pg.ChoosingQuestion: _choosing_question,
    pg.AnsweringQuestion: _answering,
    pg.EnteringEmail: _email,
    pg.SendingCode: _sending,
    pg.EnteringCode: _code,
    pg.ConfirmingRegistration: _confirming,
    pg.Registered: _registered,
}

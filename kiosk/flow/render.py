# SPDX-License-Identifier: Apache-2.0
"""What is on the screen in a state: `render(state) -> View`, by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.drawing import help_texts
from kiosk.flow.drawing import holder_views as render_holder
from kiosk.flow.drawing import register_views as render_register
from kiosk.flow.drawing.frame import (
    BACK,
    CLOSE,
    LONG_SECONDS,
    NONE_LEFT,
    frame,
    go_on,
    in_minutes,
    too_early,
    wait,
)
from kiosk.flow.drawing.question_texts import question
from kiosk.flow.events import UnlockStep
from kiosk.flow.journeys import emailed_code as code
from kiosk.flow.journeys import technician_visit as technician
from kiosk.flow.journeys.unlock import FIRST_FIELD, SECOND_FIELD
from kiosk.flow.overlays import access_menu as menu
from kiosk.flow.overlays import closing_question as closing
from kiosk.flow.overlays import dark_screen as resting
from kiosk.flow.text import Text, plural, text
from kiosk.values import PasscodeRules, ReaderTrouble, Rule

_LONGEST_ANSWER = 64


def render(state: st.State) -> vw.View:
    """The view of `state`: complete, and without anything secret."""
    if state.resting is not None:
        closed = _closed(state)
        return resting.render(state, state.resting, None if closed is None else closed[0])
    if asked := closing.ASKED.get(state.menu):
        return asked(state)
    if state.menu is not None:
        return menu.render(state)
    return _PAGES[type(state.page)](state, state.page)


# ---------------------------------------------------------------- pages


def _waiting(state: st.State, _: pg.Waiting) -> vw.View:
    closed = _closed(state)
    if state.card_present:
        instruction, *troubles = closed or (_START_AGAIN, *_troubles(state))
        return vw.Welcome(
            frame(state),
            heading=text("Please take your smartcard"),
            instruction=instruction,
            picture=vw.Picture.REMOVE_CARD,
            troubles=tuple(troubles),
        )
    if closed is not None:
        heading, *paragraphs = closed
        return vw.Notice(
            frame(state),
            vw.Tone.PROBLEM,
            heading,
            tuple(paragraphs),
            contacts=state.site.whom_to_call,
        )
    return vw.Welcome(
        frame(state, vw.Button(vw.Intent.HELP, text("Help"))),
        heading=text("Insert your smartcard"),
        instruction=text(
            "Unlock your smartcard here and choose a new passcode. It takes about a minute."
        ),
        troubles=_troubles(state),
    )


def _closed(state: st.State) -> tuple[Text, ...] | None:
    """What is said where nobody can use this kiosk just now; None where somebody can."""
    if state.opened:
        return _OUT_OF_SERVICE, text("Its case was opened. Please use another kiosk.")
    if not state.admitted:
        return _OUT_OF_SERVICE, _ANOTHER
    if state.reader is not None:
        return text("This kiosk cannot be used just now"), _READER_TROUBLES[state.reader], _ANOTHER
    return None


def _troubles(state: st.State) -> tuple[Text, ...]:
    troubles = []
    if not state.central_reachable:
        troubles.append(_WITHOUT_CENTRAL if state.lent else _NOTHING_LENT)
    if state.power_low:
        troubles.append(text("This kiosk's power supply is too weak. Please tell IT."))
    if state.lights_missing:
        troubles.append(text("The lights of this kiosk do not work. It works without them."))
    return tuple(troubles)


_START_AGAIN = text("To start again, put it back in.")
_WITHOUT_CENTRAL = text(
    "The central service cannot be reached. Many smartcards can still be unlocked here, and"
    " passcodes changed. Registering has to wait."
)
_NOTHING_LENT = text(
    "The central service cannot be reached. Smartcards cannot be unlocked just now; a passcode that"
    " you know can be changed."
)
_OUT_OF_SERVICE = text("This kiosk is out of service")
_ANOTHER = text("Please use another kiosk.")
_READER_TROUBLES = {
    ReaderTrouble.NO_READER: text("There is no card reader."),
    ReaderTrouble.NO_SERVICE: text("The card reader is not available."),
    ReaderTrouble.NO_ACCESS: text("This kiosk may not use its card reader."),
    ReaderTrouble.HELD: text("The card reader does not answer."),
}


def _reading(state: st.State, _: pg.ReadingCard) -> vw.View:
    return wait(state, text("Reading your smartcard"), CLOSE)


def _opening(state: st.State, _: pg.OpeningUnlock) -> vw.View:
    return wait(state, text("Looking up your registration"), CLOSE)


def _checking(state: st.State, _: pg.CheckingAnswers) -> vw.View:
    return wait(state, text("Checking your answers"), CLOSE)


def _card_works(state: st.State, _: pg.CardWorks) -> vw.View:
    not_here = text("Not with this kind of smartcard.")
    return vw.ChoicePage(
        frame(state, CLOSE),
        text("Your smartcard is not locked"),
        (
            vw.Choice(
                text("My smartcard and registration"),
                text("Register for self service, or look at your details.")
                if state.may_log_in
                else not_here,
                enabled=state.may_log_in,
            ),
            vw.Choice(text("Change my passcode"), text("You know the passcode you have now.")),
            vw.Choice(
                text("I've forgotten my passcode"),
                text("Set a new one with your security questions."),
            ),
        ),
    )


def _question(state: st.State, page: pg.AskingQuestion) -> vw.View:
    buttons = [CLOSE, BACK] if page.index > 0 or page.forgotten else [CLOSE]
    if page.may_skip:
        buttons.append(vw.Button(vw.Intent.SKIP, text("Skip"), vw.Role.SECONDARY))
    buttons.append(go_on(enabled=page.length > 0))
    return vw.EntryPage(
        frame(state, *buttons),
        heading=question(page.questions[page.index]),
        entry=vw.Entry(
            page.field,
            vw.EntryKind.ANSWER,
            page.length,
            maximum=_LONGEST_ANSWER,
            shown=page.shown,
        ),
        progress=text(
            "Question {number} of {total}", number=page.index + 1, total=len(page.questions)
        ),
        hint=_OFFLINE_HINT if page.offline else text("One answer may be left blank."),
        problem=_answers_problem(page),
    )


_OFFLINE_HINT = text(
    "This kiosk works without the central service just now. One answer may be left blank."
)


def _code(state: st.State, page: pg.AskingCode) -> vw.View:
    another = vw.Button(vw.Intent.ANOTHER_CODE, text("Send a new code"), enabled=not page.spent)
    return vw.EntryPage(
        frame(state, CLOSE, another, go_on(enabled=page.length == code.DIGITS)),
        heading=text("Enter the code from your e-mail"),
        entry=vw.Entry(code.FIELD, vw.EntryKind.CODE, page.length, maximum=code.DIGITS, shown=True),
        hint=text("It was sent to {address} and is valid for 15 minutes.", address=page.address),
        problem=_code_problem(page),
    )


def _code_problem(page: pg.AskingCode) -> Text | None:
    if page.refused and not page.length:
        return text("That was not the code. Look at the newest e-mail and try again.")
    if page.spent and not page.length:
        return NONE_LEFT
    if page.anew and not page.length:
        return text(
            "That code is no longer valid. A new one was sent to {address}.", address=page.address
        )
    return None


def _answers_problem(page: pg.AskingQuestion) -> Text | None:
    if page.wait_seconds and not page.refused:
        return too_early(page.wait_seconds)
    if page.wait_seconds >= LONG_SECONDS:
        return plural(
            "Too few answers were right. Wait {count} minute, then try again.",
            "Too few answers were right. Wait {count} minutes, then try again.",
            in_minutes(page.wait_seconds),
        )
    if page.wait_seconds:
        return plural(
            "Too few answers were right. Wait {count} second, then try again.",
            "Too few answers were right. Wait {count} seconds, then try again.",
            page.wait_seconds,
        )
    if page.refused:
        return text("Too few answers were right. Check each of them and try again.")
    return None


def _choosing(state: st.State, page: pg.ChoosingPasscode) -> vw.View:
    back = () if page.old is None else (BACK,)  # answers that were right are not asked for again
    problem = None
    if page.differed and not page.length:
        problem = text("The two passcodes were not the same. Choose it again.")
    if page.same_as_old and not page.length:
        problem = text("That is the passcode you have now. Choose another one.")
    return vw.EntryPage(
        frame(state, CLOSE, *back, go_on(enabled=page.met >= frozenset(Rule))),
        heading=text("Choose a new passcode"),
        entry=_passcode_entry(FIRST_FIELD, page.length, state.rules),
        progress=text("Step {number} of {total}", number=1, total=2),
        hint=text("Choose one that is not easy to guess."),
        problem=problem,
        rule_lines=_rule_lines(state.rules, page.met),
    )


def _repeating(state: st.State, page: pg.RepeatingPasscode) -> vw.View:
    return vw.EntryPage(
        frame(state, CLOSE, BACK, go_on(enabled=page.met >= frozenset(Rule))),
        heading=text("Enter your new passcode again"),
        entry=_passcode_entry(SECOND_FIELD, page.length, state.rules),
        progress=text("Step {number} of {total}", number=2, total=2),
        hint=text("This makes sure that it is the one you meant."),
        rule_lines=_rule_lines(state.rules, page.met),
    )


def _passcode_entry(field: str, length: int, rules: PasscodeRules) -> vw.Entry:
    return vw.Entry(field, vw.EntryKind.PASSCODE, length, maximum=rules.maximum, rules=rules)


def _rule_lines(rules: PasscodeRules, met: frozenset[Rule]) -> tuple[vw.RuleLine, ...]:
    return (
        vw.RuleLine(
            plural("At least {count} digit", "At least {count} digits", rules.minimum),
            Rule.LONG_ENOUGH in met,
        ),
        vw.RuleLine(
            plural("No more than {count} digit", "No more than {count} digits", rules.maximum),
            Rule.SHORT_ENOUGH in met,
        ),
    )


_STEPS = {
    UnlockStep.PERMISSION: text("Getting permission"),
    UnlockStep.UNLOCK: text("Unlocking your smartcard"),
    UnlockStep.CHECK: text("Checking your new passcode"),
    UnlockStep.RENEW: text("Renewing its protection"),
}


def _unlocking(state: st.State, page: pg.Unlocking) -> vw.View:
    order = list(UnlockStep)
    now = order.index(page.step)
    states = [
        vw.StepState.DONE
        if place < now
        else vw.StepState.DOING
        if place == now
        else vw.StepState.WAITING
        for place in range(len(order))
    ]
    return vw.Progress(
        frame(state),
        text("Unlocking"),
        tuple(vw.Step(_STEPS[each], how) for each, how in zip(order, states, strict=True)),
        text("Do not remove your smartcard."),
    )


def _finished(state: st.State, page: pg.Finished) -> vw.View:
    heading = text("Your passcode was changed") if page.changed else _UNLOCKED
    return vw.Notice(
        frame(state),
        vw.Tone.SUCCESS,
        heading,
        (
            text("It works with your new passcode from now on."),
            text("Take your smartcard out of the reader."),
        ),
        picture=vw.Picture.REMOVE_CARD,
    )


_UNLOCKED = text("Your smartcard is unlocked")


def _helping(state: st.State, page: pg.Helping) -> vw.View:
    explained = help_texts.explain(page)
    return vw.Notice(
        frame(state, CLOSE),
        vw.Tone.INFORMATION if page.trouble is pg.Trouble.ASKED else vw.Tone.PROBLEM,
        explained.heading,
        explained.paragraphs,
        contacts=state.site.whom_to_call,
        reference=state.reference,
        picture=_PICTURES.get(page.trouble, vw.Picture.NONE),
    )


_PICTURES = {
    pg.Trouble.ASKED: vw.Picture.CHIP_FIRST,
    pg.Trouble.CARD_UNREADABLE: vw.Picture.CHIP_FIRST,
    pg.Trouble.CARD_MUTE: vw.Picture.CHIP_FIRST,
    pg.Trouble.CARD_PULLED: vw.Picture.LEAVE_CARD,
    pg.Trouble.CARD_PULLED_REGISTERING: vw.Picture.LEAVE_CARD,
    pg.Trouble.CARD_PULLED_AT_WORK: vw.Picture.LEAVE_CARD,
    pg.Trouble.CARD_NOT_KNOWN: vw.Picture.OTHER_CARD,
    pg.Trouble.CARD_SWAPPED: vw.Picture.OTHER_CARD,
}

_PAGES: dict[type, Callable[[st.State, Any], vw.View]] = {
    pg.Waiting: _waiting,
    pg.ReadingCard: _reading,
    pg.CardWorks: _card_works,
    pg.OpeningUnlock: _opening,
    pg.AskingQuestion: _question,
    pg.CheckingAnswers: _checking,
    pg.AskingCode: _code,
    pg.ChoosingPasscode: _choosing,
    pg.RepeatingPasscode: _repeating,
    pg.Unlocking: _unlocking,
    pg.Finished: _finished,
    pg.Helping: _helping,
    **render_holder.PAGES,
    **render_register.PAGES,
    **technician.PAGES,
}

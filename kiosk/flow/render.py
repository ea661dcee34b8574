"""What is on the screen in a state: `render(state) -> View`, by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.flow import code, help_texts
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.events import UnlockStep
from kiosk.flow.text import Text, Verbatim, plural, text
from kiosk.flow.unlock import FIRST_FIELD, SECOND_FIELD, answer_field
from kiosk.values import PasscodeRules, ReaderTrouble, Rule

_LONGEST_ANSWER = 64


def render(state: st.State) -> vw.View:
    """The view of `state`: complete, and without anything secret."""
    return _PAGES[type(state.page)](state, state.page)


# ---------------------------------------------------------------- pages


def _waiting(state: st.State, _: st.Waiting) -> vw.View:
    if state.card_present:
        return vw.Welcome(
            _frame(state),
            heading=text("Please take your smartcard"),
            instruction=text("To start again, put it back in."),
            picture=vw.Picture.REMOVE_CARD,
            troubles=_troubles(state),
        )
    return vw.Welcome(
        _frame(state),
        heading=text("Insert your smartcard"),
        instruction=text(
            "Unlock your smartcard here and choose a new passcode. It takes about a minute."
        ),
        troubles=_troubles(state),
    )


def _troubles(state: st.State) -> tuple[Text, ...]:
    troubles = []
    if state.reader is not None:
        troubles.append(_READER_TROUBLES[state.reader])
    if not state.central_reachable:
        troubles.append(
            text("The central service cannot be reached. Smartcards cannot be unlocked just now.")
        )
    return tuple(troubles)


_READER_TROUBLES = {
    ReaderTrouble.NO_READER: text("There is no card reader. This kiosk cannot be used just now."),
    ReaderTrouble.NO_SERVICE: text(
        "The card reader is not available. This kiosk cannot be used just now."
    ),
    ReaderTrouble.NO_ACCESS: text(
        "This kiosk may not use its card reader. It cannot be used just now."
    ),
}


def _reading(state: st.State, _: st.ReadingCard) -> vw.View:
    return _wait(state, text("Reading your smartcard"), text("Leave your smartcard in the reader."))


def _opening(state: st.State, _: st.OpeningUnlock) -> vw.View:
    return _wait(
        state, text("Looking up your registration"), text("Leave your smartcard in the reader.")
    )


def _checking(state: st.State, _: st.CheckingAnswers) -> vw.View:
    return _wait(state, text("Checking your answers"), text("Leave your smartcard in the reader."))


def _wait(state: st.State, heading: Text, instruction: Text) -> vw.View:
    return vw.Progress(_frame(state, _CLOSE), heading, (), instruction)


def _card_works(state: st.State, _: st.CardWorks) -> vw.View:
    forgotten = vw.Button(vw.Intent.FORGOTTEN, text("I've forgotten my passcode"), vw.Role.PRIMARY)
    return vw.Notice(
        _frame(state, _CLOSE, forgotten),
        vw.Tone.INFORMATION,
        text("Your smartcard is not locked"),
        (
            text("If you know your passcode, take your smartcard and use it as usual."),
            text("If you have forgotten it, you can set a new one with your security questions."),
        ),
    )


def _question(state: st.State, page: st.AskingQuestion) -> vw.View:
    buttons = [_CLOSE, _BACK] if page.index > 0 else [_CLOSE]
    if page.may_skip:
        buttons.append(vw.Button(vw.Intent.SKIP, text("Leave blank"), vw.Role.SECONDARY))
    buttons.append(_continue(enabled=page.length > 0))
    return vw.EntryPage(
        _frame(state, *buttons),
        heading=Verbatim(page.questions[page.index]),
        entry=vw.Entry(
            answer_field(page.index),
            vw.EntryKind.ANSWER,
            page.length,
            maximum=_LONGEST_ANSWER,
            shown=page.shown,
        ),
        progress=text(
            "Question {number} of {total}", number=page.index + 1, total=len(page.questions)
        ),
        hint=text("One answer may be left blank."),
        problem=_answers_problem(page),
    )


def _code(state: st.State, page: st.AskingCode) -> vw.View:
    another = vw.Button(vw.Intent.ANOTHER_CODE, text("Send a new code"))
    return vw.EntryPage(
        _frame(state, _CLOSE, another, _continue(enabled=page.length == code.DIGITS)),
        heading=text("Enter the code from your e-mail"),
        entry=vw.Entry(code.FIELD, vw.EntryKind.CODE, page.length, maximum=code.DIGITS, shown=True),
        hint=text("It was sent to {address} and is valid for 15 minutes.", address=page.address),
        problem=_code_problem(page),
    )


def _code_problem(page: st.AskingCode) -> Text | None:
    if page.refused and not page.length:
        return text("That was not the code. Look at the newest e-mail and try again.")
    if page.anew and not page.length:
        return text(
            "That code is no longer valid. A new one was sent to {address}.", address=page.address
        )
    return None


def _answers_problem(page: st.AskingQuestion) -> Text | None:
    if page.wait_seconds and not page.refused:
        return plural(
            "Too early. Wait {count} second, then try again.",
            "Too early. Wait {count} seconds, then try again.",
            page.wait_seconds,
        )
    if page.wait_seconds:
        return plural(
            "That was not enough right answers. Wait {count} second, then try again.",
            "That was not enough right answers. Wait {count} seconds, then try again.",
            page.wait_seconds,
        )
    if page.refused:
        return text("That was not enough right answers. Check each of them and try again.")
    return None


def _choosing(state: st.State, page: st.ChoosingPasscode) -> vw.View:
    problem = text("The two passcodes were not the same. Choose it again.")
    return vw.EntryPage(
        _frame(state, _CLOSE, _continue(enabled=page.met >= frozenset(Rule))),
        heading=text("Choose a new passcode"),
        entry=_passcode_entry(FIRST_FIELD, page.length, state.rules),
        progress=text("Step {number} of {total}", number=1, total=2),
        hint=text("Choose one that is not easy to guess."),
        problem=problem if page.differed and not page.length else None,
        rule_lines=_rule_lines(state.rules, page.met),
    )


def _repeating(state: st.State, page: st.RepeatingPasscode) -> vw.View:
    return vw.EntryPage(
        _frame(state, _CLOSE, _BACK, _continue(enabled=page.met >= frozenset(Rule))),
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
            text("At least {number} digits", number=rules.minimum), Rule.LONG_ENOUGH in met
        ),
        vw.RuleLine(
            text("No more than {number} digits", number=rules.maximum), Rule.SHORT_ENOUGH in met
        ),
    )


_STEPS = {
    UnlockStep.PERMISSION: text("Getting permission"),
    UnlockStep.UNLOCK: text("Unlocking your smartcard"),
    UnlockStep.CHECK: text("Checking your new passcode"),
    UnlockStep.RENEW: text("Renewing its protection"),
}


def _unlocking(state: st.State, page: st.Unlocking) -> vw.View:
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
        _frame(state),
        text("Unlocking"),
        tuple(vw.Step(_STEPS[each], how) for each, how in zip(order, states, strict=True)),
        text("Do not remove your smartcard."),
    )


def _finished(state: st.State, _: st.Finished) -> vw.View:
    return vw.Notice(
        _frame(state),
        vw.Tone.SUCCESS,
        text("Your smartcard is unlocked"),
        (
            text("It works with your new passcode from now on."),
            text("Take your smartcard out of the reader."),
        ),
        picture=vw.Picture.REMOVE_CARD,
    )


def _helping(state: st.State, page: st.Helping) -> vw.View:
    explained = help_texts.explain(page)
    return vw.Notice(
        _frame(state, _CLOSE),
        vw.Tone.PROBLEM,
        explained.heading,
        explained.paragraphs,
        contacts=state.site.contacts,
        reference=state.reference,
    )


# ---------------------------------------------------------------- what every page has

_CLOSE = vw.Button(vw.Intent.CLOSE, text("Close"))
_BACK = vw.Button(vw.Intent.BACK, text("Back"))


def _continue(*, enabled: bool) -> vw.Button:
    return vw.Button(vw.Intent.CONTINUE, text("Continue"), vw.Role.PRIMARY, enabled)


def _frame(state: st.State, *buttons: vw.Button) -> vw.Frame:
    banner = text("Simulated card reader: for demonstration only") if state.simulated else None
    return vw.Frame(text("Smartcard self service"), buttons, banner, _countdown(state))


def _countdown(state: st.State) -> vw.Countdown | None:
    if state.countdown is None:
        return None
    return vw.Countdown(
        state.countdown,
        plural(
            "This screen closes in {count} second",
            "This screen closes in {count} seconds",
            state.countdown,
        ),
        vw.Button(vw.Intent.MORE_TIME, text("I need more time"), vw.Role.PRIMARY),
    )


_PAGES: dict[type, Callable[[st.State, Any], vw.View]] = {
    st.Waiting: _waiting,
    st.ReadingCard: _reading,
    st.CardWorks: _card_works,
    st.OpeningUnlock: _opening,
    st.AskingQuestion: _question,
    st.CheckingAnswers: _checking,
    st.AskingCode: _code,
    st.ChoosingPasscode: _choosing,
    st.RepeatingPasscode: _repeating,
    st.Unlocking: _unlocking,
    st.Finished: _finished,
    st.Helping: _helping,
}

# SPDX-License-Identifier: Apache-2.0
"""The views of the unlock: questions, emailed code, and the card's work."""

from __future__ import annotations

from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import (
    BACK,
    CLOSE,
    LONG_SECONDS,
    NONE_LEFT,
    frame,
    go_on,
    in_minutes,
    too_early,
    work,
)
from kiosk.flow.entries import CODE, CODE_DIGITS, LONGEST_ANSWER
from kiosk.flow.events import UnlockStep
from kiosk.flow.state import State
from kiosk.flow.text import Text, plural, text


def opening(state: State, _: pg.OpeningUnlock) -> vw.View:
    """Draw the wait for the questions."""
    return work(state, text("Looking up your registration"))


def checking(state: State, _: pg.CheckingAnswers) -> vw.View:
    """Draw the wait while the answers are checked."""
    return work(state, text("Checking your answers"))


def question(state: State, page: pg.AskingQuestion) -> vw.View:
    """Draw one question of an unlock."""
    buttons = [CLOSE, BACK] if page.index > 0 or page.forgotten else [CLOSE]
    if page.may_skip:
        buttons.append(vw.Button(vw.Intent.SKIP, text("Skip"), vw.Role.SECONDARY))
    buttons.append(go_on(enabled=page.length > 0))
    return vw.EntryPage(
        frame(state, *buttons),
        heading=page.questions[page.index],
        entry=vw.Entry(
            page.field,
            vw.EntryKind.ANSWER,
            page.length,
            maximum=LONGEST_ANSWER,
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


def code(state: State, page: pg.AskingCode) -> vw.View:
    """Draw the entry of the emailed code."""
    another = vw.Button(vw.Intent.ANOTHER_CODE, text("Send a new code"), enabled=not page.spent)
    return vw.EntryPage(
        frame(state, CLOSE, another, go_on(enabled=page.length == CODE_DIGITS)),
        heading=text("Enter the code from your email"),
        entry=vw.Entry(CODE, vw.EntryKind.CODE, page.length, maximum=CODE_DIGITS, shown=True),
        hint=_code_hint(page),
        problem=_code_problem(page),
    )


def _code_hint(page: pg.AskingCode) -> Text:
    if page.late:
        return text("The email may take a few minutes. It goes to {address}.", address=page.address)
    return text("It was sent to {address} and is valid for 15 minutes.", address=page.address)


def _code_problem(page: pg.AskingCode) -> Text | None:
    if page.refused and not page.length:
        return text("That was not the code. Look at the newest email and try again.")
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


_STEPS = {
    UnlockStep.PERMISSION: text("Getting permission"),
    UnlockStep.UNLOCK: text("Unlocking your smartcard"),
    UnlockStep.CHECK: text("Checking your new passcode"),
    UnlockStep.RENEW: text("Renewing its protection"),
}


def unlocking(state: State, page: pg.Unlocking) -> vw.View:
    """Draw the steps of the card's work."""
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


def now_locked(state: State, _: pg.NowLocked) -> vw.View:
    """Draw that the card has locked itself, with the unlock."""
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

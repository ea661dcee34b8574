# SPDX-License-Identifier: Apache-2.0
"""The views of the new passcode, of its change, and of the success."""

from __future__ import annotations

from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import BACK, CLOSE, frame, go_on
from kiosk.flow.entries import NEW_PASSCODE, NEW_PASSCODE_AGAIN
from kiosk.flow.state import State
from kiosk.flow.text import plural, text
from kiosk.values import PasscodeRules, Rule


def choosing(state: State, page: pg.ChoosingPasscode) -> vw.View:
    """Draw the first entry of the new passcode, with its rules."""
    back = () if page.old is None else (BACK,)  # answers that were right are not asked for again
    problem = None
    if page.differed and not page.length:
        problem = text("The two passcodes were not the same. Choose it again.")
    if page.same_as_old and not page.length:
        problem = text("That is the passcode you have now. Choose another one.")
    return vw.EntryPage(
        frame(state, CLOSE, *back, go_on(enabled=page.met >= frozenset(Rule))),
        heading=text("Choose a new passcode"),
        entry=_passcode_entry(NEW_PASSCODE, page.length, state.rules),
        progress=text("Step {number} of {total}", number=1, total=2),
        hint=text("Choose one that is not easy to guess."),
        problem=problem,
        rule_lines=_rule_lines(state.rules, page.met),
    )


def repeating(state: State, page: pg.RepeatingPasscode) -> vw.View:
    """Draw the second entry of the new passcode."""
    return vw.EntryPage(
        frame(state, CLOSE, BACK, go_on(enabled=page.met >= frozenset(Rule))),
        heading=text("Enter your new passcode again"),
        entry=_passcode_entry(NEW_PASSCODE_AGAIN, page.length, state.rules),
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


def changing(state: State, _: pg.ChangingPasscode) -> vw.View:
    """Draw the wait while the card changes its passcode."""
    return vw.Progress(
        frame(state),
        text("Changing your passcode"),
        (),
        text("Do not remove your smartcard."),
    )


def finished(state: State, page: pg.Finished) -> vw.View:
    """Draw the success, and that the card is to be taken."""
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

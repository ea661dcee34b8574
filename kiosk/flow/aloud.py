"""What is read aloud of a view: what somebody would read to a friend. Pure, and never a secret.

A View has no secrets. What is being typed is not read out either; an address that is known is.
"""

from __future__ import annotations

from kiosk.flow import view as vw
from kiosk.flow.text import Verbatim, Words, text

_NEARLY_UP = text("The time is nearly up.")


def aloud(view: vw.View) -> tuple[Words, ...]:
    """The words of `view` in the order in which one reads them."""
    if view.frame.countdown is not None:
        # Not the seconds: they would be said anew with each.
        return _NEARLY_UP, view.frame.countdown.button.label
    doing = [step.label for step in view.frame.steps if step.state is vw.StepState.DOING]
    buttons = [button.label for button in view.frame.buttons if button.enabled]
    return (*doing, *_body(view), *buttons)


def _body(view: vw.View) -> tuple[Words, ...]:
    match view:
        case vw.Welcome():
            return view.heading, view.instruction, *view.troubles
        case vw.EntryPage():
            return _entry(view)
        case vw.ChoicePage() | vw.Resting():
            choices = view.choices if isinstance(view, vw.ChoicePage) else ()
            offered = [one.label for one in choices if one.enabled]
            return *_given(view.heading, view.hint), *offered
        case vw.ProfilePage():
            return view.heading, *(line for section in view.sections for line in _section(section))
        case vw.Progress():
            doing = [step.label for step in view.steps if step.state is vw.StepState.DOING]
            return view.heading, *doing, *_given(view.instruction)
        case vw.Notice():
            return view.heading, *view.paragraphs, *_whom_to_call(view)


def _entry(view: vw.EntryPage) -> tuple[Words, ...]:
    rules = [line.text for line in view.rule_lines if not line.met]
    said = view.problem if view.problem is not None else view.hint
    known = view.entry.prefilled
    there = text("Filled in already: {address}", address=known) if known else None
    return _given(view.progress, view.heading, said, there, *rules)


def _whom_to_call(view: vw.Notice) -> tuple[Words, ...]:
    said = [words for one in view.contacts for words in (one.name, one.detail)]
    if view.reference:
        # Sign by sign, because it is to be told to somebody on the telephone.
        said += [text("Your reference"), Verbatim(" ".join(view.reference))]
    return tuple(said)


def _section(section: vw.Section) -> tuple[Words, ...]:
    return _given(section.heading, section.text, *(each for row in section.rows for each in row))


def _given(*words: Words | None) -> tuple[Words, ...]:
    return tuple(each for each in words if each is not None)

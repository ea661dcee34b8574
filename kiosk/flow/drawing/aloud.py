# SPDX-License-Identifier: Apache-2.0
"""The lines of a view that are read aloud.

A View has no secrets. Nothing that is being typed is read aloud, except an email address.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.flow import view as vw
from kiosk.flow.text import Verbatim, Words, text

Line = tuple[Words, ...]

_NEARLY_UP = text("The time is nearly up.")


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines that are read aloud of a view.

    `place` identifies the page: while it stays the same, only new `lines` are read. `around` stays
    from page to page, and is read when it is new. `besides` changes by itself or with each key, and
    is read with a whole page only.
    """

    place: Line
    lines: tuple[Line, ...]
    around: tuple[Line, ...] = ()
    besides: tuple[Line, ...] = ()

    def is_of(self, before: Reading | None) -> bool:
        """Return whether this is the same page as `before`."""
        return before is not None and before.place == self.place

    def after(self, before: Reading | None) -> tuple[Line, ...]:
        """Return the lines to read to a user who has heard `before`."""
        around = [line for line in self.around if before is None or line not in before.around]
        if before is None or not self.is_of(before):
            return (*around, *self.lines, *self.besides)
        return (*around, *(line for line in self.lines if line not in before.lines))


def aloud(view: vw.View, address: str = "") -> Reading:
    """Return the lines of `view` in reading order, without the countdown.

    `address` is the content of an email entry, which is not a secret.
    """
    frame = view.frame
    doing = [step.label for step in frame.steps if step.state is vw.StepState.DOING]
    around = (*_line(frame.banner), *_line(*frame.corner), *_line(*doing))
    buttons = [(button.label,) for button in frame.buttons if button.enabled]
    place = (view.heading, *_given(getattr(view, "progress", None)))
    there = text("Filled in: {address}", address=address) if address else None
    return Reading(place, (*_body(view), *buttons), around, _lines(there, frame.remaining))


def warning(countdown: vw.Countdown) -> tuple[Line, ...]:
    """Return what is read once when the time is nearly up, without the changing seconds."""
    return _lines(_NEARLY_UP, countdown.button.label)


def _body(view: vw.View) -> tuple[Line, ...]:
    match view:
        case vw.Welcome():
            return _lines(view.heading, view.instruction, *view.troubles)
        case vw.EntryPage():
            return _entry(view)
        case vw.ChoicePage() | vw.Resting():
            choices = view.choices if isinstance(view, vw.ChoicePage) else ()
            chosen = view.chosen if isinstance(view, vw.ChoicePage) else None
            offered = [
                _choice(one, number == chosen) for number, one in enumerate(choices) if one.enabled
            ]
            return *_lines(view.heading, view.hint), *offered
        case vw.ProfilePage():
            sections = [line for section in view.sections for line in _section(section)]
            return (view.heading,), *sections
        case vw.Progress():
            doing = [step.label for step in view.steps if step.state is vw.StepState.DOING]
            return _lines(view.heading, view.instruction, *doing)
        case vw.Notice():
            return *_lines(view.heading, *view.paragraphs), *_whom_to_call(view)


def _entry(view: vw.EntryPage) -> tuple[Line, ...]:
    said = view.problem if view.problem is not None else view.hint
    rules = [(line.text, text("done")) if line.met else (line.text,) for line in view.rule_lines]
    return *_lines(view.progress, view.heading, said), *rules


def _choice(choice: vw.Choice, chosen: bool) -> Line:
    off = text("not chosen") if choice.ticked is False else None
    return _given(choice.label, choice.detail, text("chosen") if choice.ticked or chosen else off)


def _whom_to_call(view: vw.Notice) -> tuple[Line, ...]:
    said: list[Line] = [(one.name, one.detail) for one in view.contacts]
    if view.reference:
        # Character by character, because the user repeats it on the telephone.
        said.append((text("Your reference"), Verbatim(" ".join(view.reference))))
    return tuple(said)


def _section(section: vw.Section) -> tuple[Line, ...]:
    return *_lines(section.heading, section.text), *section.rows


def _lines(*words: Words | None) -> tuple[Line, ...]:
    return tuple((each,) for each in _given(*words))


def _line(*words: Words | None) -> tuple[Line, ...]:
    return (_given(*words),) if _given(*words) else ()


def _given(*words: Words | None) -> Line:
    return tuple(each for each in words if each is not None)

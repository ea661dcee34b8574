"""What is on the screen, as a value: frozen, complete, without secrets.

`flow.render(state)` makes a View; the widgets of `ui` draw it and send events back. There is one
dataclass here, and one screen in `ui`, for each *kind* of page rather than for each page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.flow.text import Text, Words
from kiosk.values import PasscodeRules, Rule


class Intent(StrEnum):
    """What a person means by pressing a button."""

    CONTINUE = "continue"
    BACK = "back"
    CLOSE = "close"
    SKIP = "skip"
    SHOW = "show"
    FORGOTTEN = "forgotten"
    ANOTHER_CODE = "another code"
    MORE_TIME = "more time"


class Role(StrEnum):
    """How a button looks: one primary button at most on a page."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Button:
    """A button: pressing it sends `Pressed(intent)`; a disabled one is grey and sends nothing."""

    intent: Intent
    label: Text
    role: Role = Role.SECONDARY
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Countdown:
    """The warning before the time is up, drawn over the page, with its one button."""

    seconds: int
    heading: Text
    button: Button


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page has: its title, a banner when parts are simulated, buttons, the countdown."""

    title: Text
    buttons: tuple[Button, ...] = ()
    banner: Text | None = None
    countdown: Countdown | None = None


class Picture(StrEnum):
    """A drawing that goes with a page, made by `ui` itself."""

    NONE = ""
    INSERT_CARD = "insert card"
    REMOVE_CARD = "remove card"


class Tone(StrEnum):
    """The mood of a notice; never by colour alone: each has its own sign."""

    INFORMATION = "information"
    SUCCESS = "success"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Welcome:
    """The start screen: the one thing to do, and what does not work at present."""

    frame: Frame
    heading: Text
    instruction: Text
    picture: Picture = Picture.INSERT_CARD
    troubles: tuple[Text, ...] = ()


class EntryKind(StrEnum):
    """Which keys are offered under an entry."""

    ANSWER = "answer"
    PASSCODE = "passcode"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule for what is being typed, and whether it is met by now."""

    text: Text
    met: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What is being typed: its buffer's name in `ui`, its length, never its content.

    `rules` tell `ui` what to report in `Typed.met`; `shown` asks for letters instead of dots.
    """

    field: str
    kind: EntryKind
    length: int = 0
    maximum: int = 64
    shown: bool = False
    rules: PasscodeRules | None = None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One thing to type: a heading, an entry with its keys, rules that tick, a problem to mend."""

    frame: Frame
    heading: Words
    entry: Entry
    progress: Text | None = None
    hint: Text | None = None
    problem: Text | None = None
    rule_lines: tuple[RuleLine, ...] = ()


class StepState(StrEnum):
    """How far a step of work has come."""

    WAITING = "waiting"
    DOING = "doing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of work in plain words."""

    label: Text
    state: StepState


@dataclass(frozen=True, slots=True)
class Progress:
    """Work that the person waits for, step by step."""

    frame: Frame
    heading: Text
    steps: tuple[Step, ...]
    instruction: Text | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call: a name and a number or address, from the site's own settings."""

    name: Words
    detail: Words


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to read: what happened, what to do now, whom to call, a reference for the RA."""

    frame: Frame
    tone: Tone
    heading: Text
    paragraphs: tuple[Text, ...] = ()
    contacts: tuple[Contact, ...] = ()
    reference: str = ""
    picture: Picture = Picture.NONE


View = Welcome | EntryPage | Progress | Notice

__all__ = [
    "Button",
    "Contact",
    "Countdown",
    "Entry",
    "EntryKind",
    "EntryPage",
    "Frame",
    "Intent",
    "Notice",
    "Picture",
    "Progress",
    "Role",
    "Rule",
    "RuleLine",
    "Step",
    "StepState",
    "Tone",
    "View",
    "Welcome",
]

# SPDX-License-Identifier: Apache-2.0
"""What is on the screen, as a value: frozen, complete, without secrets.

`flow.render(state)` makes a View; the widgets of `ui` draw it and send events back. There is one
dataclass here, and one screen in `ui`, for each *kind* of page rather than for each page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.flow.preferences import Access, Language
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
    LOG_IN = "log in"
    CHANGE = "change passcode"
    REGISTER = "register"
    REMOVE = "remove registration"
    CONFIRM = "confirm"
    MORE_TIME = "more time"
    LANGUAGE = "language"
    ACCESS = "access"
    SPEECH = "speech"
    HELP = "help"
    TECHNICIAN = "technician"
    AGAIN = "again"


class Role(StrEnum):
    """How a button looks: one primary button at most on a page."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Button:
    """A button: pressing it sends `Pressed(intent)`; a disabled one is grey and sends nothing."""

    intent: Intent
    label: Words
    role: Role = Role.SECONDARY
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Countdown:
    """The warning before the time is up, drawn over the page, with its one button."""

    seconds: int
    heading: Text
    button: Button


class StepState(StrEnum):
    """How far a step of work, or of a journey, has come."""

    WAITING = "waiting"
    DOING = "doing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Step:
    """A step in plain words."""

    label: Text
    state: StepState


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page has: its title, a banner when parts are simulated, buttons, the countdown.

    `steps` is the bar of a journey in several steps, always visible; `corner` says who is logged
    in, and in which role, and `remaining` how much time she has left. `tools` lead to
    the languages and the settings for access, from every page; `language` and `access` say what was
    chosen there. `offer` is said, and not shown, to whoever may not see the screen.
    """

    title: Text
    buttons: tuple[Button, ...] = ()
    banner: Text | None = None
    countdown: Countdown | None = None
    steps: tuple[Step, ...] = ()
    corner: tuple[Words, ...] = ()
    remaining: Text | None = None
    tools: tuple[Button, ...] = ()
    language: Language = Language.ENGLISH
    access: Access = field(default_factory=Access)
    offer: Text | None = None


class Picture(StrEnum):
    """A drawing that goes with a page, made by `ui` itself."""

    NONE = ""
    INSIDE = "inside"
    INSERT_CARD = "insert card"
    REMOVE_CARD = "remove card"
    CHIP_FIRST = "chip first"
    LEAVE_CARD = "leave card"
    OTHER_CARD = "other card"


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
    EMAIL = "email"

    @property
    def of_digits(self) -> bool:
        """Whether digits are all that is asked for."""
        return self in {EntryKind.PASSCODE, EntryKind.CODE}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule for what is being typed, and whether it is met by now."""

    text: Text
    met: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What is being typed: its buffer's name in `ui`, its length, never its content.

    `rules` tell `ui` what to report in `Typed.met`; `shown` asks for letters instead of dots.
    `endings` are what one touch adds to an email address, from its @ on. `prefilled` is where it
    starts; an address is nobody's secret.
    """

    field: str
    kind: EntryKind
    length: int = 0
    maximum: int = 64
    shown: bool = False
    rules: PasscodeRules | None = None
    endings: tuple[str, ...] = ()
    prefilled: str = ""


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


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several things to choose: touching it sends `Chosen` with its number.

    `ticked` is whether it is on, None for what is neither on nor off.
    """

    label: Words
    detail: Words | None = None
    enabled: bool = True
    ticked: bool | None = None


@dataclass(frozen=True, slots=True)
class ChoicePage:
    """A list to choose from, of any length; `chosen` is the one that is highlighted.

    Short choices stand in several `columns`, where texts are not larger than usual.
    """

    frame: Frame
    heading: Text
    choices: tuple[Choice, ...]
    chosen: int | None = None
    hint: Text | None = None
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a profile: its heading, and rows of a label and what goes with it, or one text."""

    heading: Text
    rows: tuple[tuple[Words, Words], ...] = ()
    text: Text | None = None


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """Who somebody is and what belongs to them, section by section; longer than the screen."""

    frame: Frame
    heading: Words
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """Work that the person waits for, step by step; where it has no steps, with a picture."""

    frame: Frame
    heading: Text
    steps: tuple[Step, ...]
    instruction: Text | None = None
    picture: Picture = Picture.INSIDE


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


@dataclass(frozen=True, slots=True)
class Resting:
    """A screen at rest, dark: what to do here. `place` counts the places where that has stood."""

    frame: Frame
    heading: Words
    hint: Words | None = None
    place: int = 0


View = Welcome | EntryPage | ChoicePage | ProfilePage | Progress | Notice | Resting

__all__ = [
    "Button",
    "Choice",
    "ChoicePage",
    "Contact",
    "Countdown",
    "Entry",
    "EntryKind",
    "EntryPage",
    "Frame",
    "Intent",
    "Notice",
    "Picture",
    "ProfilePage",
    "Progress",
    "Resting",
    "Role",
    "Rule",
    "RuleLine",
    "Section",
    "Step",
    "StepState",
    "Tone",
    "View",
    "Welcome",
]

# SPDX-License-Identifier: Apache-2.0
"""The View: what is on the screen, as a frozen value without secrets.

`flow.render(state)` makes it; the widgets of `ui` draw it and send events back. Each *kind* of page
has one dataclass here and one screen in `ui`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.flow.preferences import Access, Language
from kiosk.flow.text import Text, Words
from kiosk.values import PasscodeRules, Rule


class Intent(StrEnum):
    """The meaning of a button."""

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
    """A button's look; a page has at most one primary button."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Button:
    """A button, which sends `Pressed(intent)`; a disabled button is grey and sends nothing."""

    intent: Intent
    label: Words
    role: Role = Role.SECONDARY
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Countdown:
    """The warning before the time is up, drawn over the page with its one button."""

    seconds: int
    heading: Text
    button: Button


class StepState(StrEnum):
    """The progress of a step of work or of a journey."""

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
    """The frame of every page: title, buttons, countdown, and a banner if parts are simulated.

    `steps` is the bar of a journey in several steps, always visible. `corner` has the user who is
    logged in and their role, `remaining` the rest of their visit. `tools` open the languages and
    the settings for access; `language` and `access` are what was chosen there. `offer` is read
    aloud only, for a user who cannot see the screen.
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
    """A drawing beside a text; `ui` draws it."""

    NONE = ""
    INSIDE = "inside"
    INSERT_CARD = "insert card"
    REMOVE_CARD = "remove card"
    CHIP_FIRST = "chip first"
    LEAVE_CARD = "leave card"
    OTHER_CARD = "other card"


class Tone(StrEnum):
    """The tone of a notice; each has its own sign beside its colour."""

    INFORMATION = "information"
    SUCCESS = "success"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Welcome:
    """The start screen: what to do, and what does not work at present."""

    frame: Frame
    heading: Text
    instruction: Text
    picture: Picture = Picture.INSERT_CARD
    troubles: tuple[Text, ...] = ()


class EntryKind(StrEnum):
    """The keys under an entry."""

    ANSWER = "answer"
    PASSCODE = "passcode"
    CODE = "code"
    EMAIL = "email"

    @property
    def of_digits(self) -> bool:
        """Return whether the entry takes digits only."""
        return self in {EntryKind.PASSCODE, EntryKind.CODE}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule for what is being typed, and whether it is met."""

    text: Text
    met: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry that is typed into: its buffer's name in `ui` and its length, never its content.

    `rules` tell `ui` what to report in `Typed.met`. `shown`: `ui` draws letters instead of dots.
    One touch adds one of the `endings` to an email address. `prefilled` is what the entry starts
    with; an address is not a secret.
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
    """A page with one entry: heading, keys, rules to meet, a problem to correct."""

    frame: Frame
    heading: Words
    entry: Entry
    progress: Text | None = None
    hint: Text | None = None
    problem: Text | None = None
    rule_lines: tuple[RuleLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """An item of a list, which sends `Chosen` with its index.

    `ticked` is whether it is on, None if it cannot be on or off.
    """

    label: Words
    detail: Words | None = None
    enabled: bool = True
    ticked: bool | None = None


@dataclass(frozen=True, slots=True)
class ChoicePage:
    """A page with a list of any length; `chosen` is highlighted.

    Short choices are drawn in several `columns` unless texts are enlarged.
    """

    frame: Frame
    heading: Text
    choices: tuple[Choice, ...]
    chosen: int | None = None
    hint: Text | None = None
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a profile: a heading, and rows of label and value, or one text."""

    heading: Text
    rows: tuple[tuple[Words, Words], ...] = ()
    text: Text | None = None


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """A profile in sections, which may be longer than the screen."""

    frame: Frame
    heading: Words
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """Work that the user waits for, with its steps, or with a picture if it has none."""

    frame: Frame
    heading: Text
    steps: tuple[Step, ...]
    instruction: Text | None = None
    picture: Picture = Picture.INSIDE


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact: a name, and a number or address."""

    name: Words
    detail: Words


@dataclass(frozen=True, slots=True)
class Notice:
    """A page to read: what happened, what to do now, whom to call, a reference for the RA."""

    frame: Frame
    tone: Tone
    heading: Text
    paragraphs: tuple[Text, ...] = ()
    contacts: tuple[Contact, ...] = ()
    reference: str = ""
    picture: Picture = Picture.NONE


@dataclass(frozen=True, slots=True)
class Resting:
    """A dark screen with what to do here; `place` counts the places of the words."""

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

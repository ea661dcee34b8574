# SPDX-License-Identifier: Apache-2.0
"""What the flow knows: the kiosk, the visit, and the page that the person is on.

No I/O, no clock, no widgets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from kiosk.flow.events import Refusal
from kiosk.flow.pages import (
    AnsweringFormer,
    AskingCode,
    AskingQuestion,
    EnteringCode,
    Helping,
    Page,
    Trouble,
    Waiting,
)
from kiosk.flow.preferences import Access, Language, Menu
from kiosk.flow.text import text
from kiosk.flow.view import Contact
from kiosk.values import PasscodeRules, ReaderTrouble

_MORE_TIME = 3
_FETCHING = 5  # of 60 seconds: five minutes, because the mail is on a PC down the corridor
_MAILED = (AskingCode, EnteringCode)
_GIVEN = (AskingQuestion, AnsweringFormer, EnteringCode)  # where something was given already


@dataclass(frozen=True, slots=True)
class Site:
    """What is fixed where this kiosk hangs: whom to call, how long it waits for people.

    `language` and `access` are what the screen begins with, for everybody; `keys` says that it may
    be used by a keypad or a keyboard. `idle_seconds` are several times as many where somebody has
    to fetch a code from her mail. `rest_seconds` after the last person the screen goes dark; 0 is
    never. `technician`: there is a code for the technician.
    """

    contacts: tuple[Contact, ...] = ()
    idle_seconds: float = 60.0
    visit_seconds: float = 900.0
    warning_seconds: int = 20
    help_seconds: float = 45.0
    rest_seconds: float = 300.0
    technician: bool = False
    language: Language = Language.ENGLISH
    access: Access = field(default_factory=Access)
    keys: bool = False

    @property
    def whom_to_call(self) -> tuple[Contact, ...]:
        """Its contacts; where nobody has named any, what is true everywhere."""
        return self.contacts or _SOMEBODY


_SOMEBODY = (Contact(text("Your IT service desk"), text("Ask a colleague for its number.")),)


@dataclass(frozen=True, slots=True)
class State:
    """All the flow knows.

    `visit` counts the visits, so that a late answer of an earlier one changes nothing. `countdown`
    is the seconds that the warning shows, None when there is none; `minutes` what is left of the
    visit. `lent`: so many cards can be unlocked without central. `opened`: somebody has opened the
    kiosk's case since it was started. `menu` is what lies over the page. `language` and `access`
    are the person's: `changed` says whether she has changed them. `resting` counts the places where
    the words of a dark screen have stood, None while it is awake. `speaking`: something is being
    read aloud, and whoever listens need not touch the screen meanwhile.
    """

    site: Site = field(default_factory=Site)
    language: Language = Language.ENGLISH
    access: Access = field(default_factory=Access)
    menu: Menu | None = None
    speech_present: bool = False
    speaking: bool = False
    page: Page = field(default_factory=Waiting)
    visit: int = 0
    reference: str = ""
    rules: PasscodeRules = field(default_factory=PasscodeRules)
    passcode_left: int | None = None
    may_log_in: bool = True
    countdown: int | None = None
    minutes: int = 0
    card_present: bool = False
    reader: ReaderTrouble | None = None
    simulated: bool = False
    central_reachable: bool = True
    lent: int = 0
    admitted: bool = True
    opened: bool = False
    power_low: bool = False
    lights_missing: bool = False
    resting: int | None = None

    @property
    def in_service(self) -> bool:
        """Whether this kiosk may be used at all; without a reader or central it may, in vain."""
        return self.admitted and not self.opened

    @classmethod
    def at(cls, site: Site) -> State:
        """A kiosk at its start, with the language and settings of its site."""
        return cls(site, site.language, site.access)

    @property
    def changed(self) -> bool:
        """Whether somebody said how she wants to be spoken to, or is about to."""
        own = (self.language, self.access) != (self.site.language, self.site.access)
        return own or self.menu is not None

    @property
    def visit_seconds(self) -> float:
        """How long a visit lasts, unless its person asks for more."""
        return self.site.visit_seconds * (_MORE_TIME if self.access.more_time else 1)

    @property
    def visit_minutes(self) -> int:
        """The same in whole minutes."""
        return math.ceil(self.visit_seconds / 60)

    @property
    def idle_seconds(self) -> float:
        """How long nobody need touch the screen before the warning comes."""
        helping = isinstance(self.page, Helping)
        seconds = self.site.help_seconds if helping else self.site.idle_seconds
        if isinstance(self.page, _MAILED):
            seconds *= _FETCHING
        # Who is told to wait is not sent away meanwhile, with all that she gave.
        waiting = self.page.wait_seconds if isinstance(self.page, _GIVEN) else 0
        return seconds * (_MORE_TIME if self.access.more_time else 1) + waiting


REFUSALS = {
    Refusal.NOT_KNOWN: Trouble.CARD_NOT_KNOWN,
    Refusal.NOT_REGISTERED: Trouble.NOT_REGISTERED,
    Refusal.STOPPED: Trouble.CARD_STOPPED,
    Refusal.LOCKED_OUT: Trouble.LOCKED_OUT,
    Refusal.WAIT: Trouble.WAIT,
    Refusal.FROZEN: Trouble.FROZEN,
    Refusal.MAIL: Trouble.MAIL,
    Refusal.NOT_TRUSTED: Trouble.NOT_TRUSTED,
    Refusal.UNLOCK_ONLY: Trouble.UNLOCK_ONLY,
    Refusal.SESSION_OVER: Trouble.SESSION_OVER,
    Refusal.NO_MORE_CODES: Trouble.NO_MORE_CODES,
    Refusal.UNSETTLED: Trouble.UNSETTLED,
    Refusal.OFFLINE_OVER: Trouble.OFFLINE_OVER,
}

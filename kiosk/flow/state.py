# SPDX-License-Identifier: Apache-2.0
"""The state of the flow: the kiosk, the visit, and the page that the user is on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from kiosk.flow.pages import Page, Waiting
from kiosk.flow.preferences import Access, Language, Menu
from kiosk.flow.text import text
from kiosk.flow.view import Contact
from kiosk.values import PasscodeRules, ReaderTrouble

MORE_TIME = 3
"""The limits are so many times as long for a user who has asked for more time."""

_FALLBACK = (Contact(text("Your IT service desk"), text("Ask a colleague for its number.")),)


@dataclass(frozen=True, slots=True)
class Site:
    """The settings of the kiosk's site: whom to call, and how long to wait for users.

    `language` and `access` are what the screen starts with for everybody. `keys`: a keypad or a
    keyboard is attached. `idle_seconds` is several times as long while a user fetches an emailed
    code. `rest_seconds` after the last user the screen goes dark; 0 is never. `technician`: there
    is a code for the technician.
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
        """The site's contacts, or a general one if the site has named none."""
        return self.contacts or _FALLBACK


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the flow knows.

    `visit` counts the visits, so that a late result of an earlier one changes nothing. `countdown`
    is the seconds in the warning, None if there is no warning; `minutes` is the rest of the visit.
    `available_packs`: so many cards can be unlocked without central. `case_opened`: the case was
    opened since the kiosk started. `menu` lies over the page. `language` and `access` are the
    user's. `resting` counts the places of the words on a dark screen, None while it is awake.
    `speaking`: the screen is being read aloud, so the user need not touch it meanwhile.
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
    available_packs: int = 0
    admitted: bool = True
    case_opened: bool = False
    power_low: bool = False
    lights_missing: bool = False
    resting: int | None = None

    @property
    def in_service(self) -> bool:
        """Return whether this kiosk may be used, even without a reader or central."""
        return self.admitted and not self.case_opened

    @classmethod
    def at(cls, site: Site) -> State:
        """Return the state of a kiosk that has just started at `site`."""
        return cls(site, site.language, site.access)

    @property
    def changed(self) -> bool:
        """Return whether a user has changed the language or the settings, or is about to."""
        own = (self.language, self.access) != (self.site.language, self.site.access)
        return own or self.menu is not None

    @property
    def visit_seconds(self) -> float:
        """The length of a visit in seconds."""
        return self.site.visit_seconds * (MORE_TIME if self.access.more_time else 1)

    @property
    def visit_minutes(self) -> int:
        """The length of a visit in whole minutes."""
        return math.ceil(self.visit_seconds / 60)

"""What the flow knows: the kiosk, the visit, and the page that the person is on.

No I/O, no clock, no widgets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.flow.events import Refusal
from kiosk.flow.pages import Page, Trouble, Waiting
from kiosk.flow.view import Contact
from kiosk.values import PasscodeRules, ReaderTrouble


@dataclass(frozen=True, slots=True)
class Site:
    """What is fixed where this kiosk hangs: whom to call, and how long it waits for people."""

    contacts: tuple[Contact, ...] = ()
    idle_seconds: float = 60.0
    visit_seconds: float = 900.0
    warning_seconds: int = 20
    help_seconds: float = 45.0


@dataclass(frozen=True, slots=True)
class State:
    """All the flow knows.

    `visit` counts the visits, so that a late answer of an earlier one changes nothing. `countdown`
    is the seconds that the warning shows, None when there is none. `lent`: so many cards can be
    unlocked without central. `opened`: somebody has opened the kiosk's case since it was started.
    """

    site: Site = field(default_factory=Site)
    page: Page = field(default_factory=Waiting)
    visit: int = 0
    reference: str = ""
    rules: PasscodeRules = field(default_factory=PasscodeRules)
    passcode_left: int | None = None
    may_log_in: bool = True
    countdown: int | None = None
    card_present: bool = False
    reader: ReaderTrouble | None = None
    simulated: bool = False
    central_reachable: bool = True
    lent: int = 0
    admitted: bool = True
    opened: bool = False
    power_low: bool = False
    lights_missing: bool = False

    @property
    def in_service(self) -> bool:
        """Whether this kiosk may be used at all; without a reader or central it may, in vain."""
        return self.admitted and not self.opened


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
    Refusal.UNSETTLED: Trouble.UNSETTLED,
    Refusal.OFFLINE_OVER: Trouble.OFFLINE_OVER,
}

# SPDX-License-Identifier: Apache-2.0
"""The composition root: the only module that chooses parts, from settings to a running kiosk."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk import __version__, flow
from kiosk.app.outage import Outage
from kiosk.app.runtime import Runtime
from kiosk.app.technician_access import Technician
from kiosk.app.watchdog import Rounds, Watchdog
from kiosk.card import card_profile
from kiosk.contract import replication
from kiosk.contract.enrolment import Role
from kiosk.contract.messages import KioskDeed, KioskEvent
from kiosk.devices import backlight
from kiosk.devices.display import card_number
from kiosk.devices.keypad.allowed import AllowedKeypads
from kiosk.devices.lights import Lights, Pins
from kiosk.devices.lights.board import Board
from kiosk.devices.lights.pin_plan import PinPlan
from kiosk.devices.lights.rpi import RpiPins
from kiosk.devices.reader import reset
from kiosk.devices.reader.process import PcscReader
from kiosk.devices.speech.espeak import EspeakSpeech
from kiosk.devices.touch import TouchScreen
from kiosk.devices.touch.panels import TouchPanels
from kiosk.doctor import findings, machine_checks, status_files, surroundings
from kiosk.errors import BoardUnavailable, DisplayUnavailable, SettingsError, StoreFailed
from kiosk.flow import events as ev
from kiosk.flow.diagnosis import Diagnosis, Part
from kiosk.flow.preferences import Access
from kiosk.flow.text import Verbatim
from kiosk.flow.view import Contact
from kiosk.hardening import harden
from kiosk.leases import Addressee, LeaseRenewer, Leases, PackStore, ShownKeys, memory
from kiosk.link import AccessTokens, CentralClient, Entrance
from kiosk.site import identity
from kiosk.site.firewall import FIREWALL_DIRECTORY
from kiosk.site.identity import Identity
from kiosk.site.settings import Settings, read_approval_key
from kiosk.store.files import open_replica, open_store, read_replica, wipe_store
from kiosk.store.outbox import Outbox
from kiosk.store.replica import Replica, ReplicaReader
from kiosk.sync.retirement import Departure
from kiosk.sync.service import DELIVERY, FOLLOWING, SyncWorker
from kiosk.systemd import Notifier
from kiosk.ui import open_screen
from kiosk.ui.catalogue import load_all
from kiosk.ui.speaking import Speak, silent
from kiosk.ui.toolkit import WindowSettings
from kiosk.visits import Parties, VisitContext

if TYPE_CHECKING:
    from kiosk.ui.app import KioskApp

_log = logging.getLogger(__name__)

OpenPins = Callable[[], Pins]
_FAILURES, _FAILURE_SECONDS = 5, 60.0


class ScreenService:
    """A kiosk with its window: `run` shows it, in the main thread, until `stop`."""

    def __init__(
        self,
        settings: Settings,
        open_pins: OpenPins = RpiPins,
        notifier: Notifier = Notifier(),  # noqa: B008 - frozen
    ) -> None:
        self._notifier = notifier
        self.runtime = build_runtime(settings, open_pins)
        self._failures: deque[float] = deque(maxlen=_FAILURES)
        self.failed = False
        self._speech = EspeakSpeech(
            lost=lambda: self.runtime.send(ev.SpeechSeen(present=False)),
            going=lambda going: self.runtime.send(ev.Speaking(going)),
        )
        self.runtime.send(ev.SpeechSeen(self._speech.present))
        self.screen = _screen(settings, self.runtime.send, self._screen_failed, self._speech.say)
        if settings.keyboard:
            self.screen.hear_keyboards()
        self._keypads = AllowedKeypads(settings.keypads, self.screen.key)
        self._touch = _touch(settings, self.screen)
        self._watchdog = Watchdog(
            notifier,
            {
                "screen": self.screen.call,
                "flow": self.runtime.answer,
                "card worker": self.runtime.answer_of_reader,
            },
        )

    def run(self) -> bool:
        """Show the screen, with the flow in another thread; return False if the screen gave up."""
        harden(die_with_parent=False)
        thread = threading.Thread(target=self._flow, name="flow")
        thread.start()
        stopped = threading.Event()
        threading.Thread(
            target=self._watchdog.run, args=(stopped,), name="watchdog", daemon=True
        ).start()
        try:
            self.screen.run()
        finally:
            self._notifier.stopping()
            stopped.set()
            self._keypads.close()
            if self._touch is not None:
                self._touch.close()
            self._speech.close()
            self.runtime.stop()
            thread.join(timeout=10)
        return not self.failed

    def _flow(self) -> None:
        try:
            self.runtime.run(self.screen)
        except Exception as error:  # noqa: BLE001 - without the flow the screen would hang
            _log.error("the flow ended: %s", type(error).__name__)
            self.failed = True
        finally:
            self.screen.stop()

    def stop(self) -> None:
        """Close the window. May be called from any thread."""
        self.screen.stop()

    def _screen_failed(self) -> None:
        """Go on without the failed page; after several failures in a row, end the process."""
        self._failures.append(time.monotonic())
        lately = self._failures[-1] - self._failures[0] < _FAILURE_SECONDS
        if len(self._failures) == _FAILURES and lately:
            _log.error("the screen failed %d times in a row: giving up", _FAILURES)
            self.failed = True
            self.stop()
        else:
            self.runtime.send(ev.ScreenFailed())


def help_screen(settings: Settings) -> KioskApp:
    """Return a screen that only shows the contacts, for a kiosk that cannot start."""
    harden(die_with_parent=False)
    outage = Outage(_site(settings), lambda dim: backlight.ask(settings.asks_directory, dim=dim))
    screen = _screen(settings, outage.hear, lambda: None)
    _touch(settings, screen)
    threading.Thread(target=outage.run, args=(screen.show,), name="outage", daemon=True).start()
    return screen


def _screen(
    settings: Settings,
    send: Callable[[ev.Event], None],
    failed: Callable[[], None],
    speak: Speak = silent,
) -> KioskApp:
    window = WindowSettings(
        size=(settings.width, settings.height),
        fullscreen=settings.fullscreen,
        cursor=not settings.fullscreen,
        rotation=settings.rotation,
        card=_card(settings.display_driver),
    )
    return open_screen(window, load_all(), send, failed, speak)


def _touch(settings: Settings, screen: KioskApp) -> TouchScreen | None:
    """The touch screen of a kiosk; at a desk it is the window system's."""
    return TouchPanels(settings.touch_mapping, screen.touch) if settings.fullscreen else None


def _card(driver: str) -> int | None:
    """Return the number of the driver's graphics card, or None with an error in the log.

    SDL then has to find one.
    """
    try:
        return card_number(driver) if driver else None
    except DisplayUnavailable as error:
        _log.error("%s", error)
        return None


def build_runtime(settings: Settings, open_pins: OpenPins = RpiPins) -> Runtime:
    """Return the whole kiosk but its window; raises SettingsError."""
    card_profile.shipped()  # report a wrong card profile now, not at the first card
    plan = PinPlan.of(settings.pins, "KIOSK_PINS")
    identity.forget_retired(settings.state_directory)
    who = identity.load(settings.state_directory, Role.SCREEN)
    lights, unusable = _lights(plan, open_pins)
    central, outbox, replica = _central(settings, who), _outbox(settings), _replica(settings)
    leases = _leases(settings, who, replica)
    renewer = None
    if leases is not None:
        shown_keys = ShownKeys(identity.own_folder(settings.state_directory, Role.SCREEN))
        renewer = LeaseRenewer(leases, replica, outbox, central, shown_keys)
    runtime = Runtime(
        site=_site(settings),
        context=VisitContext(
            reader=PcscReader(partial(reset.ask, settings.asks_directory)),
            central=central,
            outbox=outbox,
            parties=Parties(central=who.enrolled.central, kiosk=who.enrolled.name),
            replica=replica,
            leases=leases,
            renewer=renewer,
        ),
        lights=lights,
        technician=_technician(settings),
        dim=lambda dim: backlight.ask(settings.asks_directory, dim=dim),
        contacts=lambda: _contacts(settings),
        board_lost=lambda reason: _board_lost(settings, plan, outbox, reason),
    )
    if plan != PinPlan():
        status_files.leave(settings.runtime_directory, Part.LIGHTS, "")
    if unusable is not None:
        runtime.lose_board(unusable)
    return runtime


def _technician(settings: Settings) -> Technician | None:
    code = settings.technician_code
    return Technician(code, lambda: diagnose(settings)) if code else None


def _leases(settings: Settings, who: Identity, replica: ReplicaReader) -> Leases | None:
    """Return the store of packs; None, with a warning in the log, if it has no safe memory."""
    directory, enrolled = settings.runtime_directory, who.enrolled
    try:
        memory.prepare(directory, swap_tolerated=settings.swap_tolerated)
        key = memory.sealing_key(directory)
        pack_store = PackStore(directory)
    except (SettingsError, StoreFailed) as error:
        _log.warning("this kiosk cannot unlock without central: %s", error)
        return None
    addressee = Addressee(enrolled.central, enrolled.kiosk, enrolled.verify_keys)
    return Leases(pack_store, replica, key, addressee)


def build_sync(settings: Settings, notifier: Notifier = Notifier()) -> SyncWorker:  # noqa: B008
    """Return the sync that `settings` describe; raises SettingsError."""
    gone = identity.leaving(settings.state_directory, Role.SYNC)
    who = gone or identity.load(settings.state_directory, Role.SYNC)
    central = _central(settings, who)
    outbox, traces = _outbox(settings), _Traces(settings.state_directory)
    departure = Departure(outbox, central, traces, begun=gone is not None)
    return SyncWorker(
        outbox,
        Replica(open_replica(settings.state_directory)),
        central,
        departure,
        kiosk=who.enrolled.name,
        state_directory=settings.state_directory,
        approval_key=read_approval_key(settings),
        been=Rounds(notifier, (DELIVERY, FOLLOWING)).been,
    )


@dataclass(frozen=True, slots=True)
class _Traces:
    """Implements `sync.retirement.Traces`."""

    state_directory: Path

    def begin_to_leave(self) -> None:
        wipe_store(self.state_directory)
        identity.begin_to_leave(self.state_directory)

    def forget(self) -> None:
        wipe_store(self.state_directory)  # a restarted process may have made another store
        findings.forget(self.state_directory)
        identity.forget(self.state_directory, Role.SYNC)


def diagnose(settings: Settings) -> tuple[Diagnosis, ...]:
    """Check each part of this kiosk, from any process; changes nothing."""
    who = identity.usable(settings.state_directory, Role.SCREEN)
    card_reader = PcscReader()
    try:
        reader = surroundings.reader(card_reader.examine)
    finally:
        card_reader.close()

    def ask_central() -> None:
        if who is None:
            raise SettingsError("identity", "this kiosk is not set up yet")
        central = _central(settings, who)
        central.health()
        central.tokens.current()

    return (
        reader,
        machine_checks.screen(driver=settings.display_driver),
        machine_checks.touch(),
        machine_checks.lights(
            len(settings.pins),
            status_files.left(settings.runtime_directory, Part.LIGHTS),
            tamper="tamper" in settings.pins,
        ),
        machine_checks.supply(),
        machine_checks.disk(settings.state_directory),
        machine_checks.firewall(status_files.left(FIREWALL_DIRECTORY, Part.FIREWALL)),
        surroundings.central(ask_central),
        surroundings.clock(Entrance(settings.central_url, settings.central_authority).now),
        surroundings.certificate(settings.central_url, settings.central_authority),
        surroundings.versions(__version__),
    )


def _lights(plan: PinPlan, open_pins: OpenPins) -> tuple[Lights | None, str | None]:
    """Return the board, and the reason if it cannot be used; a board is never simulated."""
    if plan == PinPlan():
        return None, None
    try:
        return Board(open_pins(), plan), None
    except BoardUnavailable as error:
        return None, error.reason


def _board_lost(settings: Settings, plan: PinPlan, outbox: Outbox, reason: str) -> None:
    """Report the lost board to the doctor, and to central if the board had watched the case."""
    status_files.leave(settings.runtime_directory, Part.LIGHTS, reason)
    if plan.tamper is None:
        return
    detail = "".join(sign if " " <= sign <= "~" else "?" for sign in reason)[:128]
    try:
        outbox.note(KioskEvent(deed=KioskDeed.CASE_UNWATCHED, detail=detail))
    except StoreFailed as error:
        _log.error("the unwatched case could not be recorded: %s", error)


def _site(settings: Settings) -> flow.Site:
    return flow.Site(
        _contacts(settings),
        idle_seconds=settings.idle_seconds,
        warning_seconds=settings.warning_seconds,
        help_seconds=settings.help_seconds,
        rest_seconds=settings.rest_seconds,
        technician=bool(settings.technician_code),
        language=settings.language,
        access=Access(speech=settings.read_aloud, scrambled=settings.scrambled_keypad),
        keys=bool(settings.keypads) or settings.keyboard,
    )


def _contacts(settings: Settings) -> tuple[Contact, ...]:
    return tuple(
        Contact(Verbatim(contact.name), Verbatim(contact.detail))
        for contact in settings.contacts or _contacts_of_organisation(settings)
    )


def _contacts_of_organisation(settings: Settings) -> tuple[replication.SupportContact, ...]:
    """Return the organisation's contacts from the replica; the site's settings may name others."""
    try:
        policy = _replica(settings).policy()
    except StoreFailed:
        return ()
    return policy.contacts if policy is not None else ()


def _replica(settings: Settings) -> ReplicaReader:
    return ReplicaReader(read_replica(settings.state_directory))


def _central(settings: Settings, who: Identity) -> CentralClient:
    url, authority, enrolled = settings.central_url, settings.central_authority, who.enrolled
    tokens = AccessTokens(url, enrolled.kiosk, enrolled.central, who.key, authority)
    return CentralClient(url, tokens, authority)


def _outbox(settings: Settings) -> Outbox:
    return Outbox(open_store(settings.state_directory))

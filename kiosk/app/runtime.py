# SPDX-License-Identifier: Apache-2.0
"""The runtime: a queue of events, one thread that steps the flow, and threads that do its effects.

Events come from the screen, the reader, the timers and finished work. Only the thread that steps
the flow holds its state. The runtime decides nothing: all decisions are in `flow`.
"""

from __future__ import annotations

import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Protocol

from kiosk import flow, journal
from kiosk.app.central_monitor import CentralMonitor
from kiosk.app.technician_access import Technician
from kiosk.contract.messages import KioskDeed, KioskEvent
from kiosk.devices.lights import BoardNotice, Lights
from kiosk.devices.reader import ReaderNotice, Sight
from kiosk.errors import BoardUnavailable, StoreFailed
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow.view import Contact, Resting, View
from kiosk.values import ReaderTrouble, Secret
from kiosk.visits import VisitContext
from kiosk.visits.logged_in import HolderVisit
from kiosk.visits.unlock_visit import UnlockVisit, new_reference

_log = logging.getLogger(__name__)

_RESTART_SECONDS = 10.0  # the idle time on the page after an error


class Screen(Protocol):
    """The part of a screen that the runtime uses; both methods may be called from any thread."""

    def show(self, view: View) -> None:
        """Put `view` on the screen."""

    def forget(self, fields: tuple[str, ...] | None = None) -> None:
        """Wipe what was typed into `fields`, or everything."""


class Runtime:
    """Runs the flow until `stop`. `send` may be called from any thread."""

    def __init__(
        self,
        site: flow.Site,
        context: VisitContext,
        lights: Lights | None = None,
        technician: Technician | None = None,
        *,
        dim: Callable[[bool], None] = lambda _: None,
        contacts: Callable[[], tuple[Contact, ...]] = tuple,
        board_lost: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._state = flow.State.at(site)
        self._context = context
        self._lights, self._board_lost = lights, board_lost
        self._technician = technician
        self._dim, self._is_dim = dim, True  # so the first page makes the display bright
        self._central_monitor = CentralMonitor(context, self.send, contacts, site.contacts)
        self._events: queue.SimpleQueue[ev.Event | Callable[[], None] | None] = queue.SimpleQueue()
        self._due: dict[ev.Timer, float] = {}
        self._secrets: list[Secret] = []
        self._visit: UnlockVisit | None = None
        self._holder: HolderVisit | None = None
        self._stopped = threading.Event()

    def send(self, event: ev.Event) -> None:
        """Queue an event, and return at once."""
        self._events.put(event)

    def answer(self, answered: Callable[[], None]) -> None:
        """Call `answered` in the thread that steps the flow, for the watchdog; return at once."""
        self._events.put(answered)

    def answer_of_reader(self, answered: Callable[[], None]) -> None:
        """Call `answered` from the card worker, for the watchdog; return at once."""
        self._context.reader.answer(answered)

    def lose_board(self, reason: str) -> None:
        """Report that the board, or a part of it, cannot be used. May be called from any thread."""
        _log.error("lights and switches cannot be used: %s", reason)
        self._board_lost(reason)
        self.send(ev.LightsFailed())

    def stop(self) -> None:
        """End `run`."""
        self._stopped.set()
        self._events.put(None)

    def run(self, screen: Screen) -> None:
        """Step the flow with each event until stopped; then wipe secrets and close devices."""
        self._end_open_visits()
        self._start_thread("central", self._central_monitor.keep)
        if self._context.renewer is not None:
            self._start_thread("packs", self._context.renewer.keep)
        self._context.reader.watch(self._on_reader_notice)
        self._watch_board()
        self._show(screen)
        try:
            while not self._stopped.is_set():
                event = self._next()
                if callable(event):
                    event()
                elif event is not None:
                    self._step_safely(event, screen)
        finally:
            self._forget(screen)
            self._context.reader.close()
            if self._lights is not None:
                self._lights.close()

    def _start_thread(self, name: str, work: Callable[[threading.Event], None]) -> None:
        """Run `work` in a thread of its own until the runtime stops."""
        threading.Thread(target=work, args=(self._stopped,), name=name, daemon=True).start()

    def _end_open_visits(self) -> None:
        """End the visits of a kiosk that was killed: none of them has card work under way now."""
        try:
            ended = self._context.outbox.end_open_visits()
        except StoreFailed as error:
            # Central assumes the worst until the disk has room; the central monitor tries again.
            _log.error("open visits could not be ended: %s", error)
            return
        if ended:
            _log.warning("ended %d visit(s) that had been left open", ended)

    # ------------------------------------------------------------ events in

    def _next(self) -> ev.Event | Callable[[], None] | None:
        """Return the next event or call, or the timer that is due before one comes."""
        timer = min(self._due, key=self._due.__getitem__, default=None)
        if timer is None:
            return self._events.get()
        try:
            return self._events.get(timeout=max(self._due[timer] - time.monotonic(), 0))
        except queue.Empty:
            del self._due[timer]
            return ev.TimeUp(timer)

    def _step_safely(self, event: ev.Event, screen: Screen) -> None:
        try:
            self._step(event, screen)
        except Exception as error:  # noqa: BLE001 - no event may end the kiosk
            # The type only: a message could contain what was typed.
            _log.error("%s at %s: starting anew", type(error).__name__, type(event).__name__)
            self._state, _ = flow.step(self._state, ev.CardTaken())
            self._due = {ev.Timer.IDLE: time.monotonic() + _RESTART_SECONDS}
            self._forget(screen)
            self._show(screen)

    def _step(self, event: ev.Event, screen: Screen) -> None:
        typed = event.typed if isinstance(event, ev.Pressed) else None
        if typed is not None:
            self._secrets.append(typed)
        before = self._state
        self._state, effects = flow.step(before, event)
        journal.session.set(self._state.reference or before.reference)
        if typed is not None and self._state == before and not effects:
            typed.wipe()  # not used: the page had already changed
        if type(self._state.page) is not type(before.page):
            # Names of pages and events only: an event may contain what was typed.
            _log.info(
                "visit %d: %s -> %s (%s)",
                self._state.visit,
                type(before.page).__name__,
                type(self._state.page).__name__,
                type(event).__name__,
            )
        for effect in effects:
            self._do(effect, screen)
        # A screen that failed is empty, even if the state is the same.
        if self._state != before or isinstance(event, ev.ScreenFailed):
            self._show(screen)

    def _show(self, screen: Screen) -> None:
        view = flow.render(self._state)
        screen.show(view)
        if self._is_dim is not isinstance(view, Resting):
            self._is_dim = not self._is_dim
            self._dim(self._is_dim)
        if self._lights is not None:
            self._lights.show(flow.signal(self._state))

    def _watch_board(self) -> None:
        """Watch the board; if that fails, say so on the screen and keep serving cardholders."""
        if self._lights is None:
            return
        try:
            self._lights.watch(self._on_board_notice, self.lose_board)
        except BoardUnavailable as error:
            self.lose_board(error.reason)

    def _on_board_notice(self, notice: BoardNotice) -> None:
        match notice:
            case BoardNotice.OPENED:
                self.send(ev.CaseOpened())
            case BoardNotice.SOMEBODY_NEAR:
                self.send(ev.SomebodyNear())
            case BoardNotice.POWER_LOW | BoardNotice.POWER_GOOD:
                self.send(ev.PowerSeen(low=notice is BoardNotice.POWER_LOW))
            case BoardNotice.CLOSED:
                pass  # out of service until a technician has checked and restarts the kiosk

    def _on_reader_notice(self, notice: ReaderNotice) -> None:
        if notice.sight is Sight.READY:
            self.send(ev.ReaderReady(notice.simulated))
        elif notice.sight is Sight.FAILED:
            self.send(ev.ReaderFailed(notice.trouble or ReaderTrouble.NO_SERVICE))
        elif notice.sight is Sight.INSERTED:
            self.send(ev.CardInserted(new_reference()))
        else:
            self.send(ev.CardTaken())

    # ------------------------------------------------------------ effects out

    def _do(self, effect: do.Effect, screen: Screen) -> None:
        match effect:
            case do.StartTimer(timer, seconds):
                self._due[timer] = time.monotonic() + seconds
            case do.StopTimer(timer):
                self._due.pop(timer, None)
            case do.Forget():
                self._forget(screen)
            case do.ForgetTyped(fields):
                screen.forget(fields)
            case do.ForgetGiven(fields):
                screen.forget(fields)
                self._wipe()
            case do.ReportOpened():
                self._report_opened()
            case do.ReadCard(number):
                self._holder = None
                self._visit = UnlockVisit(number, self._context)
                self._begin(self._visit, self._visit.read_card)
            case do.CheckTechnician() | do.Diagnose():
                self._do_for_technician(effect)
            case _:
                self._do_in_visit(effect)

    def _do_for_technician(self, effect: do.CheckTechnician | do.Diagnose) -> None:
        technician, visit = self._technician, effect.visit
        if technician is None:
            return
        if isinstance(effect, do.Diagnose):
            self._run_in_thread(lambda: ev.Diagnosed(visit, technician.look()))
            return
        code = Secret(effect.code.reveal())

        def check() -> ev.Event:
            try:
                wait = technician.admit(code)
            finally:
                code.wipe()
            if wait is None:
                return ev.TechnicianAdmitted(visit)
            return ev.TechnicianRefused(visit, wait)

        self._run_in_thread(check)

    def _run_in_thread(self, work: Callable[[], ev.Event]) -> None:
        threading.Thread(target=lambda: self.send(work()), name="aside", daemon=True).start()

    def _report_opened(self) -> None:
        _log.error("the case was opened")
        if self._context.leases is not None:
            self._context.leases.end()
        try:
            self._context.outbox.note(KioskEvent(deed=KioskDeed.CASE_OPENED))
        except StoreFailed as error:
            _log.error("the opened case could not be recorded: %s", error)

    def _do_in_visit(self, effect: do.Effect) -> None:
        visit = self._visit
        if visit is None:
            return
        match effect:
            case do.OpenUnlock(_, reference, forgotten):
                self._begin(visit, lambda: visit.open(reference, forgotten=forgotten))
            case do.GiveAnswers(_, answers, code):
                # Decoded now: a moment later they may have been wiped.
                words, digits = tuple(map(_decoded, answers)), _decoded(code)
                self._begin(visit, lambda: visit.answer(words, digits))
            case do.SendCode():
                self._begin(visit, lambda: visit.send_code(anew=False))
            case do.UnlockCard(_, passcode):
                chosen = self._copy(passcode)
                self._begin(visit, lambda: self._unlock(visit, chosen))
            case _:
                self._do_for_holder(visit, effect)

    def _do_for_holder(self, visit: UnlockVisit, effect: do.Effect) -> None:
        holder = self._holder_of(visit)
        if holder is None:
            return
        match effect:
            case do.ChangePasscode(_, old, new):
                self._begin_with((old, new), lambda each: holder.change(*each), visit)
            case do.LogIn(_, passcode):
                self._begin_with((passcode,), lambda each: holder.log_in(*each), visit)
            case do.OpenRegistration(_, passcode):
                self._begin_with((passcode,), lambda each: holder.open_registration(*each), visit)
            case do.RemoveRegistration(_, passcode):
                self._begin_with((passcode,), lambda each: holder.remove(*each), visit)
            case do.JudgeAnswer(_, question, answer, others):
                answer_text = answer.reveal().decode()
                earlier = tuple(other.reveal().decode() for other in others)
                self._begin(visit, lambda: holder.judge(question, answer_text, earlier))
            case do.SendRegistrationCode(_, email, language):
                self._begin(visit, lambda: holder.send_code(email, language))
            case do.Register(_, questions, answers, code, former, email, language):
                texts = tuple(answer.reveal().decode() for answer in answers)
                digits = code.reveal().decode()
                words = tuple(map(_decoded, former))
                self._begin(
                    visit,
                    lambda: holder.register(
                        questions, texts, digits, words, email, language=language
                    ),
                )

    def _holder_of(self, visit: UnlockVisit) -> HolderVisit | None:
        """Return the cardholder's part of the visit, or None until their card has been read."""
        if self._holder is None and visit.report is not None:
            self._holder = HolderVisit(visit.number, visit.report, self._context)
        return self._holder

    def _begin_with(
        self,
        secrets: tuple[Secret, ...],
        work: Callable[[tuple[Secret, ...]], ev.Event],
        visit: UnlockVisit,
    ) -> None:
        """Begin `work` with copies of the secrets, and wipe the copies when it ends."""
        copies = tuple(map(self._copy, secrets))

        def wiping() -> ev.Event:
            try:
                return work(copies)
            finally:
                for copy in copies:
                    copy.wipe()

        self._begin(visit, wiping)

    def _copy(self, secret: Secret) -> Secret:
        """Return a copy of `secret` for work that runs in a thread, which wipes it at its end.

        The copy is wiped earlier if the user leaves; it is then empty, and no card is sent an empty
        passcode.
        """
        copy = Secret(secret.reveal())
        self._secrets.append(copy)
        return copy

    def _unlock(self, visit: UnlockVisit, passcode: Secret) -> ev.Event:
        try:
            return visit.unlock(
                passcode, lambda step: self.send(ev.UnlockAdvanced(visit.number, step))
            )
        finally:
            passcode.wipe()

    def _begin(self, visit: UnlockVisit, work: Callable[[], ev.Event]) -> None:
        def finish() -> None:
            try:
                event = work()
            except Exception as error:  # noqa: BLE001 - after any error the screen must go on
                _log.error("visit %d: unexpected %s", visit.number, type(error).__name__)
                event = ev.CardFailed(visit.number, ev.CardTrouble.FAILED)
            self.send(event)

        # Each piece of work has its own thread, and the process waits for none at its end. The
        # reader's lock lets one piece of card work run at a time, and a request that hangs must
        # not delay the next visit.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(finish,), name="work", daemon=True).start()

    def _forget(self, screen: Screen) -> None:
        screen.forget()
        if self._visit is not None:
            self._visit.forget()
        self._visit = self._holder = None
        self._wipe()

    def _wipe(self) -> None:
        """Wipe all secrets that the user gave, and all copies of them."""
        for secret in self._secrets:
            secret.wipe()
        self._secrets.clear()


def _decoded(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal().decode()

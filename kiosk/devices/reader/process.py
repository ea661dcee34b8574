# SPDX-License-Identifier: Apache-2.0
"""The PC/SC reader as the kiosk sees it: two processes that can be killed, nothing that hangs."""

from __future__ import annotations

import json
import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from kiosk.card.examination import Finding
from kiosk.card.passcode_work import Own
from kiosk.card.session import Authority, CardReport
from kiosk.card.unlock_work import Record, Unlocked, UnlockPlan
from kiosk.devices.reader import Notify, ReaderNotice, Sight, wire, worker_messages
from kiosk.errors import CardError, CardMute, ReaderUnavailable
from kiosk.values import CardIdentity, ReaderTrouble, Secret

_log = logging.getLogger(__name__)
_Attend = Callable[[wire.Fields], wire.Fields]
_T = TypeVar("_T")

WORKER = (sys.executable, "-m", "kiosk.devices.reader.worker")
WATCHER = (sys.executable, "-m", "kiosk.devices.reader.watcher")

# Deadlines by operation. A card answers an unlock in milliseconds, an RSA card signs in under a
# second and a half; the rest is for a rival program to end its transaction, and a slow machine.
SECONDS = {
    "answer": 5.0,
    "inspect": 8.0,
    "examine": 20.0,
    "prove": 8.0,
    "sign": 10.0,
    "change": 10.0,
    "unlock": 20.0,
}
LONGEST_SECONDS = 120.0  # of any operation, with all that was attended to meanwhile
_OVERDUE_SECONDS = LONGEST_SECONDS + 10.0  # then its end is not to be expected any more
MOST_STEPS, MOST_QUESTIONS = 16, 6  # of an operation: twice what the longest unlock needs

_RESTART_SECONDS = 1.0
_LONGEST_LINE = 4096  # of the watcher's: it needs a hundred bytes
WATCHER_SILENT_SECONDS = 12.0  # it says something every five
_MUTE_IN_A_ROW = 2  # operations: one is a card's fault, or its holder's


class PcscReader:
    """Keeps the interface of `devices.reader.Reader`.

    `stuck` is called, from whichever thread, when the card service hangs and has to be started
    anew: killing our own processes has freed nothing.
    """

    def __init__(self, stuck: Callable[[], None] = lambda: None) -> None:
        self._stuck = stuck
        self._mute = 0
        # A process that dies with its parent dies with the thread that started it. One thread that
        # lasts as long as the reader starts the workers, and does one operation at a time.
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="card")
        self._worker: _Worker | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._busy_since: float | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, notify: Notify) -> None:
        """Start the watcher process, and start it again whenever it dies."""
        self._thread = threading.Thread(target=self._watch, args=(notify,), daemon=True)
        self._thread.start()

    def inspect(self) -> CardReport:
        """Read everything about the card that costs no try."""
        return self._run({"operation": "inspect"}, worker_messages.to_report)

    def examine(self) -> tuple[Finding, ...]:
        """Find out what can be found out about the card, for a technician."""
        return self._run({"operation": "examine"}, worker_messages.to_findings)

    def prove(self, identity: CardIdentity, certificate: bytes, digest: bytes) -> bytes:
        """Have the card sign `digest` with its card authentication key."""
        request = {
            "operation": "prove",
            "identity": worker_messages.from_identity(identity),
            "certificate": certificate,
            "digest": digest,
        }
        return self._run(request, worker_messages.to_signature)

    def sign(
        self,
        expected: tuple[CardIdentity, Own],
        certificate: bytes,
        passcode: Secret,
        digest: bytes,
    ) -> bytes:
        """Have the card sign `digest` with its authentication key, after its passcode."""
        request = {
            "operation": "sign",
            **worker_messages.from_expected(expected),
            "certificate": certificate,
            "passcode": passcode,
            "digest": digest,
        }
        return self._run(request, worker_messages.to_signature)

    def change(self, expected: tuple[CardIdentity, Own], old: Secret, new: Secret) -> None:
        """Change the card's passcode."""
        request = {
            "operation": "change",
            **worker_messages.from_expected(expected),
            "old": old,
            "new": new,
        }
        self._run(request, dict)

    def unlock(
        self, plan: UnlockPlan, record: Record, authority: Authority | None = None
    ) -> Unlocked:
        """Do an unlock's card work."""

        def attend(fields: wire.Fields) -> wire.Fields:
            if "step" in fields:
                record(worker_messages.understood(worker_messages.to_step, fields["step"]))
                return worker_messages.RECORDED
            return worker_messages.consult(authority, fields)

        request = {"operation": "unlock", "plan": worker_messages.from_plan(plan)}
        return self._run(request, worker_messages.to_unlocked, attend)

    def answer(self, answered: Callable[[], None]) -> None:
        """Have `answered` called if the worker is at an operation that has time, or answers now.

        Returns at once. A worker that does not answer is replaced, as after any breach.
        """
        begun = self._busy_since
        if begun is None:
            self._hands.submit(self._answer, answered)
        elif time.monotonic() - begun < _OVERDUE_SECONDS:
            answered()

    def _answer(self, answered: Callable[[], None]) -> None:
        if not isinstance(self._perform({"operation": "answer"}, dict, None), CardError):
            answered()

    @property
    def watcher_pid(self) -> int | None:
        """The watcher process, for diagnosis."""
        return self._watcher.pid if self._watcher is not None else None

    def close(self) -> None:
        """End both processes."""
        self._closed.set()
        if self._watcher is not None:
            self._watcher.kill()
        if self._thread is not None:
            self._thread.join(timeout=5)
        if (worker := self._worker) is not None:
            worker.kill()  # whatever it is at: nobody waits for a deadline now
        self._hands.submit(self._end_worker).result()
        self._hands.shutdown()

    # ------------------------------------------------------------ the worker

    def _run(
        self,
        request: wire.Fields,
        convert: Callable[[wire.Fields], _T],
        attend: _Attend | None = None,
    ) -> _T:
        """The operation's result as `convert` makes it; raises the worker's CardError."""
        outcome = self._hands.submit(self._perform, request, convert, attend).result()
        if isinstance(outcome, CardError):
            raise outcome
        return outcome

    def _perform(
        self,
        request: wire.Fields,
        convert: Callable[[wire.Fields], _T],
        attend: _Attend | None,
    ) -> _T | CardError:
        self._busy_since = time.monotonic()
        try:
            outcome = self._perform_now(request, convert, attend)
        finally:
            self._busy_since = None
        self._mute = self._mute + 1 if _is_mute(outcome) else 0
        if self._mute == _MUTE_IN_A_ROW:
            self._mute = 0
            self._stuck()
        return outcome

    def _perform_now(
        self,
        request: wire.Fields,
        convert: Callable[[wire.Fields], _T],
        attend: _Attend | None,
    ) -> _T | CardError:
        operation: str = request["operation"]
        if self._worker is not None and not self._worker.alive:
            self._end_worker()  # it died while nobody needed it
        if self._worker is None:
            self._worker = _started_worker()
        try:
            answer = self._worker.ask(request, SECONDS[operation], attend)
            if "error" in answer:
                return worker_messages.understood(worker_messages.to_error, answer["error"])
            return worker_messages.understood(convert, answer.get("result"))
        except _NoTurn:
            self._end_worker()
            _log.warning("card worker ended: it did not get at the card for %s", operation)
            return ReaderUnavailable(ReaderTrouble.HELD)
        except (TimeoutError, wire.WireClosed) as error:
            # Only its death frees the reader; what the card did is looked at next time.
            self._end_worker()
            _log.warning("card worker ended during %s: %s", operation, type(error).__name__)
            return CardMute(operation, SECONDS[operation])
        except BaseException:
            self._end_worker()  # not recorded, or not answered: the card must see no more
            raise

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    # ------------------------------------------------------------ the watcher

    def _watch(self, notify: Notify) -> None:
        while not self._closed.is_set():
            try:
                self._follow_watcher(notify)
            except OSError as error:
                _log.error("no reader watcher: %s", error.strerror)
            except wire.WireClosed:
                _log.error("reader watcher says what cannot be understood")
            if not self._closed.wait(_RESTART_SECONDS):
                _log.warning("reader watcher ended; restarting")
                notify(ReaderNotice(Sight.FAILED, ReaderTrouble.NO_SERVICE))

    def _follow_watcher(self, notify: Notify) -> None:
        """Pass on what the watcher says until it ends, or has been silent for too long.

        Raises WireClosed where it says what cannot be understood. It does not outlive this.
        """
        with subprocess.Popen(WATCHER, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as watcher:
            self._watcher = watcher
            try:
                if self._closed.is_set():  # while it was started: `close` has not seen it
                    return
                if not self._pass_on(watcher, notify):
                    self._stuck()
            finally:
                watcher.kill()

    @staticmethod
    def _pass_on(watcher: subprocess.Popen[bytes], notify: Notify) -> bool:
        """Pass on what it says until it ends; False where it hangs instead."""
        pipe, said = watcher.stdout, b""
        while pipe is not None and select.select([pipe], [], [], WATCHER_SILENT_SECONDS)[0]:
            piece = os.read(pipe.fileno(), _LONGEST_LINE)
            if not piece:
                return True
            *lines, said = (said + piece).split(b"\n")
            if len(said) > _LONGEST_LINE:
                raise wire.WireClosed
            for line in lines:
                if notice := worker_messages.understood(_notice, line):
                    notify(notice)
        return False


class _NoTurn(TimeoutError):
    """The card service hangs, or another program keeps the card: ours has seen no command."""


def _is_mute(outcome: object) -> bool:
    """Whether nothing answered: the card, or a reader that is held by whom we cannot know."""
    held = isinstance(outcome, ReaderUnavailable) and outcome.trouble is ReaderTrouble.HELD
    return held or isinstance(outcome, CardMute)


class _Worker:
    """One worker process and the socket to it."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [*WORKER, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                )
            except OSError:
                self._socket.close()
                raise

    def ask(
        self,
        request: wire.Fields,
        seconds: float,
        attend: _Attend | None,
    ) -> wire.Fields:
        """Send a request, have what comes up meanwhile attended to, give its result or error.

        Raises TimeoutError after `seconds`, in which our own attending is not counted, and after
        LONGEST_SECONDS with it, as _NoTurn where it has not got at the card by then; WireClosed
        when the worker dies, or goes on and on.
        """
        begun = time.monotonic()
        longest, deadline = begun + LONGEST_SECONDS, begun + seconds
        left = {"step": MOST_STEPS, "consult": MOST_QUESTIONS}
        wire.write(self._socket, request, deadline)
        has_card = False
        while True:
            try:
                answer = wire.read(self._socket, min(deadline, longest))
            except TimeoutError:
                if has_card:
                    raise
                raise _NoTurn from None
            if answer == worker_messages.HAS_CARD and not has_card:
                has_card = True
                continue
            coming = worker_messages.comes_up(answer)
            if attend is None or coming is None:
                return answer
            left[coming] -= 1
            if left[coming] < 0:
                raise wire.WireClosed
            begun = time.monotonic()
            reply = attend(answer)
            deadline += time.monotonic() - begun
            wire.write(self._socket, reply, min(deadline, longest))

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill the process, now."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process and clear away what is left of it."""
        self.kill()
        self._process.wait()
        self._socket.close()


def _started_worker() -> _Worker:
    try:
        return _Worker()
    except OSError as error:
        _log.error("no card worker: %s", error.strerror)
        raise ReaderUnavailable(ReaderTrouble.NO_SERVICE) from None


def _notice(line: bytes) -> ReaderNotice | None:
    fields: dict[str, Any] = json.loads(line)
    if fields == {}:
        return None
    trouble = fields["trouble"]
    return ReaderNotice(
        Sight(fields["sight"]),
        ReaderTrouble(trouble) if trouble is not None else None,
        simulated=fields["simulated"],
    )

# SPDX-License-Identifier: Apache-2.0
"""The PC/SC reader for the kiosk: it uses two processes that can be killed, so it never hangs."""

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
# second and a half. The rest is for another program's transaction, and for a slow machine.
SECONDS = {
    "answer": 5.0,
    "inspect": 8.0,
    "examine": 20.0,
    "prove": 8.0,
    "sign": 10.0,
    "change": 10.0,
    "unlock": 20.0,
}
LONGEST_SECONDS = 120.0  # of any operation, with the time for steps and questions
_OVERDUE_SECONDS = LONGEST_SECONDS + 10.0  # after this an operation has hung
MOST_STEPS, MOST_QUESTIONS = 16, 6  # of an operation: twice the need of the longest unlock

_RESTART_SECONDS = 1.0
_LONGEST_LINE = 4096  # of the watcher's: it needs a hundred bytes
WATCHER_SILENT_SECONDS = 12.0  # it sends a heartbeat every five seconds
_MUTE_IN_A_ROW = 2  # operations: one is a card's fault, or its holder's


class PcscReader:
    """Implements `devices.reader.Reader`.

    `stuck` is called, in any thread, if the card service hangs and must be restarted: killing our
    own processes has freed nothing.
    """

    def __init__(self, stuck: Callable[[], None] = lambda: None) -> None:
        self._stuck = stuck
        self._mute = 0
        # A process that dies with its parent dies with the thread that started it. So one thread
        # that lives as long as the reader starts the workers, and does one operation at a time.
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="card")
        self._worker: _Worker | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._busy_since: float | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, notify: Notify) -> None:
        """Start the watcher process, and restart it whenever it dies."""
        self._thread = threading.Thread(target=self._watch, args=(notify,), daemon=True)
        self._thread.start()

    def inspect(self) -> CardReport:
        """Return everything about the card that costs no try."""
        return self._run({"operation": "inspect"}, worker_messages.to_report)

    def examine(self) -> tuple[Finding, ...]:
        """Return the findings about the card, for a technician."""
        return self._run({"operation": "examine"}, worker_messages.to_findings)

    def prove(self, identity: CardIdentity, certificate: bytes, digest: bytes) -> bytes:
        """Return the card authentication key's signature over `digest`."""
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
        """Return the authentication key's signature over `digest`, after the passcode."""
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
        """Do the card work of an unlock."""

        def attend(fields: wire.Fields) -> wire.Fields:
            if "step" in fields:
                record(worker_messages.understood(worker_messages.to_step, fields["step"]))
                return worker_messages.RECORDED
            return worker_messages.consult(authority, fields)

        request = {"operation": "unlock", "plan": worker_messages.from_plan(plan)}
        return self._run(request, worker_messages.to_unlocked, attend)

    def answer(self, answered: Callable[[], None]) -> None:
        """Call `answered` if the worker is inside an operation's time, or answers now.

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
        """The watcher's process id, for diagnosis."""
        return self._watcher.pid if self._watcher is not None else None

    def close(self) -> None:
        """End both processes."""
        self._closed.set()
        if self._watcher is not None:
            self._watcher.kill()
        if self._thread is not None:
            self._thread.join(timeout=5)
        if (worker := self._worker) is not None:
            worker.kill()  # even during an operation, instead of waiting for its deadline
        self._hands.submit(self._end_worker).result()
        self._hands.shutdown()

    # ------------------------------------------------------------ the worker

    def _run(
        self,
        request: wire.Fields,
        convert: Callable[[wire.Fields], _T],
        attend: _Attend | None = None,
    ) -> _T:
        """Return the operation's result as `convert` makes it; raises the worker's CardError."""
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
            self._end_worker()  # it died between two operations
        if self._worker is None:
            self._worker = _started_worker()
        try:
            answer = self._worker.ask(request, SECONDS[operation], attend)
            if "error" in answer:
                return worker_messages.understood(worker_messages.to_error, answer["error"])
            return worker_messages.understood(convert, answer.get("result"))
        except _NoTurn:
            self._end_worker()
            _log.warning("card worker ended: it did not get the card for %s", operation)
            return ReaderUnavailable(ReaderTrouble.HELD)
        except (TimeoutError, wire.WireClosed) as error:
            # Only its death frees the reader; the next operation reads the card's state.
            self._end_worker()
            _log.warning("card worker ended during %s: %s", operation, type(error).__name__)
            return CardMute(operation, SECONDS[operation])
        except BaseException:
            self._end_worker()  # a step was not recorded or answered: send the card no more
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
                _log.error("cannot start the reader watcher: %s", error.strerror)
            except wire.WireClosed:
                _log.error("reader watcher sent an invalid line")
            if not self._closed.wait(_RESTART_SECONDS):
                _log.warning("reader watcher ended; restarting")
                notify(ReaderNotice(Sight.FAILED, ReaderTrouble.NO_SERVICE))

    def _follow_watcher(self, notify: Notify) -> None:
        """Pass on the watcher's notices until it ends, or was silent for too long; then kill it.

        Raises WireClosed if it sends an invalid line.
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
        """Pass on the watcher's notices until it ends; return False if it hangs instead."""
        pipe, rest = watcher.stdout, b""
        while pipe is not None and select.select([pipe], [], [], WATCHER_SILENT_SECONDS)[0]:
            piece = os.read(pipe.fileno(), _LONGEST_LINE)
            if not piece:
                return True
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                raise wire.WireClosed
            for line in lines:
                if notice := worker_messages.understood(_notice, line):
                    notify(notice)
        return False


class _NoTurn(TimeoutError):
    """The worker did not get the card: the card service hangs, or another program holds the card.

    The card has seen no command of ours.
    """


def _is_mute(outcome: object) -> bool:
    """Return whether nothing answered: a mute card, or a reader that something unknown holds."""
    held = isinstance(outcome, ReaderUnavailable) and outcome.trouble is ReaderTrouble.HELD
    return held or isinstance(outcome, CardMute)


class _Worker:
    """One worker process and the socket to it."""

    def __init__(self) -> None:
        self._socket, worker_end = socket.socketpair()
        with worker_end:
            try:
                self._process = subprocess.Popen(
                    [*WORKER, str(worker_end.fileno())],
                    pass_fds=[worker_end.fileno()],
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
        """Send a request, attend to its steps and questions, and return its result or error.

        Raises TimeoutError after `seconds`, not counting the time of `attend`, and after
        LONGEST_SECONDS with that time. It is a _NoTurn if the worker has not got the card by then.
        Raises WireClosed if the worker dies, or sends too many steps or questions.
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
            kind = worker_messages.comes_up(answer)
            if attend is None or kind is None:
                return answer
            left[kind] -= 1
            if left[kind] < 0:
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
        """Kill the process now."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process and clean up after it."""
        self.kill()
        self._process.wait()
        self._socket.close()


def _started_worker() -> _Worker:
    try:
        return _Worker()
    except OSError as error:
        _log.error("cannot start the card worker: %s", error.strerror)
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

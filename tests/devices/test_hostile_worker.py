# SPDX-License-Identifier: Apache-2.0
"""Workers that a hostile card controls, and watchers that run amok, played by test programs.

The kiosk kills them, whatever they send, and raises an error of its own; their successors work.
"""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.card.passcode_work import Own
from kiosk.card.unlock_work import Candidate, CardStep, UnlockPlan
from kiosk.devices.reader import ReaderNotice, Sight
from kiosk.devices.reader import process as reader_process
from kiosk.devices.reader.process import PcscReader
from kiosk.errors import CardMute, ReaderUnavailable
from kiosk.values import CardIdentity, Family, Secret
from tests.devices.bench import workers
from tests.patience import PATIENCE

pytestmark = pytest.mark.dealt

IDENTITY = CardIdentity(Family.PIV, "00112233")
_STEP = b'{"step": {"command": "verify", "generation": 0, "status": null, "signature": null}}'
_REPORT = (
    b'{"result": {"identity": {"family": "piv", "serial": %s}, "counters": {"passcode": %s},'
    b' "rules": {}, "certificates": {"authentication": %s}, "abilities": []}}'
)

# `workers` finds the process by this comment.
_SOCKET = """# kiosk.devices.reader.worker
import socket, sys, time
parent = socket.socket(fileno=int(sys.argv[1]))
def read():
    size = int.from_bytes(parent.recv(4, socket.MSG_WAITALL), "big")
    head = parent.recv(size, socket.MSG_WAITALL)
    for _ in range(head.count(b'"secret"')):
        parent.recv(int.from_bytes(parent.recv(2), "big"))
    return head
def frame(head):
    return len(head).to_bytes(4, "big") + head
"""


@pytest.fixture
def reader() -> Iterator[PcscReader]:
    made = PcscReader()
    yield made
    made.close()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    return Worker(monkeypatch)


class Worker:
    """Runs a program in the worker's place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def is_(self, *lines: str) -> None:
        """Use this program from now on; it sleeps at its end."""
        program = "\n".join([_SOCKET, *lines, "time.sleep(600)"])
        self._monkeypatch.setattr(reader_process, "WORKER", (sys.executable, "-c", program))

    def says(self, head: bytes, rest: bytes = b"") -> None:
        """Answer every request with this frame."""
        self.is_("while read():", f"    parent.sendall(frame({head!r}) + {rest!r})")


def change(reader: PcscReader) -> None:
    reader.change((IDENTITY, Own(None, bytes(32))), Secret(b"246802"), Secret(b"135790"))


def plan() -> UnlockPlan:
    key = Candidate(0, Secret(b"12345678"))
    return UnlockPlan(
        IDENTITY, key, None, 0, False, 0, False, Secret(b"135790"), b"p" * 32, None, None, {}
    )


class CountingAuthority:
    """An authority that counts its calls."""

    def __init__(self) -> None:
        self.times = 0

    def opening(self) -> bytes:
        self.times += 1
        return b""

    def answer(self, challenge: bytes) -> bytes:  # noqa: ARG002
        self.times += 1
        return b""

    def check(self, reply: bytes) -> None:  # noqa: ARG002
        self.times += 1


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        (b'{"hex": "zz"}', b""),
        (b'{"hex": 5}', b""),
        (b'{"result": {"secret": 7}}', b"\0\1x"),
        (b'{"result": {"secret": "x"}}', b"\0\1x"),
        (b'{"result": [%s]}' % b",".join([b'{"secret": 0}'] * 9), b"\0\1x" * 9),
        (b"[" * 100_000, b""),
        (b'{"a":' * 900 + b"1" + b"}" * 900, b""),
        (b"not JSON", b""),
        (b"\xff\xff", b""),
        (b"5", b""),
        (b"{}", b""),
        (b'{"result": {}}', b""),
        (b'{"result": null}', b""),
        (b'{"error": {}}', b""),
        (b'{"error": null}', b""),
        (b'{"error": {"name": ["CardMute"], "data": {}}}', b""),
        (b'{"error": {"name": "CardMute", "data": {}}}', b""),
        (b'{"error": {"name": "CardRemoved", "data": {"card": 1}}}', b""),
        (b'{"error": {"name": "ReaderUnavailable", "data": {"trouble": "a ghost"}}}', b""),
        (b'{"error": {"name": "CardRefused", "data": {"command": "x", "status": "y"}}}', b""),
        (_STEP, b""),  # an inspection has no steps to handle
        (_REPORT % (b"5", b"3", b"null"), b""),
        (_REPORT % (b'"00112233"', b'"3"', b"null"), b""),
        (_REPORT % (b'"00112233"', b"3", b'"DER"'), b""),
    ],
)
def test_a_worker_that_sends_nonsense_is_killed(
    reader: PcscReader, worker: Worker, head: bytes, rest: bytes
) -> None:
    worker.says(head, rest)
    with pytest.raises(CardMute):
        reader.inspect()
    assert workers() == set()
    worker.says(_REPORT % (b'"00112233"', b"3", b"null"))
    assert reader.inspect().identity == IDENTITY


def test_a_slow_answer_counts_against_the_same_deadline(
    reader: PcscReader, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader_process.SECONDS, "change", 1.0)
    worker.is_(
        "read()",
        """for byte in frame(b'{"result": {}' + b" " * 60 + b"}"):""",
        "    parent.sendall(bytes((byte,)))",
        "    time.sleep(0.1)",
    )
    with pytest.raises(ReaderUnavailable):
        change(reader)
    assert workers() == set()


def test_a_worker_that_records_endlessly_is_killed(reader: PcscReader, worker: Worker) -> None:
    steps: list[CardStep] = []
    worker.is_(
        f"for _ in range({reader_process.MOST_STEPS + 1}):",
        f"    read(), parent.sendall(frame({_STEP!r}))",
        """read(), parent.sendall(frame(b'{"result": {"generation": 0}}'))""",
    )
    with pytest.raises(CardMute):
        reader.unlock(plan(), steps.append)
    assert len(steps) == reader_process.MOST_STEPS
    assert workers() == set()


@pytest.mark.parametrize("question", ["opening", "answer", "check"])
def test_a_worker_that_asks_endlessly_is_killed(
    reader: PcscReader, worker: Worker, question: str
) -> None:
    authority = CountingAuthority()
    asked = b'{"consult": "%s", "bytes": {"hex": "00"}}' % question.encode()
    worker.is_(
        f"for _ in range({reader_process.MOST_QUESTIONS + 1}):",
        f"    read(), parent.sendall(frame({asked!r}))",
        """read(), parent.sendall(frame(b'{"result": {"generation": 0}}'))""",
    )
    with pytest.raises(CardMute):
        reader.unlock(plan(), lambda _: None, authority)
    assert authority.times == reader_process.MOST_QUESTIONS


@pytest.mark.parametrize(
    "head",
    [
        b'{"consult": "a ghost", "bytes": {"hex": "00"}}',
        b'{"consult": ["check"], "bytes": {"hex": "00"}}',
        b'{"consult": "check", "bytes": "00"}',
        b'{"consult": "answer"}',
        b'{"step": {}}',
        b'{"step": {"command": "verify", "generation": "0", "status": null, "signature": null}}',
        b'{"result": {"generation": "0"}}',
    ],
)
def test_nonsense_is_neither_answered_nor_recorded(
    reader: PcscReader, worker: Worker, head: bytes
) -> None:
    authority, steps = CountingAuthority(), list[CardStep]()
    worker.says(head)
    with pytest.raises(CardMute):
        reader.unlock(plan(), steps.append, authority)
    assert (authority.times, steps) == (0, [])
    assert workers() == set()


def test_handled_requests_count_against_the_deadline(
    reader: PcscReader, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_process, "LONGEST_SECONDS", 1.0)
    worker.is_(
        "for _ in range(10):",
        f"    read(), parent.sendall(frame({_STEP!r}))",
        """read(), parent.sendall(frame(b'{"result": {"generation": 0}}'))""",
    )
    with pytest.raises(CardMute):
        reader.unlock(plan(), lambda _: time.sleep(0.2))
    assert workers() == set()


def test_the_reader_is_out_of_service_if_no_worker_starts(
    reader: PcscReader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_process, "WORKER", (str(folder / "missing"),))
    with pytest.raises(ReaderUnavailable):
        change(reader)


# ---------------------------------------------------------------- the watcher

_WATCHER = """
import os, sys, time
pids, mad = sys.argv[1:]
first = not os.path.exists(pids)
with open(pids, "a") as file:
    print(os.getpid(), file=file)
sane = '{"sight": "ready", "trouble": null, "simulated": false}\\n'
os.write(1, bytes.fromhex(mad) if first else sane.encode())
time.sleep(600)
"""


@pytest.mark.parametrize(
    "mad",
    [
        b"not JSON\n",
        b"\xff\n",
        b"5\n",
        b"[]\n",
        b"[" * 4000 + b"\n",
        b"x" * 5000,
        b'{"sight": "a ghost", "trouble": null, "simulated": false}\n',
        b'{"sight": "failed", "trouble": "a ghost", "simulated": false}\n',
        b'{"sight": "ready"}\n',
    ],
)
def test_a_watcher_that_sends_nonsense_is_replaced(
    reader: PcscReader, folder: Path, monkeypatch: pytest.MonkeyPatch, mad: bytes
) -> None:
    command = (sys.executable, "-c", _WATCHER, str(folder / "pids"), mad.hex())
    monkeypatch.setattr(reader_process, "WATCHER", command)
    notices: queue.Queue[ReaderNotice] = queue.Queue()
    reader.watch(notices.put)
    assert [notices.get(timeout=PATIENCE).sight for _ in range(2)] == [Sight.FAILED, Sight.READY]
    first, _ = (folder / "pids").read_text().split()
    assert not Path("/proc", first).exists()

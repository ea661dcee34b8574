# SPDX-License-Identifier: Apache-2.0
"""The watchdog is fed when every part answers, and only then."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.app.watchdog import Rounds, Watchdog
from kiosk.systemd import Notifier
from tests.patience import PATIENCE

Answered = Callable[[], None]
STOPPED = threading.Event()


@pytest.fixture
def heard(folder: Path) -> Iterator[tuple[Notifier, Callable[..., str | None]]]:
    """A notifier with a quick watchdog, and what it said next; None if that is nothing yet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "notify"))

        def say(wait: bool = True) -> str | None:
            listening.settimeout(PATIENCE if wait else 0)
            try:
                return listening.recv(4096).decode()
            except BlockingIOError:
                return None

        yield Notifier(str(folder / "notify"), watchdog_seconds=0.4), say


Heard = tuple[Notifier, Callable[..., str | None]]


def at_once(answered: Answered) -> None:
    answered()


def later(answered: Answered) -> None:
    threading.Timer(0.02, answered).start()


def never(_: Answered) -> None:
    """A part that hangs."""


def test_it_is_ready_and_alive_once_all_have_answered(heard: Heard, folder: Path) -> None:
    _, said = heard
    # A busy machine does not answer within a tenth of a second.
    notifier = Notifier(str(folder / "notify"), watchdog_seconds=4.0)
    stopped = threading.Event()
    pulse = Watchdog(notifier, {"screen": at_once, "flow": later})
    thread = threading.Thread(target=pulse.run, args=(stopped,))
    thread.start()
    words = [said() for _ in range(5)]
    stopped.set()
    thread.join()
    assert words == ["WATCHDOG=1", "READY=1", "STATUS=in service", "WATCHDOG=1", "WATCHDOG=1"]


@pytest.mark.parametrize("silent", ["screen", "flow", "card worker"])
def test_one_that_is_silent_starves_it_and_is_named(heard: Heard, silent: str) -> None:
    notifier, said = heard
    parts = dict.fromkeys(("screen", "flow", "card worker"), at_once) | {silent: never}
    stopped = threading.Event()
    thread = threading.Thread(target=Watchdog(notifier, parts).run, args=(stopped,))
    thread.start()
    words = {said() for _ in range(3)}
    stopped.set()
    thread.join()
    assert words == {f"STATUS=no answer from: {silent}"}


def test_an_answer_that_comes_after_all_is_none(heard: Heard) -> None:
    notifier, _ = heard
    kept: list[Answered] = []
    pulse = Watchdog(notifier, {"screen": kept.append})
    assert pulse.ask(STOPPED) == ("screen",)
    kept[0]()  # of the round before
    assert pulse.ask(STOPPED) == ("screen",)


def test_loops_feed_it_together(heard: Heard) -> None:
    notifier, said = heard
    rounds = Rounds(notifier, ("delivery", "following"))
    for _ in range(3):
        rounds.been("delivery")
    assert said(wait=False) is None
    rounds.been("following")
    assert said() == "WATCHDOG=1"
    rounds.been("following")
    assert said(wait=False) is None
    rounds.been("delivery")
    assert said() == "WATCHDOG=1"

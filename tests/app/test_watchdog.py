# SPDX-License-Identifier: Apache-2.0
"""The watchdog is pinged only while every part answers."""

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
def notifications(folder: Path) -> Iterator[tuple[Notifier, Callable[..., str | None]]]:
    """Return a notifier with a short watchdog, and a function that reads its next message.

    The function returns None if it should not wait and there is no message yet.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "notify"))

        def say(wait: bool = True) -> str | None:
            listening.settimeout(PATIENCE if wait else 0)
            try:
                return listening.recv(4096).decode()
            except BlockingIOError:
                return None

        yield Notifier(str(folder / "notify"), watchdog_seconds=0.4), say


Notifications = tuple[Notifier, Callable[..., str | None]]


def at_once(answered: Answered) -> None:
    answered()


def later(answered: Answered) -> None:
    threading.Timer(0.02, answered).start()


def never(_: Answered) -> None:
    """A part that hangs."""


def test_the_service_is_ready_once_every_part_has_answered(
    notifications: Notifications, folder: Path
) -> None:
    _, next_message = notifications
    # A busy machine may not answer within a tenth of a second.
    notifier = Notifier(str(folder / "notify"), watchdog_seconds=4.0)
    stopped = threading.Event()
    watchdog = Watchdog(notifier, {"screen": at_once, "flow": later})
    thread = threading.Thread(target=watchdog.run, args=(stopped,))
    thread.start()
    words = [next_message() for _ in range(5)]
    stopped.set()
    thread.join()
    assert words == ["WATCHDOG=1", "READY=1", "STATUS=in service", "WATCHDOG=1", "WATCHDOG=1"]


@pytest.mark.parametrize("silent", ["screen", "flow", "card worker"])
def test_a_silent_part_stops_the_pings_and_is_named(
    notifications: Notifications, silent: str
) -> None:
    notifier, next_message = notifications
    parts = dict.fromkeys(("screen", "flow", "card worker"), at_once) | {silent: never}
    stopped = threading.Event()
    thread = threading.Thread(target=Watchdog(notifier, parts).run, args=(stopped,))
    thread.start()
    words = {next_message() for _ in range(3)}
    stopped.set()
    thread.join()
    assert words == {f"STATUS=no answer from: {silent}"}


def test_a_late_answer_does_not_count_for_the_next_round(notifications: Notifications) -> None:
    notifier, _ = notifications
    pending_answers: list[Answered] = []
    watchdog = Watchdog(notifier, {"screen": pending_answers.append})
    assert watchdog.ask(STOPPED) == ("screen",)
    pending_answers[0]()  # an answer to the round before
    assert watchdog.ask(STOPPED) == ("screen",)


def test_the_watchdog_is_pinged_after_every_loop_has_run(notifications: Notifications) -> None:
    notifier, next_message = notifications
    rounds = Rounds(notifier, ("delivery", "following"))
    for _ in range(3):
        rounds.been("delivery")
    assert next_message(wait=False) is None
    rounds.been("following")
    assert next_message() == "WATCHDOG=1"
    rounds.been("following")
    assert next_message(wait=False) is None
    rounds.been("delivery")
    assert next_message() == "WATCHDOG=1"

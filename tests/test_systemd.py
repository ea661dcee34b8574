# SPDX-License-Identifier: Apache-2.0
"""Notifications to systemd, received at a real socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from kiosk.systemd import Notifier
from tests.patience import PATIENCE


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[socket.socket, str]]:
    """Return a socket like systemd's, and its address in systemd's notation."""
    address = f"{folder}/notify" if request.param == "path" else f"@kiosk-{uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0", 1) if address[0] == "@" else address)
        listening.settimeout(PATIENCE)
        yield listening, address


def test_every_notification_reaches_systemd(listener: tuple[socket.socket, str]) -> None:
    listening, address = listener
    notifier = Notifier.of({"NOTIFY_SOCKET": address})
    notifier.ready()
    notifier.alive()
    notifier.status("two\nlines")
    notifier.failed()
    notifier.stopping()
    heard = [listening.recv(4096).decode() for _ in range(5)]
    assert heard == [
        "READY=1",
        "WATCHDOG=1",
        "STATUS=two lines",
        "WATCHDOG=trigger",
        "STOPPING=1",
    ]


def test_a_notifier_never_blocks_if_systemd_is_gone_or_busy(folder: Path) -> None:
    address = str(folder / "notify")
    Notifier(address).ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        for _ in range(2000):  # more than any queue takes
            Notifier(address).alive()
        assert listening.recv(64) == b"WATCHDOG=1"
    Notifier(address).alive()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Notifier()),
        ({"NOTIFY_SOCKET": "relative"}, Notifier()),
        ({"NOTIFY_SOCKET": "/run/n"}, Notifier("/run/n")),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "30000000"}, Notifier("/run/n", 30.0)),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "soon"}, Notifier("/run/n")),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "0"}, Notifier("/run/n")),
        (
            {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},
            Notifier("/run/n"),
        ),
    ],
)
def test_the_notifier_is_configured_by_the_environment(
    environment: dict[str, str], expected: Notifier
) -> None:
    assert Notifier.of(environment) == expected


def test_the_watchdog_is_used_only_if_it_is_for_this_process() -> None:
    environment = {
        "NOTIFY_SOCKET": "/run/n",
        "WATCHDOG_USEC": "500000",
        "WATCHDOG_PID": str(os.getpid()),
    }
    assert Notifier.of(environment).watchdog_seconds == 0.5

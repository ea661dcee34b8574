# SPDX-License-Identifier: Apache-2.0
"""Log records arrive at a real socket as fields, with their session and nothing else."""

from __future__ import annotations

import contextvars
import logging
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import journal
from kiosk.values import Secret
from tests.patience import PATIENCE


def unpacked(datagram: bytes) -> dict[str, str]:
    """Return the fields of a datagram, parsed as journald does."""
    fields = {}
    while datagram:
        name, _, rest = datagram.partition(b"\n")
        (length,) = struct.unpack("<Q", rest[:8])
        fields[name.decode()] = rest[8 : 8 + length].decode()
        assert rest[8 + length : 9 + length] == b"\n"
        datagram = rest[9 + length :]
    return fields


@pytest.fixture
def listening(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "journal"))
        listening.settimeout(PATIENCE)
        yield listening


@pytest.fixture
def log(folder: Path, listening: socket.socket) -> Iterator[logging.Logger]:
    handler = journal.JournalHandler(listening.getsockname())
    handler.addFilter(journal._with_session)
    log = logging.getLogger(f"kiosk.test.{folder.name}")
    log.setLevel(5)
    log.addHandler(handler)
    yield log
    handler.close()
    log.removeHandler(handler)


def heard(listening: socket.socket) -> dict[str, str]:
    return unpacked(listening.recv(1 << 20))


def test_a_record_is_sent_as_fields(log: logging.Logger, listening: socket.socket) -> None:
    log.warning("the %s went\naway", "reader")
    fields = heard(listening)
    assert fields["MESSAGE"] == "the reader went\naway"
    assert (fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"]) == ("4", "kiosk")
    assert fields["LOGGER"] == log.name
    assert Path(fields["CODE_FILE"]) == Path(__file__)
    assert fields["CODE_FUNC"] == "test_a_record_is_sent_as_fields"
    assert "KIOSK_SESSION" not in fields


@pytest.mark.parametrize(
    ("level", "priority"), [(40, "3"), (30, "4"), (20, "6"), (10, "7"), (5, "7")]
)
def test_levels_become_the_journals_priorities(
    log: logging.Logger, listening: socket.socket, level: int, priority: str
) -> None:
    log.log(level, "x")
    assert heard(listening)["PRIORITY"] == priority


def test_records_of_a_visit_have_its_reference_in_every_thread(
    log: logging.Logger, listening: socket.socket
) -> None:
    def visit() -> None:
        journal.session.set("AB12-CD34")
        log.info("in its own thread")
        about = contextvars.copy_context()
        other = threading.Thread(target=about.run, args=(log.info, "in another"))
        other.start()
        other.join()

    thread = threading.Thread(target=visit)
    thread.start()
    thread.join()
    log.info("of nobody")
    assert [heard(listening).get("KIOSK_SESSION") for _ in range(3)] == ["AB12-CD34"] * 2 + [None]


def test_neither_a_secret_nor_an_exceptions_text_is_logged(
    log: logging.Logger, listening: socket.socket
) -> None:
    log.error("it failed with %s", Secret(b"246802"), exc_info=ValueError("246802"))
    datagram = listening.recv(1 << 20)
    assert b"it failed with <secret>" in datagram
    assert b"246802" not in datagram


def test_a_long_record_is_truncated(log: logging.Logger, listening: socket.socket) -> None:
    log.info("%s", "é" * 100_000)
    assert len(listening.recv(1 << 20)) < 40_000


def test_logging_never_blocks_if_the_journal_is_full_or_gone(
    log: logging.Logger, listening: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(2000):  # more than any queue takes
        log.info("number %d", number)
    listening.close()
    log.error("nobody listens")
    printed = capsys.readouterr().err
    assert "number 1999" in printed
    assert "nobody listens" in printed


def test_records_go_to_the_journal_only_under_systemd(folder: Path) -> None:
    script = (
        "import logging, os, sys; from kiosk import journal\n"
        "here = os.fstat(2)\n"
        "told = {'JOURNAL_STREAM': f'{here.st_dev}:{here.st_ino}'} if sys.argv[2] else {}\n"
        "journal.set_up(20, told, sys.argv[1]); journal.session.set('AB12-CD34')\n"
        "logging.getLogger('kiosk').info('hello')\n"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "journal"))
        listening.settimeout(PATIENCE)
        for under_systemd in ("yes", ""):
            run = subprocess.run(
                [sys.executable, "-c", script, str(folder / "journal"), under_systemd],
                capture_output=True,
                text=True,
                check=True,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            )
            if under_systemd:
                assert unpacked(listening.recv(1 << 20))["MESSAGE"] == "hello"
                assert run.stderr == ""
            else:
                assert run.stderr.endswith("INFO kiosk: hello [AB12-CD34]\n")

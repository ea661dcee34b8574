# SPDX-License-Identifier: Apache-2.0
"""Recordings of what other programs sent to a card, by the recording's name."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "transcripts"


def exchanges(name: str) -> list[tuple[bytes, bytes]]:
    """Return the commands of a recording and their answers, in order."""
    lines = (_FOLDER / f"{name}.txt").read_text().splitlines()
    sent = [bytes.fromhex(line[2:]) for line in lines if line.startswith("> ")]
    answered = [bytes.fromhex(line[2:]) for line in lines if line.startswith("< ")]
    return list(zip(sent, answered, strict=True))


def every() -> list[list[tuple[bytes, bytes]]]:
    """Return the names of all recordings."""
    return [exchanges(path.stem) for path in sorted(_FOLDER.glob("*.txt"))]


def sent(name: str, header: str) -> bytes:
    """Return the one command of a recording that begins with `header` and has data."""
    start = bytes.fromhex(header)
    (command,) = {c for c, _ in exchanges(name) if c.startswith(start) and len(c) > 6}
    return command


def answered(name: str, header: str) -> bytes:
    """Return the data of the last answer to a command that begins with `header`."""
    start = bytes.fromhex(header)
    return [answer for command, answer in exchanges(name) if command.startswith(start)][-1][:-2]

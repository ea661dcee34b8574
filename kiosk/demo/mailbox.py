# SPDX-License-Identifier: Apache-2.0
"""The demonstration's mail: there is no mail server, and central leaves its letters in a folder."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

_LOOK_SECONDS = 0.5
_CODE = re.compile(r"^\s+([0-9]{6})\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Received:
    """A letter as it arrived."""

    address: str
    subject: str
    text: str

    @property
    def code(self) -> str | None:
        """The code that stands apart in it, where there is one."""
        found = _CODE.search(self.text)
        return found and found[1]


def letters(folder: Path) -> list[Received]:
    """All that arrived, in order."""
    return [_read(path) for path in sorted(folder.glob("*.eml"))]


def newest_code(folder: Path) -> str:
    """The code that arrived last; raises LookupError where none has."""
    for letter in reversed(letters(folder)):
        if letter.code:
            return letter.code
    raise LookupError("no code has arrived")


def show_arriving(folder: Path, tell: Callable[[str], None], stop: threading.Event) -> None:
    """Tell of every letter that arrives, until stopped: there is no mail server to look into."""
    seen = 0
    while not stop.wait(_LOOK_SECONDS):
        arrived = letters(folder)
        for letter in arrived[seen:]:
            tell(f"e-mail to {letter.address}: {letter.subject}")
            for line in letter.text.splitlines():
                tell(f"    {line}")
        seen = len(arrived)


def _read(path: Path) -> Received:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
    text = body.get_content() if body is not None else ""
    return Received(str(message["To"]), str(message["Subject"]), text)

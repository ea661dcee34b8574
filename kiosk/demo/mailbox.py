# SPDX-License-Identifier: Apache-2.0
"""The demonstration's mail: central writes its emails to a folder instead of a mail server."""

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
    """An email as it arrived."""

    address: str
    subject: str
    text: str

    @property
    def code(self) -> str | None:
        """The code that stands on a line of its own, or None."""
        found = _CODE.search(self.text)
        return found and found[1]


def letters(folder: Path) -> list[Received]:
    """Return all emails in the order of their arrival."""
    return [_read(path) for path in sorted(folder.glob("*.eml"))]


def newest_code(folder: Path) -> str:
    """Return the code that arrived last; raises LookupError without one."""
    for letter in reversed(letters(folder)):
        if letter.code:
            return letter.code
    raise LookupError("no code has arrived")


def show_arriving(folder: Path, tell: Callable[[str], None], stop: threading.Event) -> None:
    """Call `tell` with each email that arrives, until `stop`."""
    seen = 0
    while not stop.wait(_LOOK_SECONDS):
        arrived = letters(folder)
        for letter in arrived[seen:]:
            tell(f"email to {letter.address}: {letter.subject}")
            for line in letter.text.splitlines():
                tell(f"    {line}")
        seen = len(arrived)


def _read(path: Path) -> Received:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
    text = body.get_content() if body is not None else ""
    return Received(str(message["To"]), str(message["Subject"]), text)

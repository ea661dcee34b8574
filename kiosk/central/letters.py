"""The e-mails that central writes: what they say, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail without its address: a subject and paragraphs; `code` is set apart from them.

    It is silent about its content when it is printed: a code is in it.
    """

    subject: str
    paragraphs: tuple[str, ...]
    code: str = ""

    def __repr__(self) -> str:
        return f"Letter({self.subject!r})"

    @property
    def text(self) -> str:
        """As plain text."""
        parts = [self.paragraphs[0], *([f"    {self.code}"] if self.code else [])]
        return "\n\n".join((*parts, *self.paragraphs[1:])) + "\n"

    @property
    def html(self) -> str:
        """As HTML: nothing is fetched from anywhere."""
        large = '<p style="font-size:2em;letter-spacing:0.2em"><strong>{}</strong></p>'
        parts = [f"<p>{escape(self.paragraphs[0])}</p>"]
        parts += [large.format(escape(self.code))] if self.code else []
        parts += [f"<p>{escape(each)}</p>" for each in self.paragraphs[1:]]
        body = "\n".join(parts)
        return _PAGE.format(title=escape(self.subject), body=body)


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family:sans-serif;font-size:1.1em">
{body}
</body>
</html>
"""

_NOT_YOU = (
    "If this was not you, tell your registration authority at once: somebody has your smartcard,"
    " or knows the answers to your security questions."
)
_NEVER_ASKED = "Nobody will ever ask you for this code by telephone or e-mail."


def unlock_code(name: str, code: str, kiosk: str, valid: timedelta) -> Letter:
    """The code that is asked for at the kiosk."""
    minutes = int(valid.total_seconds()) // 60
    return Letter(
        subject="Your code to unlock your smartcard",
        paragraphs=(
            f"Dear {name}, enter this code at the smartcard kiosk “{kiosk}”:",
            f"It is valid for {minutes} minutes. {_NEVER_ASKED}",
            _NOT_YOU,
        ),
        code=code,
    )


def registration_code(name: str, code: str, valid: timedelta) -> Letter:
    """The code of the last step of registering."""
    minutes = int(valid.total_seconds()) // 60
    return Letter(
        subject="Your registration code for smartcard self service",
        paragraphs=(
            f"Dear {name}, enter this registration code at the smartcard kiosk:",
            f"It is valid for {minutes} minutes. {_NEVER_ASKED}",
            "If you are not registering for smartcard self service, you can ignore this e-mail.",
        ),
        code=code,
    )


def registered(name: str, kiosk: str, at: datetime) -> Letter:
    """A card was registered for self service."""
    return Letter(
        subject="Your smartcard is registered for self service",
        paragraphs=(
            f"Dear {name}, your smartcard was registered for self service at the kiosk “{kiosk}”"
            f" on {_when(at)}.",
            "If it locks, put it into any kiosk and answer your security questions.",
            _NOT_YOU,
        ),
    )


def registration_removed(name: str, kiosk: str, at: datetime) -> Letter:
    """A registration was ended."""
    return Letter(
        subject="Your registration for smartcard self service was removed",
        paragraphs=(
            f"Dear {name}, your registration was removed at the kiosk “{kiosk}” on {_when(at)}."
            " Your answers are no longer kept.",
            _NOT_YOU,
        ),
    )


def address_changed(name: str, address: str, kiosk: str, at: datetime) -> Letter:
    """To the address before: it is no longer the one that is written to."""
    return Letter(
        subject="Your e-mail address for smartcard self service was changed",
        paragraphs=(
            f"Dear {name}, at the kiosk “{kiosk}” your address was changed to {address} on"
            f" {_when(at)}. From now on codes and notices go there.",
            _NOT_YOU,
        ),
    )


def unlocked(name: str, kiosk: str, at: datetime) -> Letter:
    """A card was unlocked."""
    return Letter(
        subject="Your smartcard was unlocked",
        paragraphs=(
            f"Dear {name}, your smartcard was unlocked and given a new passcode at the kiosk"
            f" “{kiosk}” on {_when(at)}.",
            "If this was you, there is nothing to do.",
            _NOT_YOU,
        ),
    )


def passcode_changed(name: str, kiosk: str, at: datetime) -> Letter:
    """A passcode was changed by somebody who knew the old one."""
    return Letter(
        subject="The passcode of your smartcard was changed",
        paragraphs=(
            f"Dear {name}, the passcode of your smartcard was changed at the kiosk “{kiosk}” on"
            f" {_when(at)}.",
            "If this was you, there is nothing to do.",
            _NOT_YOU,
        ),
    )


def attempt_failed(name: str, kiosk: str, at: datetime, *, locked: bool) -> Letter:
    """Answers were wrong; `locked` where they were wrong once too often."""
    then = (
        "Self service is now locked for your smartcard. Your registration authority can release it."
        if locked
        else "You may try again."
    )
    return Letter(
        subject="Self service is locked" if locked else "Wrong answers for your smartcard",
        paragraphs=(
            f"Dear {name}, somebody tried to unlock your smartcard at the kiosk “{kiosk}” on"
            f" {_when(at)}, and answered your security questions wrongly.",
            then,
            _NOT_YOU,
        ),
    )


def _when(at: datetime) -> str:
    return at.strftime("%d %B %Y at %H:%M UTC").lstrip("0")

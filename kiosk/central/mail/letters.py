# SPDX-License-Identifier: Apache-2.0
"""The text of central's emails, in the reader's language. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Protocol

from kiosk.central.mail.wording import Wording, wording


class Reader(Protocol):
    """The cardholder that a letter is addressed to."""

    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Letter:
    """An email without its address: a subject, paragraphs, and perhaps a code set apart from them.

    Its representation does not show the content, because that may be a code.
    """

    subject: str
    paragraphs: tuple[str, ...]
    code: str = ""
    language: str = "en"

    def __repr__(self) -> str:
        return f"Letter({self.subject!r})"

    @property
    def text(self) -> str:
        """Return the letter as plain text."""
        parts = [self.paragraphs[0], *([f"    {self.code}"] if self.code else [])]
        return "\n\n".join((*parts, *self.paragraphs[1:])) + "\n"

    @property
    def html(self) -> str:
        """Return the letter as HTML, which loads nothing from elsewhere."""
        large = '<p style="font-size:2em;letter-spacing:0.2em"><strong>{}</strong></p>'
        parts = [f"<p>{escape(self.paragraphs[0])}</p>"]
        parts += [large.format(escape(self.code))] if self.code else []
        parts += [f"<p>{escape(each)}</p>" for each in self.paragraphs[1:]]
        body = "\n".join(parts)
        return _PAGE.format(language=self.language, title=escape(self.subject), body=body)


_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family:sans-serif;font-size:1.1em">
{body}
</body>
</html>
"""


def unlock_code(to: Reader, code: str, kiosk: str, valid: timedelta) -> Letter:
    """Return the letter with the code for an unlock."""
    w = wording(to.language)
    return _letter(
        w,
        w.text("Your code to unlock your smartcard"),
        w.text(
            "Dear {name}, enter this code at the smartcard kiosk “{kiosk}”:",
            name=to.name,
            kiosk=kiosk,
        ),
        _validity(w, valid),
        _not_you(w),
        code=code,
    )


def registration_code(to: Reader, code: str, valid: timedelta) -> Letter:
    """Return the letter with the code for the last step of a registration."""
    w = wording(to.language)
    return _letter(
        w,
        w.text("Your registration code for smartcard self service"),
        w.text("Dear {name}, enter this registration code at the smartcard kiosk:", name=to.name),
        _validity(w, valid),
        w.text("If you are not registering for smartcard self service, you can ignore this email."),
        code=code,
    )


def registered(to: Reader, kiosk: str, at: datetime) -> Letter:
    """Return the letter that says that a card was registered for self service."""
    w = wording(to.language)
    return _letter(
        w,
        w.text("Your smartcard is registered for self service"),
        w.text(
            "Dear {name}, your smartcard was registered for self service at the kiosk “{kiosk}” on"
            " {at}.",
            **_values(w, to, kiosk, at),
        ),
        w.text("If it locks, put it into any kiosk and answer your security questions."),
        _not_you(w),
    )


def registration_removed(to: Reader, kiosk: str, at: datetime) -> Letter:
    """Return the letter that says that a registration was ended."""
    w = wording(to.language)
    return _letter(
        w,
        w.text("Your registration for smartcard self service was removed"),
        w.text(
            "Dear {name}, your registration was removed at the kiosk “{kiosk}” on {at}. Your"
            " answers are no longer kept.",
            **_values(w, to, kiosk, at),
        ),
        _not_you(w),
    )


def address_changed(to: Reader, address: str, kiosk: str, at: datetime) -> Letter:
    """Return the letter to the former address, which says that another one is used from now on."""
    w = wording(to.language)
    return _letter(
        w,
        w.text("Your email address for smartcard self service was changed"),
        w.text(
            "Dear {name}, at the kiosk “{kiosk}” your address was changed to {address} on {at}."
            " From now on codes and notices go there.",
            address=address,
            **_values(w, to, kiosk, at),
        ),
        _not_you(w),
    )


def unlocked(to: Reader, kiosk: str, at: datetime) -> Letter:
    """Return the letter that says that a card was unlocked."""
    w = wording(to.language)
    return _letter(
        w,
        w.text("Your smartcard was unlocked"),
        w.text(
            "Dear {name}, your smartcard was unlocked and given a new passcode at the kiosk"
            " “{kiosk}” on {at}.",
            **_values(w, to, kiosk, at),
        ),
        w.text("If this was you, there is nothing to do."),
        _not_you(w),
    )


def passcode_changed(to: Reader, kiosk: str, at: datetime) -> Letter:
    """Return the letter that says that somebody who knew the old passcode changed it."""
    w = wording(to.language)
    return _letter(
        w,
        w.text("The passcode of your smartcard was changed"),
        w.text(
            "Dear {name}, the passcode of your smartcard was changed at the kiosk “{kiosk}” on"
            " {at}.",
            **_values(w, to, kiosk, at),
        ),
        w.text("If this was you, there is nothing to do."),
        _not_you(w),
    )


def attempt_failed(to: Reader, kiosk: str, at: datetime, *, locked: bool) -> Letter:
    """Return the letter about wrong answers; `locked`: they were the last that were allowed."""
    w = wording(to.language)
    subject, then = w.text("Wrong answers for your smartcard"), w.text("You may try again.")
    if locked:
        subject = w.text("Self service is locked")
        then = w.text(
            "Self service is now locked for your smartcard. Your registration authority can release"
            " it."
        )
    return _letter(
        w,
        subject,
        w.text(
            "Dear {name}, somebody tried to unlock your smartcard at the kiosk “{kiosk}” on {at},"
            " and answered your security questions wrongly.",
            **_values(w, to, kiosk, at),
        ),
        then,
        _not_you(w),
    )


def codes_guessed(to: Reader, kiosk: str, at: datetime) -> Letter:
    """Return the letter about several wrong guesses at emailed codes."""
    w = wording(to.language)
    return _letter(
        w,
        w.text("Somebody guessed at your codes"),
        w.text(
            "Dear {name}, somebody at the kiosk “{kiosk}” entered wrong codes for your smartcard"
            " several times, the last time on {at}.",
            **_values(w, to, kiosk, at),
        ),
        w.text("They have to wait longer after each further wrong code."),
        _not_you(w),
    )


# ---------------------------------------------------------------- common parts


def _letter(w: Wording, subject: str, *paragraphs: str, code: str = "") -> Letter:
    return Letter(subject, paragraphs, code, w.language)


def _values(w: Wording, to: Reader, kiosk: str, at: datetime) -> dict[str, str]:
    return {"name": to.name, "kiosk": kiosk, "at": w.moment(at)}


def _validity(w: Wording, valid: timedelta) -> str:
    minutes = int(valid.total_seconds()) // 60
    return w.text(
        "It is valid for {minutes} minutes. Nobody will ever ask you for this code by telephone or"
        " email.",
        minutes=minutes,
    )


def _not_you(w: Wording) -> str:
    return w.text(
        "If this was not you, tell your registration authority at once: somebody has your"
        " smartcard, or knows the answers to your security questions."
    )

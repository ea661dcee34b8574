# SPDX-License-Identifier: Apache-2.0
"""Everything that can be found out about a card without spending a try, whatever it is.

Unlike `inspect` this does not stop at the first thing that is wrong: each finding is a line of its
own. No holder's name is in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.card import public_keys
from kiosk.card.apdu import Connection
from kiosk.card.atr import capabilities
from kiosk.card.preflight import Purpose, obstacle
from kiosk.card.recognition import recognise, report
from kiosk.card.session import CardSession
from kiosk.errors import CardError, CardMute, CardRemoved


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what was found."""

    what: str
    found: str


def examine(connection: Connection) -> tuple[Finding, ...]:
    """Look at the card; raises CardRemoved or CardMute where it stops answering."""
    told = capabilities(connection.atr)
    findings = [
        Finding("answer to reset", connection.atr.hex(" ").upper()),
        Finding("command chaining", _announced(told.chaining)),
        Finding("extended length", _announced(told.extended)),
    ]
    try:
        card = recognise(connection)
    except (CardRemoved, CardMute):
        raise
    except CardError as error:
        return (*findings, Finding("recognised as", f"nothing that is known: {error}"))
    return (*findings, Finding("recognised as", card.kind), *_of_card(card), *_may(card))


def _of_card(card: CardSession) -> list[Finding]:
    rules = card.rules
    return [
        _look("tries left, passcode", lambda: _number(card.counters().passcode)),
        _look("tries left, unblocking key", lambda: _number(card.counters().unblocking)),
        _look("serial", lambda: card.identity().serial),
        Finding("new passcodes", f"{rules.minimum} to {rules.maximum} digits"),
        _look("can do", lambda: ", ".join(sorted(card.abilities)) or "unlock and change only"),
        _look("certificate for log in", lambda: _told(card.certificates().authentication)),
        _look("certificate of the card", lambda: _told(card.certificates().card_authentication)),
    ]


def _may(card: CardSession) -> list[Finding]:
    try:
        told = report(card)
    except (CardRemoved, CardMute):
        raise
    except CardError as error:
        return [Finding("may", f"nothing: {error}")]
    return [Finding(f"may {purpose}", obstacle(told, purpose) or "yes") for purpose in Purpose]


def _look(what: str, find: Callable[[], str]) -> Finding:
    try:
        return Finding(what, find())
    except (CardRemoved, CardMute):
        raise
    except CardError as error:
        return Finding(what, f"not to be had: {error}")


def _announced(capable: bool | None) -> str:
    return {None: "not announced", True: "announced", False: "announced as missing"}[capable]


def _number(left: int | None) -> str:
    return "not told" if left is None else str(left)


def _told(der: bytes | None) -> str:
    if der is None:
        return "none"
    key = public_keys.from_certificate(der, "certificate")
    expires = public_keys.expires(der, "certificate")
    return f"{public_keys.described(key)}, valid until {expires:%Y-%m-%d}"

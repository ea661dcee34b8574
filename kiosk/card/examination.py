# SPDX-License-Identifier: Apache-2.0
"""Finds out everything about a card of any kind without spending a try.

Unlike `inspect`, it does not stop at the first error: each finding is a line of its own. No
cardholder's name is in a finding.
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
    """One fact that was examined, and the result."""

    what: str
    found: str


def examine(connection: Connection) -> tuple[Finding, ...]:
    """Return the findings about the card; raises CardRemoved or CardMute if it falls silent."""
    announced = capabilities(connection.atr)
    findings = [
        Finding("answer to reset", connection.atr.hex(" ").upper()),
        Finding("command chaining", _announced(announced.chaining)),
        Finding("extended length", _announced(announced.extended)),
    ]
    try:
        card = recognise(connection)
    except (CardRemoved, CardMute):
        raise
    except CardError as error:
        return (*findings, Finding("recognised as", f"no known kind of card: {error}"))
    return (*findings, Finding("recognised as", card.kind), *_of_card(card), *_may(card))


def _of_card(card: CardSession) -> list[Finding]:
    rules = card.rules
    return [
        _look("tries left, passcode", lambda: _number(card.counters().passcode)),
        _look("tries left, unblocking key", lambda: _number(card.counters().unblocking)),
        _look("serial", lambda: card.identity().serial),
        Finding("new passcodes", f"{rules.minimum} to {rules.maximum} digits"),
        _look("can do", lambda: ", ".join(sorted(card.abilities)) or "unlock and change only"),
        _look(
            "certificate for log in",
            lambda: _describe_certificate(card.certificates().authentication),
        ),
        _look(
            "certificate of the card",
            lambda: _describe_certificate(card.certificates().card_authentication),
        ),
    ]


def _may(card: CardSession) -> list[Finding]:
    try:
        summary = report(card)
    except (CardRemoved, CardMute):
        raise
    except CardError as error:
        return [Finding("may", f"nothing: {error}")]
    return [Finding(f"may {purpose}", obstacle(summary, purpose) or "yes") for purpose in Purpose]


def _look(what: str, find: Callable[[], str]) -> Finding:
    try:
        return Finding(what, find())
    except (CardRemoved, CardMute):
        raise
    except CardError as error:
        return Finding(what, f"not available: {error}")


def _announced(capable: bool | None) -> str:
    return {None: "not announced", True: "announced", False: "announced as missing"}[capable]


def _number(left: int | None) -> str:
    return "not reported" if left is None else str(left)


def _describe_certificate(der: bytes | None) -> str:
    if der is None:
        return "none"
    key = public_keys.from_certificate(der, "certificate")
    expires = public_keys.expires(der, "certificate")
    return f"{public_keys.described(key)}, valid until {expires:%Y-%m-%d}"

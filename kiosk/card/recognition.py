# SPDX-License-Identifier: Apache-2.0
"""Recognises a card's family with as few commands as possible.

The order is fixed: first the profiles that match the card's answer to reset; then PIV, GIDS, and
the applications of the profiles in the order of their names. Each candidate costs one SELECT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kiosk.card.apdu import Connection
from kiosk.card.card_profile import shipped
from kiosk.card.gids import GidsCard
from kiosk.card.iso7816 import Iso7816Card
from kiosk.card.piv import PivCard
from kiosk.card.session import Ability, CardReport, CardSession, Certificates
from kiosk.errors import CardMalformed, CardRefused, CardUnknown
from kiosk.values import Family

_Open = Callable[[Connection], CardSession]


def recognise(connection: Connection, family: Family | None = None) -> CardSession:
    """Return the card's selected application; raises CardUnknown if no family fits.

    If `family` is given, only candidates of that family are tried.
    """
    for kind, open_ in _candidates(connection.atr):
        if family in {None, kind}:
            try:
                return open_(connection)
            except CardUnknown:
                continue
    raise CardUnknown(connection.atr.hex())


def inspect(connection: Connection) -> CardReport:
    """Return everything that can be read from a card without spending a try."""
    return report(recognise(connection))


def report(card: CardSession) -> CardReport:
    """Return the same for a card that has been recognised."""
    # Read the counters first: later a verified passcode could hide them.
    counters = card.counters()
    identity, certificates = card.identity(), _certificates(card)
    abilities = card.abilities - _lacking(certificates)
    return CardReport(identity, counters, card.rules, certificates, abilities)


def _certificates(card: CardSession) -> Certificates:
    """Return the usable certificates; an unreadable one must not prevent an unlock."""
    try:
        return card.certificates().usable()
    except (CardMalformed, CardRefused):
        return Certificates()


def _lacking(certificates: Certificates) -> frozenset[Ability]:
    """Return the abilities that the card lacks for want of a certificate."""
    missing = set()
    if certificates.authentication is None:
        missing.add(Ability.LOG_IN)
    if certificates.card_authentication is None:
        missing.add(Ability.PROVE)
    return frozenset(missing)


def _candidates(atr: bytes) -> Iterator[tuple[Family, _Open]]:
    known = [profile for profile in shipped() if profile.recognition.knows(atr)]
    for profile in known:
        yield Family.ISO7816, Iso7816Card.of(profile)
    yield Family.PIV, PivCard
    yield Family.GIDS, GidsCard
    for profile in shipped():
        if profile not in known and profile.recognition.application:
            yield Family.ISO7816, Iso7816Card.of(profile)

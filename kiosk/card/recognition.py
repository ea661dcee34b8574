# SPDX-License-Identifier: Apache-2.0
"""Which family a card belongs to, found with as few commands as possible.

The order is fixed: profiles that know the card's answer to reset; then PIV, GIDS, and the
applications of the profiles in the order of their names. One SELECT for each that is asked.
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
    """The card's application, selected; raises CardUnknown where no family fits.

    Where it is known which family the card must be of, the others are not asked.
    """
    for kind, open_ in _candidates(connection.atr):
        if family in {None, kind}:
            try:
                return open_(connection)
            except CardUnknown:
                continue
    raise CardUnknown(connection.atr.hex())


def inspect(connection: Connection) -> CardReport:
    """Everything about a card that can be read without spending a try."""
    return report(recognise(connection))


def report(card: CardSession) -> CardReport:
    """The same about a card that has been recognised."""
    # The counters come first: reading them later could find them hidden by a verified state.
    counters = card.counters()
    identity, certificates = card.identity(), _certificates(card)
    abilities = card.abilities - _without(certificates)
    return CardReport(identity, counters, card.rules, certificates, abilities)


def _certificates(card: CardSession) -> Certificates:
    """What there is of them and can be used: an odd one keeps nobody from unlocking the card."""
    try:
        return card.certificates().usable()
    except (CardMalformed, CardRefused):
        return Certificates()


def _without(certificates: Certificates) -> frozenset[Ability]:
    """What a card cannot do for lack of a certificate."""
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

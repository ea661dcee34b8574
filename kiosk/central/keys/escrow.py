# SPDX-License-Identifier: Apache-2.0
"""The escrow: a card's unblocking keys by generation. Generation 0 was imported, the others derive.

So central can produce every key that a card may carry: it only needs the master key and the card's
seed, both of which were on disk before the card was first used.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

from sqlmodel import Session, select

from kiosk.card.cryptogram import KeyKind
from kiosk.central.keys import escrow_journal
from kiosk.central.keys.master_key import MasterKey
from kiosk.central.tables import Card, EscrowedKey
from kiosk.values import Family, Secret


@dataclass(frozen=True, slots=True)
class Format:
    """The format of a card family's unblocking keys: their lengths and bytes.

    `renewed`: each use is followed by a change to the next generation. `leaves`: kiosks are given
    the key. Otherwise it is an administrator key, and central answers the card's challenge itself.
    """

    alphabet: bytes
    lengths: range
    renewed: bool = False
    leaves: bool = True

    def fits(self, key: bytes) -> bool:
        """Return whether a card could carry `key`."""
        return len(key) in self.lengths and all(byte in self.alphabet for byte in key)


_ALPHANUMERIC = (string.ascii_letters + string.digits).encode()
FORMATS = {
    # SP 800-73: a PIV unblocking key is eight bytes; every card accepts letters and digits.
    Family.PIV: Format(_ALPHANUMERIC, range(8, 9), renewed=True),
    # Two or three DES keys, or one AES key: see `card.cryptogram`.
    Family.GIDS: Format(bytes(range(256)), range(16, 33, 8), leaves=False),
    # The kiosk's profile of the card says which object this is; not every applet can change it.
    Family.ISO7816: Format(bytes(range(0x20, 0x7F)), range(4, 17)),
}


@dataclass(frozen=True, slots=True)
class EscrowedAdministratorKey:
    """A key that never leaves central, its cipher, and whether its card has the mutual form."""

    key: Secret
    kind: KeyKind
    mutual: bool


class Escrow:
    """Stores imported unblocking keys, and produces the key of any generation."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master

    def add(
        self,
        database: Session,
        card: Card,
        imported: Secret,
        kind: KeyKind | None = None,
        *,
        mutual: bool = True,
    ) -> None:
        """Store `imported` as the card's generation 0; `kind` is an administrator key's cipher."""
        wrapped = self.wrap(card.family, card.serial, imported)
        database.add(
            EscrowedKey(card_id=card.id, generation=0, wrapped=wrapped, kind=kind, mutual=mutual)
        )
        escrow_journal.note(
            database,
            escrow_journal.CardLine(
                family=card.family,
                serial=card.serial,
                seed=card.seed,
                wrapped=wrapped,
                cipher=kind,
                mutual=mutual,
                tries=card.unblocking_maximum,
            ),
        )

    def wrap(self, family: Family, serial: str, imported: Secret) -> bytes:
        """Return the imported key of a card as it is stored."""
        return self._master.wrap(imported.reveal(), _context(family, serial))

    def unwrap(self, family: Family, serial: str, wrapped: bytes) -> Secret:
        """Return the imported key of a card from its stored form."""
        return Secret(self._master.unwrap(wrapped, _context(family, serial)))

    def key(self, database: Session, card: Card, generation: int) -> Secret:
        """Return the card's unblocking key of `generation`."""
        if generation > 0:
            return self._derived(card, generation)
        return self.unwrap(card.family, card.serial, _row(database, card).wrapped)

    def fingerprint(self, database: Session, card: Card) -> bytes:
        """Return the hash of what the card's keys come from, as its journal line has it."""
        return escrow_journal.fingerprint(card.seed, _row(database, card).wrapped)

    def administrator_key(self, database: Session, card: Card) -> EscrowedAdministratorKey:
        """Return the key that answers the challenges of `card`."""
        row = _row(database, card)
        kind = KeyKind(row.kind or KeyKind.TRIPLE_DES)
        key = self.unwrap(card.family, card.serial, row.wrapped)
        return EscrowedAdministratorKey(key, kind, row.mutual)

    def _derived(self, card: Card, generation: int) -> Secret:
        form = FORMATS[card.family]
        if not form.renewed:
            raise ValueError(f"the keys of {card.family} cards are not renewed")
        size = len(form.alphabet)
        fair = 256 - 256 % size  # larger bytes would favour the beginning of the alphabet
        key = bytearray()
        block = 0
        while len(key) < form.lengths[0]:
            purpose = b"unblocking key %s %d %d" % (card.family.encode(), generation, block)
            stream = self._master.derive(purpose, card.seed, 64)
            key += bytes(form.alphabet[byte % size] for byte in stream if byte < fair)
            block += 1
        return Secret(key[: form.lengths[0]])


def _row(database: Session, card: Card) -> EscrowedKey:
    return database.exec(
        select(EscrowedKey).where(EscrowedKey.card_id == card.id, EscrowedKey.generation == 0)
    ).one()


def _context(family: Family, serial: str) -> bytes:
    return f"escrowed key {family} {serial}".encode()

"""Unblocking keys by generation: 0 as it was imported, the others derived.

So no key is ever unknown to central: whatever generation a card may carry can be made again from
the master key and the card's seed, both of which were on disk before the card was known at all.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

from sqlmodel import Session, select

from kiosk.central.master import MasterKey
from kiosk.central.tables import Card, EscrowedKey
from kiosk.values import Family, Secret


@dataclass(frozen=True, slots=True)
class Format:
    """The unblocking keys of a family: how long, of which ASCII characters."""

    alphabet: bytes
    length: int

    def fits(self, key: bytes) -> bool:
        """Whether the card could carry `key`."""
        return len(key) == self.length and all(byte in self.alphabet for byte in key)


# SP 800-73: a PIV unblocking key is eight bytes of any value; letters and digits pass everywhere.
FORMATS = {Family.PIV: Format((string.ascii_letters + string.digits).encode(), 8)}


class Escrow:
    """The source of unblocking keys."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master

    def add(self, database: Session, card: Card, imported: Secret) -> None:
        """Keep `imported` as the card's generation 0."""
        wrapped = self._master.wrap(imported.reveal(), _context(card))
        database.add(EscrowedKey(card_id=card.id, generation=0, wrapped=wrapped))

    def key(self, database: Session, card: Card, generation: int) -> Secret:
        """The card's unblocking key of `generation`."""
        if generation > 0:
            return self._derived(card, generation)
        wrapped = database.exec(
            select(EscrowedKey.wrapped).where(
                EscrowedKey.card_id == card.id, EscrowedKey.generation == 0
            )
        ).one()
        return Secret(self._master.unwrap(wrapped, _context(card)))

    def _derived(self, card: Card, generation: int) -> Secret:
        form = FORMATS[card.family]
        size = len(form.alphabet)
        fair = 256 - 256 % size  # bytes from here on would favour the alphabet's beginning
        key = bytearray()
        block = 0
        while len(key) < form.length:
            purpose = b"unblocking key %s %d %d" % (card.family.encode(), generation, block)
            stream = self._master.derive(purpose, card.seed, 64)
            key += bytes(form.alphabet[byte % size] for byte in stream if byte < fair)
            block += 1
        return Secret(key[: form.length])


def _context(card: Card) -> bytes:
    return f"escrowed key {card.family} {card.serial}".encode()

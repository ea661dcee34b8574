# SPDX-License-Identifier: Apache-2.0
"""A kiosk that borrows packs: it requests and opens them, and reports how it used them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import requests
from sqlmodel import select

from kiosk.central.keys import signing
from kiosk.central.tables import Card, Kiosk, LeaseCards, Organisation, PackRow
from kiosk.contract.packs import Pack, PackPage, SignedPack, addressed
from kiosk.values import Secret
from kiosk.vault import pack as sealing
from tests.central.world import CENTRAL, KioskClient, PersonalCard, b64


def allow(client: KioskClient, *, hours: int = 12, cards: LeaseCards = LeaseCards.ALL) -> None:
    """Set a policy that lends packs."""
    client.token  # noqa: B018 - it makes central know the kiosk and its organisation
    with client.service.services.database.transaction() as database:
        trust = database.exec(
            select(Organisation).where(Organisation.name == client.organisation)
        ).one()
        trust.offline, trust.lease_hours, trust.lease_cards = True, hours, cards


@dataclass
class Borrower:
    """`client` from one start to the next.

    `shown` is what is on its disk: the sealing keys since the last one that central answered.
    """

    client: KioskClient
    key: Secret = field(default_factory=sealing.new_key)
    shown: list[bytes] | None = None

    @property
    def sealing_key(self) -> bytes:
        return sealing.public_half(self.key)

    def ask(self, *, anew: bool = False) -> list[Pack]:
        """Request packs; return all of them, opened."""
        packs: list[Pack] = []
        after, more = 0, True
        while more:
            page, nonce = self._page(after, anew=anew)
            packs += [self.open(each.sealed) for each in page.packs]
            assert all(pack.nonce == nonce for pack in packs[-len(page.packs) :] if page.packs)
            after, more = page.next, page.more
        return packs

    @property
    def _shown(self) -> list[bytes]:
        return self.client.shown_keys if self.shown is None else self.shown

    def request(
        self, after: int = 0, *, anew: bool = False, nonce: bytes = bytes(16)
    ) -> requests.Response:
        """Request a page; return central's response."""
        if self.sealing_key not in self._shown:
            self._shown.append(self.sealing_key)
        asked = {
            "sealing_key": b64(self.sealing_key),
            "made": [b64(each) for each in self._shown],
            "nonce": b64(nonce),
            "after": after,
            "anew": anew,
        }
        return self.client.post("/packs", asked)

    def _page(self, after: int, *, anew: bool) -> tuple[PackPage, bytes]:
        nonce = secrets.token_bytes(16)
        answer = self.request(after, anew=anew, nonce=nonce)
        assert answer.status_code == 200, answer.text
        self._shown[:] = [self.sealing_key]
        return PackPage.model_validate_json(answer.text), nonce

    def open(self, sealed: bytes) -> Pack:
        with self.client.service.services.database.reading() as database:
            subject = database.exec(
                select(Kiosk.subject).where(Kiosk.name == self.client.name)
            ).one()
        plain = sealing.unseal(sealed, self.key, addressed(CENTRAL, subject))
        signed = SignedPack.model_validate_json(plain)
        assert signing.verify_keys(self.client.service.services.master)
        return Pack.model_validate_json(signed.pack)

    def pack(self, card: PersonalCard) -> Pack | None:
        """Return the pack of one card, or None if it is not lent."""
        return next((each for each in self.ask() if each.serial == card.serial), None)


def pack_item(kind: str, pack: Pack, **fields: Any) -> dict[str, Any]:
    """Return an outbox item about a pack."""
    return {
        "id": str(uuid4()),
        "recorded_at": "2025-01-01T03:00:00Z",
        "fact": {"kind": f"pack {kind}", "pack": str(pack.pack), **fields},
    }


def attempt(pack: Pack, number: int = 1) -> dict[str, Any]:
    return pack_item("attempt", pack, number=number)


def answers(
    pack: Pack, *, right: bool, number: int = 1, grant: UUID | None = None
) -> dict[str, Any]:
    return pack_item(
        "answers",
        pack,
        number=number,
        right=right,
        session=str(uuid4()),
        grant=str(grant or uuid4()),
        reason="locked",
        passcode_tries=0,
    )


def end(pack: Pack, attempts: int = 0) -> dict[str, Any]:
    return pack_item("end", pack, attempts=attempts)


def card_row(client: KioskClient, card: PersonalCard) -> Card:
    with client.service.services.database.reading() as database:
        return database.exec(select(Card).where(Card.serial == card.serial)).one()


def pack_rows(client: KioskClient) -> list[PackRow]:
    with client.service.services.database.reading() as database:
        return list(database.exec(select(PackRow)))

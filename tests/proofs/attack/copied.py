# SPDX-License-Identifier: Apache-2.0
"""A thief with a copy of a kiosk's disk: its key, its shown keys, and many card numbers."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests
from sqlmodel import select

from kiosk.central.fleet import kiosks
from kiosk.central.tables import Card, Kiosk, LeaseCards
from kiosk.link import Entrance
from tests.central.borrower import Borrower, allow, end
from tests.central.postgresql import Cluster
from tests.central.world import CENTRAL, KioskClient, PersonalCard
from tests.proofs.attack.stage import Stage, Victim, stage, unlocking

_FAR_AWAY = 2**31 - 1
_STARTS = 5


@dataclass
class _Thief(KioskClient):
    """Authenticates itself as the kiosk does; counts the answers that it gets."""

    answers: Counter[int] = field(default_factory=Counter)
    _given: str | None = None

    @property
    def token(self) -> str:
        if self._given is None:
            entrance = Entrance(self.service.url)
            self._given = entrance.access(_row(self).subject, CENTRAL, self.key).access_token
        return self._given

    def authenticate(self) -> None:
        self._given = None

    def post(self, path: str, body: Any = None, token: str | None = None) -> requests.Response:
        answer = super().post(path, body, token)
        self.answers[answer.status_code] += 1
        return answer


def attack(database: str = "", numbers: int = 100, seen: int = 5) -> str:
    """Try everything while others unlock; the kiosk itself asks for packs only afterwards."""
    with stage(database) as central:
        kiosk = central.kiosk("ward 7", "Trust A")
        cards = [kiosk.know(PersonalCard()) for _ in range(numbers)]
        allow(kiosk, cards=LeaseCards.SEEN)
        for card in cards[:seen]:
            kiosk.accepted(card)
        borrower = Borrower(kiosk)
        honest = {pack.serial for pack in borrower.ask()}
        assert len(honest) == seen
        thief = _Thief(kiosk.service, kiosk.name, kiosk.organisation, kiosk.key)
        victim = Victim(central, 2.0)
        with unlocking(victim) as served:
            lent = _rob(thief, list(kiosk.shown_keys), cards)
        assert lent == honest, "the thief got what the kiosk would not be lent"
        # The kiosk asks again, as it does after each change.
        _be_later(kiosk, thief)
        assert borrower.ask(anew=True) == []
        assert _row(kiosk).copied_at is not None, "the copy was not noticed"
        again = Borrower(thief, shown=[])
        assert again.ask(anew=True) == []
        marked = _marked(central)
        named = _revoked(central, kiosk)
        assert {*marked, *named} == honest
        assert not served.failed, served.failed[:3]
    told = ", ".join(f"{number} answered {status}" for status, number in thief.answers.items())
    return (
        f"{sum(thief.answers.values())} requests with a copied key and {numbers} card numbers"
        f" ({told}): packs of {len(lent)} cards, the {seen} that the kiosk had; 0 more for opening"
        f" every card, ending packs, {_STARTS} keys and far pages; the kiosk's next request stopped"
        f" lending and marked {len(marked)}; {served}"
    )


def attack_on_postgresql() -> str:
    """Do the same with a database of PostgreSQL."""
    with Cluster() as cluster, cluster.database() as database:
        return attack(database)


def _rob(thief: _Thief, shown: list[bytes], cards: list[PersonalCard]) -> set[str]:
    """Return the numbers of the cards that the thief was lent packs of, by any trick."""
    for card in cards:
        thief.opened(card)
    lent: set[str] = set()
    for _ in range(_STARTS):
        asking = Borrower(thief, shown=shown)
        packs = asking.ask(anew=True)
        lent |= {pack.serial for pack in packs}
        if packs:
            thief.report(*(end(pack) for pack in packs))
        asking._page(_FAR_AWAY, anew=True)
        lent |= {pack.serial for pack in asking.ask()}
    assert thief.post("/retirement").status_code == 409
    return lent


def _be_later(*clients: KioskClient) -> None:
    """Have them authenticate themselves with a nonce of a later second."""
    time.sleep(1.1)
    for each in clients:
        each.authenticate()


def _row(client: KioskClient) -> Kiosk:
    with client.service.services.database.reading() as database:
        return database.exec(select(Kiosk).where(Kiosk.name == client.name)).one()


def _marked(central: Stage) -> set[str]:
    with central.services.database.reading() as database:
        return {card.serial for card in database.exec(select(Card)) if card.renewal_due}


def _revoked(central: Stage, kiosk: KioskClient) -> set[str]:
    with central.services.database.transaction() as database:
        row = database.exec(select(Kiosk).where(Kiosk.name == kiosk.name)).one()
        return {card.serial for card in kiosks.revoke(database, row)}

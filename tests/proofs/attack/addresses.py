# SPDX-License-Identifier: Apache-2.0
"""Addresses that a cardholder types while registering, compared with what a mail server receives.

They are made of the pieces that mail servers, headers and resolvers read differently.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import HealthCheck, Phase, given, settings

from kiosk.central.keys import trust_store
from tests.central.authority import Authority
from tests.central.hostile_addresses import ELSEWHERE, HOSTILE
from tests.central.loggedin import Desk, TrustedCard
from tests.central.postgresql import Cluster
from tests.central.test_addresses import TYPED
from tests.central.test_mail import Server, listening
from tests.patience import wait_until
from tests.proofs.attack.stage import Stage, Victim, stage, unlocking

_DOMAINS = ("nhs.net", "nhs.uk", "gov.uk", "mod.uk")
"""The domains of the settings, without the dots that some begin with."""
_CODES = 5  # central sends so many in one login


@dataclass
class _Typist:
    """A cardholder who logs in again and again, and types addresses."""

    desk: Desk
    server: Server
    answers: Counter[int] = field(default_factory=Counter)
    letters: int = 0

    def type(self, text: str) -> None:
        """Ask for a code to be sent to the text; compare the letter's recipients with it."""
        if self.letters % _CODES == 0:
            self.desk = Desk(self.desk.kiosk, self.desk.card)
            self.desk.log_in()
        answer = self.desk.send_code(text)
        self.answers[answer.status_code] += 1
        if answer.status_code != 200:
            assert (self.server.recipients, self.server.messages) == ([], []), repr(text)
            return
        wait_until(lambda: self.server.messages, "the letter comes")
        self._compare(text)
        self.letters += 1

    def _compare(self, text: str) -> None:
        """Fail unless the only recipient is the typed mailbox, at one of the domains or below."""
        local, _, host = text.rpartition("@")
        meant = f"{local}@{host.lower()}"
        assert self.server.recipients == [meant], (text, self.server.recipients)
        (letter,) = self.server.messages
        headed = [each.addr_spec for each in letter["To"].addresses]
        assert headed == [meant], (text, headed)
        assert letter["Cc"] is None, text
        assert letter["Bcc"] is None, text
        assert any(f".{host.lower()}".endswith(f".{each}") for each in _DOMAINS), text
        self.server.recipients.clear()
        self.server.messages.clear()


def attack(count: int = 2000, database: str = "") -> str:
    """Type `count` addresses on SQLite and on PostgreSQL, or on one given database."""
    if database:
        return _attack(count, database)
    told = [f"SQLite: {_attack(count, '')}"]
    with Cluster() as cluster, cluster.database() as url:
        told.append(f"PostgreSQL: {_attack(count, url)}")
    return "; ".join(told)


def _attack(count: int, database: str) -> str:
    server = Server()
    with (
        listening(server) as port,
        stage(database, KIOSK_CENTRAL_MAIL=f"smtp://127.0.0.1:{port}") as central,
    ):
        typist = _Typist(_desk(central), server)
        victim = Victim(central, 2.0)
        with unlocking(victim) as served:
            for text in HOSTILE + ELSEWHERE:
                typist.type(text)
            accepted = typist.answers[200]
            assert accepted == 0
            _generated(typist, count)
    assert typist.letters > 0, "no address was accepted"
    assert not served.failed, served.failed[:3]
    told = ", ".join(f"{number} answered {status}" for status, number in typist.answers.items())
    return (
        f"{sum(typist.answers.values())} addresses typed while registering ({told}),"
        f" {typist.letters} letters, each to the one mailbox that was typed; {served}"
    )


def _generated(typist: _Typist, count: int) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(text=TYPED)
    def typed(text: str) -> None:
        typist.type(text)

    typed()


def _desk(central: Stage) -> Desk:
    """Return a cardholder whose card's authority central trusts."""
    authority = Authority(years=50)
    now = datetime.now(UTC)
    with central.services.database.transaction() as session:
        trust_store.add_issuer(session, authority.der, now, anchor=True)
        trust_store.add_list(session, authority.revocations(at=now), now)
    kiosk = central.kiosk("ward 7", "Trust A")
    card = TrustedCard(authority=authority, years=50)
    kiosk.know(card)
    return Desk(kiosk, card)

# SPDX-License-Identifier: Apache-2.0
"""Revocation lists and certificates that say less than they seem to, by command and by HTTP.

Each is refused, and the full list stays in force: a revoked card stays out, another logs in.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlmodel import col, select

from kiosk.central.keys import trust_store
from kiosk.central.tables import AuditEntry, RevocationList
from kiosk.command_line import DECLINED
from tests.central.authority import Authority
from tests.central.loggedin import Desk, TrustedCard
from tests.central.postgresql import Cluster
from tests.central.test_trust import (
    ENCRYPTS,
    NAMES,
    POINT,
    SERVES,
    STRANGE,
    distribution,
)
from tests.central.world import KioskClient, PrivateKey, b64, problem
from tests.heartbeat import beat
from tests.processes import finish
from tests.proofs.attack.stage import Stage, Victim, stage, unlocking

_YEARS = 50
_NUMBER = 8
"""The number of the full list."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """A file or a certificate that is refused for a reason, of which central tells these words."""

    what: str
    reason: str
    der: bytes


@dataclass
class _Trust:
    """An authority with a full list in force, and a card of its own on that list."""

    central: Stage
    authority: Authority = field(default_factory=lambda: Authority(years=_YEARS))
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.kiosk: KioskClient = self.central.kiosk("ward 7", "Trust A")
        self.good, self.revoked = self.card(), self.card()
        serial = x509.load_der_x509_certificate(self.revoked.certificate).serial_number
        self.full = self.authority.revocations(
            serial, at=self.now, extensions=[(x509.CRLNumber(_NUMBER), False)]
        )
        with self.central.services.database.transaction() as session:
            trust_store.add_issuer(session, self.authority.der, self.now, anchor=True)
            trust_store.add_list(session, self.full, self.now)

    def card(self, key: PrivateKey | None = None) -> TrustedCard:
        """Return a card of the authority that central knows, with a key of its own or this one."""
        own = key or ec.generate_private_key(ec.SECP256R1())
        card = TrustedCard(authority=self.authority, years=_YEARS, holder_key=own)
        self.kiosk.know(card)
        return card

    def holds(self) -> None:
        """Fail unless the full list is stored and in force."""
        with self.central.services.database.reading() as session:
            assert session.exec(select(RevocationList.der)).all() == [self.full]
        assert problem(Desk(self.kiosk, self.revoked).open()) == "not-trusted"
        assert self.reason == "revoked"
        Desk(self.kiosk, self.good).log_in()

    @property
    def reason(self) -> str:
        """Return why central trusted the last certificate not, as the audit has it."""
        kind = AuditEntry.kind == "login.not-trusted"
        newest = select(AuditEntry).where(kind).order_by(col(AuditEntry.sequence).desc())
        with self.central.services.database.reading() as session:
            found = session.exec(newest).first()
        assert found is not None
        return str(found.details["reason"])

    def lists(self) -> Iterator[_Refused]:
        """Yield lists that cover less than the full one, or that its authority did not make."""
        later = self.now + timedelta(seconds=1)
        one, other = ec.generate_private_key(ec.SECP256R1()), Authority("Other", years=_YEARS)
        for what, reason, extension in (
            ("delta", "delta", x509.DeltaCRLIndicator(_NUMBER)),
            ("authorities alone", "part", distribution(only_contains_ca_certs=True)),
            ("users alone", "part", distribution(only_contains_user_certs=True)),
            ("attributes alone", "part", distribution(only_contains_attribute_certs=True)),
            ("indirect", "part", distribution(indirect_crl=True)),
            ("one of several files", "part", distribution(full_name=POINT)),
            ("some reasons", "part", distribution(only_some_reasons=_SOME)),
            ("an unknown critical extension", "critical", STRANGE),
        ):
            der = self.authority.revocations(at=later, extensions=[(extension, True)])
            yield _Refused(what, reason, der)
        entry = (x509.CertificateIssuer([x509.DNSName("other")]), True)
        make = self.authority.revocations
        yield _Refused("entries of others", "critical", make(7, at=later, of_entries=[entry]))
        yield _Refused("forged", "no imported authority", make(at=later, key=one))
        yield _Refused("of a stranger", "no imported authority", other.revocations(at=later))
        yield _Refused("older", "newer", make(at=self.now - timedelta(days=1)))
        lower = [(x509.CRLNumber(_NUMBER - 1), False)]
        yield _Refused("a lower number", "newer", make(at=later, extensions=lower))
        tomorrow = self.now + timedelta(days=1)
        yield _Refused("of tomorrow", "not yet valid", make(at=tomorrow))
        yield _Refused("a weak hash", "hash", make(at=later, hashed=hashes.SHA224()))

    def authorities(self) -> Iterator[_Refused]:
        """Yield certificates that are no authority's, or whose limits central does not evaluate."""
        for what, reason, extension in (
            ("name constraints", "name constraints", NAMES),
            ("an unknown critical extension", "critical", STRANGE),
        ):
            limited = Authority("Limited", years=_YEARS, extensions=[(extension, True)])
            yield _Refused(what, reason, limited.der)
        weak = Authority("Weak", years=_YEARS, key=_weak())
        yield _Refused("RSA 1024", "1024 bits", weak.der)
        yield _Refused("a card's", "not the certificate of an authority", self.good.certificate)

    def cards(self) -> Iterator[tuple[TrustedCard, _Refused]]:
        """Yield cards whose certificates are refused, each with the certificate it shows."""
        for what, reason, extension, critical in (
            ("name constraints", "name constraints", NAMES, False),
            ("an unknown critical extension", "critical", STRANGE, True),
            ("for servers", "another purpose", SERVES, False),
            ("for encryption", "may not sign", ENCRYPTS, True),
        ):
            key = self.good.holder_key
            shown = self.authority.sign(key, years=_YEARS, extensions=[(extension, critical)])
            yield self.good, _Refused(what, reason, shown)
        below = Authority("Below", above=self.authority, years=_YEARS, key=self.good.holder_key)
        yield self.good, _Refused("an authority's", "not a card's", below.der)
        weak = self.card(_weak())
        yield weak, _Refused("RSA 1024", "1024 bits", weak.certificate)


_SOME = frozenset([x509.ReasonFlags.superseded])


def attack(database: str = "", every: int = 1) -> str:
    """Offer every list, or each so many-th, on SQLite and on PostgreSQL, or on one database."""
    if database:
        return _attack(database, every)
    told = [f"SQLite: {_attack('', every)}"]
    with Cluster() as cluster, cluster.database() as url:
        told.append(f"PostgreSQL: {_attack(url, every)}")
    return "; ".join(told)


def _attack(database: str, every: int) -> str:
    with stage(database) as central, tempfile.TemporaryDirectory() as made:
        trust, victim = _Trust(central), Victim(central, 2.0)
        trust.holds()
        with unlocking(victim) as served:
            lists = list(islice(trust.lists(), 0, None, every))
            for each in lists:
                _refused_by_command(trust, "add-list", each, Path(made))
                trust.holds()
            authorities = list(islice(trust.authorities(), 0, None, every))
            for each in authorities:
                for command in ("add-anchor", "add-issuer")[::every]:
                    _refused_by_command(trust, command, each, Path(made))
            cards = list(trust.cards())
            for card, each in cards:
                shown = {"authentication_certificate": b64(each.der)}
                answer = Desk(trust.kiosk, card).open(**shown)
                assert problem(answer) == "not-trusted", each.what
                assert each.reason in trust.reason, (each.what, trust.reason)
            trust.holds()
        assert not served.failed, served.failed[:3]
    return (
        f"{len(lists)} lists and {len(authorities)} authorities offered by command, {len(cards)}"
        f" cards' certificates by HTTP, all refused, each for its own reason; the full list stayed"
        f" in force; {served}"
    )


def _refused_by_command(trust: _Trust, command: str, offered: _Refused, folder: Path) -> None:
    file = folder / "offered"
    file.write_bytes(offered.der)
    done = finish(
        [sys.executable, "-m", "kiosk.central", "trust", command, file],
        env={**os.environ, **trust.central.environment},
        text=True,
    )
    assert done.returncode == DECLINED, (offered.what, done.stdout, done.stderr)
    assert offered.reason in done.stderr, (offered.what, done.stderr)
    beat("attack: revocation lists")


def _weak() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)

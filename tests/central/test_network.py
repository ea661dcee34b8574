# SPDX-License-Identifier: Apache-2.0
"""The bytes of a whole visit between kiosk and central, recorded and searched for secrets."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from kiosk.contract import messages as msg
from kiosk.contract import proof
from kiosk.contract.enrolment import Role
from kiosk.contract.packs import PacksRequest
from kiosk.errors import CentralUnavailable
from kiosk.link import AccessTokens, CentralClient
from kiosk.site.enrolment import enrol
from kiosk.site.identity import load
from kiosk.vault import pack
from tests.central.borrower import allow as allow_packs
from tests.central.device import allow
from tests.central.loopback import LoopbackAuthority
from tests.central.world import (
    ANSWERS,
    CENTRAL,
    IMPORTED_KEY,
    Clock,
    PersonalCard,
    Service,
    sign,
)
from tests.patience import PATIENCE
from tests.secrets_search import search


@dataclass
class Wire:
    """A connection to `upstream` that records all bytes."""

    upstream: tuple[str, int]
    seen: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()
        for end in self._ends:
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self.upstream, timeout=PATIENCE)
                self._ends += near, far
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := one.recv(65536):
                self.seen += piece
                other.sendall(piece)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)


@pytest.fixture
def authority(folder: Path) -> LoopbackAuthority:
    return LoopbackAuthority.make(folder, "trust")


@pytest.fixture
def encrypted(folder: Path, authority: LoopbackAuthority) -> Iterator[Service]:
    """Return central with TLS, by the clock of this machine."""
    yield from _running(folder / "encrypted", authority)


@pytest.fixture
def plain(folder: Path) -> Iterator[Service]:
    yield from _running(folder / "plain", None)


def _running(folder: Path, authority: LoopbackAuthority | None) -> Iterator[Service]:
    folder.mkdir()
    clock = Clock()
    clock.now = datetime.now(UTC)
    service = Service(folder, clock, f"sqlite:///{folder}/central.db")
    if authority is not None:
        service.tls = (authority.certificate, authority.key)
    service.start()
    yield service
    service.stop()


@dataclass
class Seen:
    """The recorded bytes, and the secrets that the visit used."""

    wire: bytes
    secrets: dict[str, bytes]


def visit(service: Service, folder: Path, authority: Path | None) -> Seen:
    """Enrol a kiosk, unlock a card, report facts, follow changes, borrow packs."""
    scheme, _, rest = service.url.partition("://")
    wire = Wire(("127.0.0.1", int(rest.rpartition(":")[2])))
    url = f"{scheme}://127.0.0.1:{wire.port}"
    token = allow(service)
    enrol(folder, url, token, authority)
    who = load(folder, Role.SCREEN)
    tokens = AccessTokens(url, who.enrolled.kiosk, CENTRAL, who.key, authority)
    central = CentralClient(url, tokens, authority)
    owner = service.kiosk("ward 1")
    card = owner.know(PersonalCard())
    allow_packs(owner)
    grant = _unlock(central, who.enrolled.name, card)
    key = pack.new_key()
    shown = pack.public_half(key)
    asked = PacksRequest(sealing_key=shown, made=(shown,), nonce=secrets.token_bytes(16))
    central.changes("", 100, 0)
    central.lend_packs(asked)
    wire.close()
    found = {
        "imported key": IMPORTED_KEY.encode(),
        "enrolment token": token.encode(),
        "access token": tokens.current().encode(),
        **{f"answer {n}": answer.encode() for n, answer in enumerate(ANSWERS)},
    }
    for each in (grant.current, grant.next):
        if each is not None and each.key is not None:
            found[f"generation {each.generation}"] = each.key
    return Seen(bytes(wire.seen), found)


def _unlock(central: CentralClient, kiosk: str, card: PersonalCard) -> msg.Grant:
    presented = msg.PresentedCard(
        family=card.family, serial=card.serial, passcode_tries=0, unblocking_tries=None
    )
    opened = central.open_unlock(
        msg.UnlockRequest(session=uuid4(), card=presented, reason=msg.UnlockReason.LOCKED)
    )
    digest = proof.digest(
        proof.ProofPurpose.OPEN_UNLOCK,
        central=CENTRAL,
        kiosk=kiosk,
        card=card.identity,
        session=opened.session,
        nonce=opened.nonce,
    )
    signature = sign(card.card_key, digest)
    central.give_answers(opened.session, msg.AnswersRequest(answers=ANSWERS, proof=signature))
    return central.grant(opened.session)


def test_the_network_sees_no_answer_and_no_key(
    encrypted: Service, plain: Service, folder: Path, authority: LoopbackAuthority
) -> None:
    captured = folder / "captured"
    captured.mkdir()
    seen = visit(encrypted, folder / "state", authority.certificate)
    assert len(seen.wire) > 10_000
    (captured / "wire").write_bytes(seen.wire)
    assert search([captured], seen.secrets) == []
    # The same without TLS: the search finds each secret as it was sent.
    seen = visit(plain, folder / "state of another", None)
    (captured / "wire").write_bytes(seen.wire)
    for name, secret in seen.secrets.items():
        if name != "imported key" and len(secret) > 4:
            assert search([captured], {name: secret}), name


def test_a_central_with_another_authoritys_certificate_is_refused(
    encrypted: Service, folder: Path
) -> None:
    other = LoopbackAuthority.make(folder, "somebody else")
    for believed in (other.certificate, None):
        with pytest.raises(CentralUnavailable):
            enrol(folder / "state", encrypted.url, allow(encrypted, f"w {uuid4()}"), believed)

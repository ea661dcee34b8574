# SPDX-License-Identifier: Apache-2.0
"""Administrator keys: central answers the card's challenge, and never sends the key."""

from __future__ import annotations

import secrets
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import requests
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from pydantic import ValidationError
from sqlmodel import select

from kiosk.central.tables import AuditEntry
from kiosk.contract.messages import CardCommand, ChallengeOpened, Grant
from kiosk.values import Family
from tests.central.world import (
    Clock,
    KioskClient,
    PersonalCard,
    Service,
    b64,
    certificate,
    item,
    problem,
)

KINDS = {"3des": (24, 8, TripleDES), "aes": (32, 16, AES)}


@dataclass
class GidsCard(PersonalCard):
    """A simulated card with an administrator key, written from the specification's facts."""

    kind: str = "3des"
    mutual: bool = True
    family = Family.GIDS
    administrator_key: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        self.administrator_key = secrets.token_bytes(KINDS[self.kind][0])

    def document(self, organisation: str) -> dict[str, Any]:
        document = super().document(organisation)
        document["card"] = {
            "family": "gids",
            "serial": self.serial,
            "unblocking_key": self.administrator_key.hex(),
            "administrator_kind": self.kind,
            "administrator_mutual": self.mutual,
            "authentication_certificate": b64(certificate(self.holder_key)),
        }
        return document

    @property
    def block(self) -> int:
        return KINDS[self.kind][1]

    def decrypted(self, response: bytes) -> bytes:
        context = self._cipher().decryptor()
        return context.update(response) + context.finalize()

    def reply(self, ours: bytes, theirs: bytes) -> bytes:
        """Return R1, R2 and Z2, enciphered."""
        context = self._cipher().encryptor()
        padding = secrets.token_bytes(self.block - 1) + b"\x80"
        return context.update(ours + theirs + padding) + context.finalize()

    def _cipher(self) -> Cipher[modes.CBC]:
        algorithm = KINDS[self.kind][2]
        return Cipher(algorithm(self.administrator_key), modes.CBC(bytes(self.block)))


@pytest.fixture(params=["3des", "aes"])
def gids(request: pytest.FixtureRequest, kiosk: KioskClient) -> GidsCard:
    card = GidsCard(kind=request.param)
    kiosk.know(card)
    return card


def granted(kiosk: KioskClient, card: PersonalCard) -> Grant:
    opened = kiosk.opened(card)
    assert not opened.proof_required
    assert kiosk.answer(card, opened, signature=b"").status_code == 200
    return Grant.model_validate_json(kiosk.ask_grant(opened.session).text)


def begin(kiosk: KioskClient, session: UUID) -> ChallengeOpened:
    return ChallengeOpened.model_validate_json(kiosk.post(f"/unlocks/{session}/challenges").text)


def ask(kiosk: KioskClient, session: UUID, number: int, challenge: bytes) -> requests.Response:
    path = f"/unlocks/{session}/challenges/{number}/response"
    return kiosk.post(path, {"challenge": b64(challenge)})


def tell(kiosk: KioskClient, session: UUID, number: int, reply: bytes) -> requests.Response:
    return kiosk.post(f"/unlocks/{session}/challenges/{number}/reply", {"reply": b64(reply)})


def response_of(answer: requests.Response) -> bytes:
    assert answer.status_code == 200, answer.text
    return b64decode(answer.json()["response"])


def test_a_grant_with_a_challenge_contains_no_key(kiosk: KioskClient, gids: GidsCard) -> None:
    grant = granted(kiosk, gids)
    assert (grant.current.generation, grant.current.key, grant.next) == (0, None, None)
    assert (grant.renew, grant.second_allowed, grant.first_needs_tries_left) == (False, False, 2)


def test_the_mutual_form_is_answered_and_checked(kiosk: KioskClient, gids: GidsCard) -> None:
    session = granted(kiosk, gids).session
    opened, theirs = begin(kiosk, session), secrets.token_bytes(16)
    assert (opened.number, len(opened.opening)) == (1, 16)
    response = response_of(ask(kiosk, session, 1, theirs))
    plain = gids.decrypted(response)
    assert plain[:32] == theirs + opened.opening
    assert len(plain) == 32 + gids.block
    assert plain[-1] == 0x80
    assert tell(kiosk, session, 1, gids.reply(opened.opening, theirs)).status_code == 200


def test_the_external_form_is_answered(kiosk: KioskClient) -> None:
    card = GidsCard(mutual=False)
    kiosk.know(card)
    session = granted(kiosk, card).session
    assert begin(kiosk, session).opening == b""
    challenge = secrets.token_bytes(8)
    assert card.decrypted(response_of(ask(kiosk, session, 1, challenge))) == challenge
    assert problem(tell(kiosk, session, 1, bytes(40))) == "out-of-order"


def test_a_card_without_the_key_is_detected(
    service: Service, kiosk: KioskClient, gids: GidsCard
) -> None:
    session = granted(kiosk, gids).session
    opened = begin(kiosk, session)
    ask(kiosk, session, 1, bytes(16))
    forged = GidsCard(kind=gids.kind).reply(opened.opening, bytes(16))
    assert problem(tell(kiosk, session, 1, forged)) == "card-not-genuine"
    right = gids.reply(opened.opening, bytes(16))
    assert problem(tell(kiosk, session, 1, right)) == "out-of-order"  # a reply is checked only once
    with service.services.database.transaction() as database:
        assert "challenge.card-not-genuine" in database.exec(select(AuditEntry.kind)).all()


def test_a_grant_allows_two_dialogues_of_one_response_each(
    kiosk: KioskClient, gids: GidsCard
) -> None:
    session = granted(kiosk, gids).session
    first = begin(kiosk, session)
    assert ask(kiosk, session, 1, bytes(16)).status_code == 200
    assert problem(ask(kiosk, session, 1, bytes(16))) == "out-of-order"
    second = begin(kiosk, session)
    assert second.number == 2
    assert second.opening != first.opening
    assert ask(kiosk, session, 2, bytes(16)).status_code == 200
    assert problem(kiosk.post(f"/unlocks/{session}/challenges")) == "expired"
    assert problem(ask(kiosk, session, 3, bytes(16))) == "invalid-request"


def test_a_dialogue_needs_a_grant_and_an_open_visit(kiosk: KioskClient, gids: GidsCard) -> None:
    opened = kiosk.opened(gids)
    assert problem(kiosk.post(f"/unlocks/{opened.session}/challenges")) == "out-of-order"
    kiosk.answer(gids, opened, signature=b"")
    assert problem(kiosk.post(f"/unlocks/{opened.session}/challenges")) == "out-of-order"
    kiosk.ask_grant(opened.session)
    begin(kiosk, opened.session)
    end = {"kind": "visit end", "session": str(opened.session), "facts": 0}
    sent = {"id": str(UUID(int=7)), "recorded_at": "2025-01-01T03:00:00Z", "fact": end}
    assert kiosk.report(sent) == ["applied"]
    assert problem(ask(kiosk, opened.session, 1, bytes(16))) == "expired"


def test_another_kiosk_cannot_use_the_dialogue(
    service: Service, kiosk: KioskClient, gids: GidsCard
) -> None:
    session = granted(kiosk, gids).session
    begin(kiosk, session)
    stranger = service.kiosk("ward 8")
    stranger.know(PersonalCard())
    assert problem(stranger.post(f"/unlocks/{session}/challenges")) == "not-found"
    assert problem(ask(stranger, session, 1, bytes(16))) == "not-found"


@pytest.mark.parametrize(("kind", "length"), [("3des", 32), ("3des", 8), ("aes", 8), ("aes", 40)])
def test_a_key_of_the_wrong_length_is_not_imported(
    kiosk: KioskClient, kind: str, length: int
) -> None:
    card = GidsCard(kind=kind)
    card.administrator_key = bytes(range(length))
    with pytest.raises(ValidationError):
        kiosk.know(card)


def test_a_two_key_des_key_is_expanded_to_three(kiosk: KioskClient) -> None:
    card = GidsCard()
    card.administrator_key = secrets.token_bytes(16)
    kiosk.know(card)
    session = granted(kiosk, card).session
    opened = begin(kiosk, session)
    response = response_of(ask(kiosk, session, 1, bytes(16)))
    card.administrator_key += card.administrator_key[:8]
    assert card.decrypted(response)[:32] == bytes(16) + opened.opening


def test_a_key_that_leaves_central_answers_no_challenges(
    kiosk: KioskClient, card: PersonalCard
) -> None:
    session = kiosk.granted(card).session
    assert problem(kiosk.post(f"/unlocks/{session}/challenges")) == "out-of-order"


@pytest.mark.parametrize("length", [7, 17])
def test_a_challenge_of_another_length_is_refused(
    kiosk: KioskClient, gids: GidsCard, length: int
) -> None:
    session = granted(kiosk, gids).session
    begin(kiosk, session)
    assert problem(ask(kiosk, session, 1, bytes(length))) == "invalid-request"
    assert problem(ask(kiosk, session, 1, bytes(9))) == "invalid-request"
    assert ask(kiosk, session, 1, bytes(16)).status_code == 200  # nothing was used up


def test_a_wrong_response_costs_a_try_and_the_key_is_not_renewed(
    kiosk: KioskClient, gids: GidsCard
) -> None:
    grant = granted(kiosk, gids)
    outcomes = kiosk.report(
        item(grant, 0, CardCommand.AUTHENTICATE, 0, None),
        item(grant, 1, CardCommand.AUTHENTICATE, 0, "6982"),
        item(grant, 2, CardCommand.CHANGE, 1, "9000"),
        item(grant, 3, CardCommand.UNBLOCK, 1, "9000"),
    )
    assert outcomes == ["applied"] * 4  # the last two were not granted: they change nothing
    assert problem(kiosk.open(gids)) == "card-frozen"  # the key is another: nothing is left to try


def test_a_card_that_was_unlocked_may_be_unlocked_again(kiosk: KioskClient, gids: GidsCard) -> None:
    grant = granted(kiosk, gids)
    kiosk.report(
        item(grant, 0, CardCommand.AUTHENTICATE, 0, None),
        item(grant, 1, CardCommand.AUTHENTICATE, 0, "9000"),
        item(grant, 2, CardCommand.UNBLOCK, 0, None),
        item(grant, 3, CardCommand.UNBLOCK, 0, "9000"),
        item(grant, 4, CardCommand.VERIFY, 0, "9000"),
    )
    again = granted(kiosk, gids)
    assert (again.current.generation, again.next) == (0, None)


def test_a_refused_passcode_does_not_blame_the_key(kiosk: KioskClient, gids: GidsCard) -> None:
    grant = granted(kiosk, gids)
    kiosk.report(
        item(grant, 0, CardCommand.AUTHENTICATE, 0, None),
        item(grant, 1, CardCommand.AUTHENTICATE, 0, "9000"),
        item(grant, 2, CardCommand.UNBLOCK, 0, None),
        item(grant, 3, CardCommand.UNBLOCK, 0, "6982"),
    )
    assert granted(kiosk, gids).first == 0


def test_a_card_that_accepted_the_response_has_the_key(kiosk: KioskClient, gids: GidsCard) -> None:
    """The network fails again and again between the card's answer and central's check."""
    for _ in range(6):
        grant = granted(kiosk, gids)
        kiosk.report(
            item(grant, 0, CardCommand.AUTHENTICATE, 0, None),
            item(grant, 1, CardCommand.AUTHENTICATE, 0, "9000"),
        )
    assert granted(kiosk, gids).first == 0


def test_a_dialogue_has_to_begin_within_two_minutes(
    kiosk: KioskClient, gids: GidsCard, clock: Clock
) -> None:
    session = granted(kiosk, gids).session
    begin(kiosk, session)
    clock.pass_time(120)
    assert problem(kiosk.post(f"/unlocks/{session}/challenges")) == "expired"
    assert problem(kiosk.ask_grant(session)) == "expired"
    # A dialogue that has begun may end.
    assert ask(kiosk, session, 1, bytes(16)).status_code == 200

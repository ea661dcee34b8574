# SPDX-License-Identifier: Apache-2.0
"""Hostile cards: their answers are mutated, replayed in a wrong place, or made up.

The proof uses them at full size, and a test at a smaller one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives import serialization

from kiosk.card import public_keys, tlv
from kiosk.card.apdu import Connection
from kiosk.card.cryptogram import AdministratorKey
from kiosk.card.examination import examine
from kiosk.card.passcode_work import Own, change, sign
from kiosk.card.proving import prove
from kiosk.card.recognition import inspect, recognise
from kiosk.card.session import CardSession
from kiosk.card.unlock_work import Candidate, UnlockPlan, unlock
from kiosk.errors import CardError, CardMalformed
from kiosk.simulated.gids_card import SimulatedGidsCard
from kiosk.simulated.iso7816_card import SimulatedIso7816Card
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import PivBehaviour, PivMemory, SimulatedPivCard
from kiosk.simulated.virtual_card import SimulatedCard
from kiosk.values import CardIdentity, Family, Secret
from tests.card import transcript

PASSCODE, NEW = b"246802", b"135790"
PIV_KEY, PIV_NEXT = b"current1", b"nextnext"
ADMINISTRATOR_KEY = bytes(range(1, 25))
ISO_KEY = b"1234567890123456"
MOST_EXCHANGES = 2000  # in one operation: a card that asks for more would block the kiosk
_STATUS = [
    b"\x90\x00",
    b"\x63\xc0",
    b"\x63\xc2",
    b"\x69\x82",
    b"\x69\x83",
    b"\x6a\x82",
    b"\x61\x00",
]


class HeldUp(AssertionError):
    """The card received more commands than any honest operation needs."""


@dataclass
class HostileConnection:
    """A card that mutates each answer with probability `chance`; it records what was sent to it."""

    card: SimulatedCard
    random: random.Random
    chance: float
    others: list[bytes]
    sent: list[bytes] = field(default_factory=list)
    replies: int = 0

    @property
    def atr(self) -> bytes:
        atr = self.card.atr
        return mutated(atr, self.random, self.others) if self.random.random() < 0.05 else atr

    def exchange(self, command: bytes) -> bytes:
        self.sent.append(command)
        self.replies += 1
        if len(self.sent) > MOST_EXCHANGES:
            raise HeldUp
        reply = self.card.exchange(command)
        if self.random.random() < self.chance:
            return mutated(reply, self.random, self.others)
        return reply


@dataclass
class OneLie:
    """A card that answers `lie` to its command number `at`, and tells the truth otherwise."""

    card: SimulatedCard
    at: int = -1
    lie: bytes = b""
    replies: list[bytes] = field(default_factory=list)

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def exchange(self, command: bytes) -> bytes:
        if len(self.replies) > MOST_EXCHANGES:
            raise HeldUp
        reply = self.card.exchange(command)
        self.replies.append(self.lie if len(self.replies) == self.at else reply)
        return self.replies[-1]


def mutated(reply: bytes, chosen: random.Random, others: list[bytes]) -> bytes:
    """Return another answer than `reply`, changed in one of the ways below."""
    return chosen.choice(_WAYS)(bytearray(reply[:-2]), reply[-2:], chosen, others)


_Way = Callable[[bytearray, bytes, random.Random, list[bytes]], bytes]
_LENGTH_BYTES = [0x00, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF]


def _noise(_data: bytearray, _status: bytes, chosen: random.Random, _others: list[bytes]) -> bytes:
    return chosen.randbytes(chosen.choice([0, 1, 2, 3, 40, 300]))


def _elsewhere(
    _data: bytearray, _status: bytes, chosen: random.Random, others: list[bytes]
) -> bytes:
    return chosen.choice(others)


def _other_status(
    data: bytearray, _status: bytes, chosen: random.Random, _others: list[bytes]
) -> bytes:
    more = bytes((0x61, chosen.randrange(256)))
    return bytes(data) + chosen.choice([*_STATUS, more, chosen.randbytes(2)])


def _cut(data: bytearray, status: bytes, chosen: random.Random, _others: list[bytes]) -> bytes:
    return bytes(data[: chosen.randrange(len(data) + 1)]) + status


def _longer(data: bytearray, status: bytes, chosen: random.Random, _others: list[bytes]) -> bytes:
    return bytes(data) + chosen.randbytes(chosen.randrange(1, 300)) + status


def _put_in(data: bytearray, status: bytes, chosen: random.Random, _others: list[bytes]) -> bytes:
    place = chosen.randrange(len(data) + 1)
    data[place:place] = chosen.randbytes(chosen.randrange(1, 8))
    return bytes(data) + status


def _other_length(
    data: bytearray, status: bytes, chosen: random.Random, _others: list[bytes]
) -> bytes:
    if data:
        data[chosen.randrange(len(data))] = chosen.choice(_LENGTH_BYTES)
    return bytes(data) + status


def _bits(data: bytearray, status: bytes, chosen: random.Random, _others: list[bytes]) -> bytes:
    for _ in range(chosen.randrange(1, 4) if data else 0):
        data[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)
    return bytes(data) + status


def _reshaped(data: bytearray, status: bytes, chosen: random.Random, _others: list[bytes]) -> bytes:
    return chosen.choice([bytes(data), *reshapings(bytes(data))]) + status


def reshapings(data: bytes) -> Iterator[bytes]:
    """Yield `data` with one of its BER-TLV objects missing or changed, at any depth.

    All of them are well-formed.
    """
    try:
        objects = list(tlv.parse(data, "hostile"))
    except CardMalformed:
        return
    for place, (tag, value) in enumerate(objects):
        if not tag:
            continue  # 00: the empty end of a file
        before, after = _encoded(objects[:place]), _encoded(objects[place + 1 :])
        for instead in (
            [],
            [(tag, b"")],
            [(tag, value[:-1])],
            [(tag, value + b"\0")],
            [(tag, bytes(len(value)))],
            [(tag ^ 0x01, value)],
            [(tag, b"\0\0"), (tag, value)],
        ):
            yield before + _encoded(instead) + after
        for inner in reshapings(value):
            yield before + _encoded([(tag, inner)]) + after


def _encoded(objects: list[tuple[int, bytes]]) -> bytes:
    return b"".join(tlv.encode(tag, value) for tag, value in objects)


_WAYS: list[_Way] = [
    _noise,
    _elsewhere,
    _other_status,
    _cut,
    _longer,
    _put_in,
    _other_length,
    _bits,
    _reshaped,
]


@dataclass(frozen=True)
class Target:
    """A kind of genuine card, issued again for each attack, and the plan of its unlock."""

    make: Callable[[], SimulatedCard]
    identity: CardIdentity
    card_key: bytes | None
    holder_key: bytes | None
    certificate: bytes  # the card's proof of identity, which may be another card's
    login: bytes  # the authentication certificate, which may be another card's
    key: bytes

    def plan(self) -> UnlockPlan:
        """Return the plan of an unlock that fits this card."""
        here = self.identity.family is not Family.GIDS
        return UnlockPlan(
            identity=self.identity,
            current=Candidate(0, Secret(self.key if here else b"")),
            next=Candidate(1, Secret(PIV_NEXT if here else b"")),
            first=0,
            second_allowed=here,
            second_needs_tries_left=2,
            renew=here,
            passcode=Secret(NEW),
            proof=b"p" * 32,
            card_key=self.card_key,
            holder_key=self.holder_key,
            attestations={0: b"0" * 32, 1: b"1" * 32},
        )


def targets(administrator_key: bytes = ADMINISTRATOR_KEY) -> list[Target]:
    """Return cards of every family, each with keys of its own."""
    issuer = SimulatedIssuer.make()
    made = []
    for behaviour, algorithm in [
        (PivBehaviour(), "P-256"),
        (PivBehaviour(metadata=True, compressed=True), "RSA-2048"),
        (PivBehaviour(chaining=False, extended=True, announced=True), "RSA-2048"),
    ]:
        piv = issuer.issue_piv("A Nurse", unblocking_key=PIV_KEY, algorithm=algorithm)
        piv.passcode_left = 1

        def make(piv: PivMemory = piv, behaviour: PivBehaviour = behaviour) -> SimulatedCard:
            return SimulatedPivCard(replace(piv), behaviour)

        made.append(_target(make, PIV_KEY))
    spare = (made[0].certificate, made[0].login)
    gids = issuer.issue_gids("A Nurse", administrator_key=administrator_key)
    made.append(_target(lambda: SimulatedGidsCard(replace(gids)), administrator_key, spare))
    iso = issuer.issue_isoapplet(unblocking_key=ISO_KEY)
    made.append(_target(lambda: SimulatedIso7816Card(replace(iso)), ISO_KEY, spare))
    return made


def _target(
    make: Callable[[], SimulatedCard], key: bytes, spare: tuple[bytes, bytes] = (b"", b"")
) -> Target:
    report = inspect(make())
    holder, card = report.certificates.authentication, report.certificates.card_authentication
    holder_key = _spki(holder) if card else None
    own, login = card or spare[0], holder or spare[1]
    return Target(make, report.identity, _spki(card), holder_key, own, login, key)


def _spki(certificate: bytes | None) -> bytes | None:
    if certificate is None:
        return None
    return public_keys.from_certificate(certificate, "x").public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


# ---------------------------------------------------------------- the operations


def _sign(session: CardSession) -> None:
    holder = session.certificates().authentication
    if holder is not None:
        session.verify(Secret(PASSCODE))
        session.sign_as_holder(public_keys.from_certificate(holder, "9A"), bytes(32))


def operations(target: Target) -> list[Callable[[Connection], object]]:
    """Return every operation that the kiosk runs on a card."""
    key = Secret(target.key)
    return [
        inspect,
        examine,
        lambda card: _sign(recognise(card)),
        lambda card: recognise(card).verify(Secret(PASSCODE)),
        lambda card: recognise(card).change(Secret(PASSCODE), Secret(NEW)),
        lambda card: recognise(card).unblock(key, Secret(NEW)),
        lambda card: recognise(card).change_key(key, key),
        lambda card: prove(card, target.identity, target.certificate, bytes(32)),
        lambda card: unlock(card, target.plan(), lambda _: None, _authority()),
        *_with_a_passcode(target),
    ]


def _with_a_passcode(target: Target) -> list[Callable[[Connection], object]]:
    """Run the operations of a cardholder who knows the passcode."""
    own = target.certificate if target.card_key is not None else None
    expected = (target.identity, Own(own, bytes(32)))
    passcode, new = Secret(PASSCODE), Secret(NEW)
    return [
        lambda card: change(card, expected, passcode, new),
        lambda card: sign(card, expected, target.login, passcode, bytes(32)),
    ]


def _authority() -> AdministratorKey:
    return AdministratorKey(Secret(ADMINISTRATOR_KEY))


@dataclass
class Outcome:
    """The counts of an attack of many rounds."""

    replies: int = 0
    rounds: int = 0
    refused: int = 0
    unlocked: int = 0


def attack(replies: int, seed: int = 1) -> Outcome:
    """Attack until the card has given that many replies; raises whatever is not a CardError.

    HeldUp is not a CardError either.
    """
    chosen, outcome, all_targets = random.Random(seed), Outcome(), targets()
    others = [answer for each in transcript.every() for _, answer in each]
    while outcome.replies < replies:
        target = chosen.choice(all_targets)
        operation = chosen.choice(operations(target))
        chance = chosen.choice([0.02, 0.1, 0.3, 1.0])
        card = HostileConnection(target.make(), chosen, chance, others)
        outcome.rounds += 1
        try:
            operation(card)
        except CardError:
            outcome.refused += 1
        outcome.replies += card.replies
    return outcome


def attack_unlock(rounds: int, seed: int = 2) -> Outcome:
    """Unlock with forged cards: none may be sent a secret before it has proved its identity.

    Cards of a family that cannot prove their identity (ISO 7816, or GIDS in the external form) are
    left out: only the identity that they state can be checked.
    """
    chosen, outcome = random.Random(seed), Outcome()
    awaited = [each for each in targets() if each.identity.family is not Family.ISO7816]
    forged = targets(administrator_key=ADMINISTRATOR_KEY[::-1])
    others = [answer for each in transcript.every() for _, answer in each]
    for _ in range(rounds):
        target = chosen.choice(awaited)
        alike = [each for each in forged if each.identity.family is target.identity.family]
        forgery = chosen.choice(chosen.choice([alike, forged])).make()
        card = Impostor(target.make(), chosen, 0.1, others, forgery=forgery)
        outcome.rounds += 1
        try:
            if target.identity.family is Family.PIV and chosen.random() < 0.5:
                # Other cards have no key for a proof before they have the passcode.
                chosen.choice(_with_a_passcode(target))(card)
            else:
                unlock(card, target.plan(), lambda _: None, _authority())
            outcome.unlocked += 1
        except CardError:
            outcome.refused += 1
        outcome.replies += card.replies
    return outcome


_SECRETS = (PIV_KEY, PIV_NEXT, ADMINISTRATOR_KEY, ISO_KEY, NEW, PASSCODE)
_READS = {0xA4, 0xCB, 0xC0, 0xB0, 0x22}


@dataclass
class Impostor(HostileConnection):
    """A forged card: a copy of all that is readable on the awaited card, with keys of its own."""

    forgery: SimulatedCard = field(kw_only=True)

    def exchange(self, command: bytes) -> bytes:
        if any(secret in command for secret in _SECRETS):
            raise AssertionError(f"a secret was sent to a forged card: {command[:4].hex()}")
        if command[1] in {0xA4, 0x22}:
            self.forgery.exchange(command)
        if command[1] in _READS:
            return super().exchange(command)
        self.sent.append(command)
        self.replies += 1
        if self.random.random() < 0.3:
            noise = b"\x7c\x2a\x82\x28" + self.random.randbytes(40) + b"\x90\x00"
            return self.random.choice([*_STATUS, noise, self.random.choice(self.others)])
        return self.forgery.exchange(command)

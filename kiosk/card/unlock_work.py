# SPDX-License-Identifier: Apache-2.0
"""The card work of an unlock. Each command is recorded before it is sent, and its answer after it.

The order: read the card's identity; let the card's own key sign a fresh challenge; unblock with the
new passcode; verify the new passcode; change the unblocking key from current to next, unless the
card has next already; let the holder's key, which needs the passcode, sign what the card is left
with. The caller has begun a card transaction, and `record` makes a step durable before it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from kiosk.card import public_keys
from kiosk.card.apdu import SUCCESS, Connection
from kiosk.card.proving import expect, signed_by
from kiosk.card.recognition import recognise
from kiosk.card.session import Authority, CardIncapable, CardSession
from kiosk.errors import CardMalformed, CardRefused, SecretRefused, WrongSecret
from kiosk.values import CardIdentity, Secret


@dataclass(frozen=True, slots=True)
class Candidate:
    """An unblocking key that the card might have.

    `key` is empty if central keeps it and answers the card's challenge in its place.
    """

    generation: int
    key: Secret


@dataclass(frozen=True, slots=True)
class UnlockPlan:
    """Everything that the card work needs, fixed before it begins.

    `card_key` and `holder_key` are DER SubjectPublicKeyInfo. The first is the card's own key (PIV
    9E), pinned at registration; the second is the holder's key (PIV 9A). Each is None if the card
    does not have it. `attestations` maps the generation of current, and of next, to the digest that
    the holder's key signs if the card is left with it. `next` is None if the key is not renewed.
    The second candidate is tried only if `second_allowed` is set and the card has at least
    `second_needs_tries_left` tries after it refused the first.
    """

    identity: CardIdentity
    current: Candidate
    next: Candidate | None
    first: int
    second_allowed: bool
    second_needs_tries_left: int
    renew: bool
    passcode: Secret
    proof: bytes
    card_key: bytes | None
    holder_key: bytes | None
    attestations: Mapping[int, bytes] = field(repr=False)

    def wipe(self) -> None:
        """Wipe the passcode and the keys."""
        for secret in (self.passcode, self.current.key, self.next.key if self.next else None):
            if secret is not None:
                secret.wipe()


@dataclass(frozen=True, slots=True)
class CardStep:
    """An entry of the record. `status` is the card's answer, None before the command is sent.

    `command` is one of authenticate, unblock, verify, change, attest, as `CardCommand` of the
    contract names them.
    """

    command: str
    generation: int
    status: int | None
    signature: bytes | None = None


@dataclass(frozen=True, slots=True)
class Unlocked:
    """The card has the new passcode; `generation` is the unblocking key that it has now."""

    generation: int


Record = Callable[[CardStep], None]


def unlock(
    connection: Connection, plan: UnlockPlan, record: Record, authority: Authority | None = None
) -> Unlocked:
    """Do the card work of `plan`; `authority` responds for candidates whose key is not here.

    Raises WrongCard before any try is spent; WrongSecret("unblocking key") if the card refused all
    candidates that it was allowed to try; WrongSecret("passcode") or CardRefused if the unblock was
    accepted but the new passcode did not verify. In both of these cases the unblocking key is not
    changed. The caller wipes the plan, whatever the outcome.
    """
    card = recognise(connection, plan.identity.family)
    _expect(card, plan)
    opened_with = _unblock(card, plan, record, authority)
    with _recorded(record, "verify", opened_with.generation):
        card.verify(plan.passcode)
    generation = opened_with.generation
    if plan.renew and opened_with is plan.current and _change(card, plan, record):
        generation = plan.current.generation + 1
    _attest(card, plan, generation, record)
    return Unlocked(generation)


def _expect(card: CardSession, plan: UnlockPlan) -> None:
    expect(card, plan.identity)
    if plan.card_key is not None:
        key = public_keys.from_spki(plan.card_key, "pinned card authentication key")
        signed_by(card, plan.identity, key, plan.proof)


def _unblock(
    card: CardSession, plan: UnlockPlan, record: Record, authority: Authority | None
) -> Candidate:
    pair = [each for each in (plan.current, plan.next) if each is not None]
    first, *others = sorted(pair, key=lambda candidate: candidate.generation != plan.first)
    try:
        return _try(card, first, plan, record, authority)
    except WrongSecret as refused:
        # With fewer tries left than central expects, the card may carry neither key of the pair.
        # A card that reports no count gets only one try in a visit.
        left = refused.tries_left
        few_left = left is None or left < plan.second_needs_tries_left
        if few_left or not others or not plan.second_allowed:
            raise
    return _try(card, others[0], plan, record, authority)


def _try(
    card: CardSession,
    candidate: Candidate,
    plan: UnlockPlan,
    record: Record,
    authority: Authority | None,
) -> Candidate:
    generation = candidate.generation
    if candidate.key:
        record(CardStep("unblock", generation, None))
        with _recorded(record, "unblock", generation):
            card.unblock(candidate.key, plan.passcode)
    elif authority is not None:
        _authenticate_and_unblock(card, generation, plan.passcode, record, authority)
    else:
        raise SecretRefused("unblocking key")
    return candidate


def _authenticate_and_unblock(
    card: CardSession, generation: int, passcode: Secret, record: Record, authority: Authority
) -> None:
    recorded = _RecordedAuthority(authority, record, generation)
    try:
        card.unblock(recorded, passcode)
    except (WrongSecret, CardRefused) as refused:
        if recorded.sent is not None:
            record(CardStep(recorded.sent, generation, refused.status))
        raise
    record(CardStep("unblock", generation, SUCCESS))


class _RecordedAuthority:
    """An authority whose response is recorded, and then each card command that is sent with it.

    No try is spent before the authority has responded. The card's acceptance is recorded at once,
    because the authority's check whether the card is genuine may fail afterwards. `sent` is the
    command that waits for an answer, or None.
    """

    def __init__(self, authority: Authority, record: Record, generation: int) -> None:
        self._authority, self._record, self._generation = authority, record, generation
        self.sent: str | None = None

    def opening(self) -> bytes:
        return self._authority.opening()

    def answer(self, challenge: bytes) -> bytes:
        response = self._authority.answer(challenge)
        self._announce("authenticate")
        return response

    def check(self, reply: bytes) -> None:
        self._record(CardStep("authenticate", self._generation, SUCCESS))
        self.sent = None
        self._authority.check(reply)
        self._announce("unblock")

    def _announce(self, command: str) -> None:
        self._record(CardStep(command, self._generation, None))
        self.sent = command


def _change(card: CardSession, plan: UnlockPlan, record: Record) -> bool:
    """Renew the unblocking key and return whether it worked.

    A refusal is recorded and reported to central; the unlock succeeds all the same.
    """
    if plan.next is None:
        return False
    record(CardStep("change", plan.next.generation, None))
    try:
        with _recorded(record, "change", plan.next.generation):
            card.change_key(plan.current.key, plan.next.key)
    except (WrongSecret, CardRefused):
        return False
    return True


def _attest(card: CardSession, plan: UnlockPlan, generation: int, record: Record) -> None:
    """Let the card sign the generation that it now carries; the unlock succeeds without it too."""
    if plan.holder_key is None:
        return
    try:
        key = public_keys.from_spki(plan.holder_key, "authentication key")
        digest = plan.attestations[generation]
        signature = card.sign_as_holder(key, digest)
        if not public_keys.verifies(key, signature, digest):
            return  # an invalid signature attests nothing
    except CardRefused as refused:
        record(CardStep("attest", generation, refused.status))
        return
    except (CardMalformed, CardIncapable):
        return
    record(CardStep("attest", generation, SUCCESS, signature))


@contextmanager
def _recorded(record: Record, command: str, generation: int) -> Iterator[None]:
    """Record the status word of the command that the block sends; it sends exactly one."""
    try:
        yield
    except (WrongSecret, CardRefused) as refused:
        record(CardStep(command, generation, refused.status))
        raise
    record(CardStep(command, generation, SUCCESS))

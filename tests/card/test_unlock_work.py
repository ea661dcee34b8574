# SPDX-License-Identifier: Apache-2.0
"""The card work of an unlock: its order, its recorded facts, its commands."""

from __future__ import annotations

import itertools

import pytest
from cryptography.hazmat.primitives import serialization

from kiosk.card import public_keys
from kiosk.card.recognition import inspect
from kiosk.card.unlock_work import Candidate, CardStep, Unlocked, UnlockPlan, unlock
from kiosk.errors import CardRemoved, KioskError, WrongCard, WrongSecret
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import PivMemory, SimulatedPivCard
from kiosk.values import Secret
from tests.card.connections import Recorded

pytestmark = pytest.mark.dealt

CURRENT, NEXT, OTHER, NEW = b"current1", b"nextnext", b"no-match", b"135790"


@pytest.fixture(params=["P-256", "RSA-2048"])
def memory(request: pytest.FixtureRequest, issuer: SimulatedIssuer) -> PivMemory:
    memory = issuer.issue_piv("A Nurse", unblocking_key=CURRENT, algorithm=request.param)
    memory.passcode_left = 0
    return memory


def plan_for(
    memory: PivMemory,
    *,
    current: bytes = CURRENT,
    following: bytes = NEXT,
    first: int = 4,
    second_allowed: bool = False,
    renew: bool = True,
) -> UnlockPlan:
    report = inspect(SimulatedPivCard(memory))
    card_key, holder_key = (
        public_keys.from_certificate(memory.certificates[slot], "x").public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        for slot in (0x9E, 0x9A)
    )
    return UnlockPlan(
        identity=report.identity,
        current=Candidate(4, Secret(current)),
        next=Candidate(5, Secret(following)),
        first=first,
        second_allowed=second_allowed,
        second_needs_tries_left=2,
        renew=renew,
        passcode=Secret(NEW),
        proof=b"p" * 32,
        card_key=card_key,
        holder_key=holder_key,
        attestations={4: b"4" * 32, 5: b"5" * 32},
    )


def outcomes(steps: list[CardStep]) -> list[tuple[str, int, int | None]]:
    return [(step.command, step.generation, step.status) for step in steps]


def test_the_whole_work_is_recorded_step_by_step(memory: PivMemory) -> None:
    steps: list[CardStep] = []
    assert unlock(SimulatedPivCard(memory), plan_for(memory), steps.append) == Unlocked(5)
    assert outcomes(steps) == [
        ("unblock", 4, None),
        ("unblock", 4, 0x9000),
        ("verify", 4, 0x9000),
        ("change", 5, None),
        ("change", 5, 0x9000),
        ("attest", 5, 0x9000),
    ]
    assert memory.unblocking_key == NEXT
    assert memory.passcode == NEW.ljust(8, b"\xff")
    holder_key = public_keys.from_certificate(memory.certificates[0x9A], "9A")
    assert steps[-1].signature is not None
    assert public_keys.verifies(holder_key, steps[-1].signature, b"5" * 32)


def test_an_unlock_needs_at_most_eight_commands(memory: PivMemory) -> None:
    card = Recorded(SimulatedPivCard(memory))
    unlock(card, plan_for(memory), lambda _: None)
    whole = [c for c in card.commands if not c[0] & 0x10 and c[1] != 0xC0]
    assert len(whole) <= 8, [c[:4].hex() for c in whole]


def test_each_step_is_recorded_before_the_next_command(memory: PivMemory) -> None:
    card = Recorded(SimulatedPivCard(memory))
    seen: list[tuple[str, int]] = []
    unlock(card, plan_for(memory), lambda step: seen.append((step.command, len(card.commands))))
    about_to, after = [count for name, count in seen if name == "unblock"]
    assert after == about_to + 1
    assert [card.commands[count][1] for name, count in seen if name == "change"][:1] == [0x24]


def test_an_unrecorded_step_is_not_sent(memory: PivMemory) -> None:
    class DiskFull(KioskError):
        pass

    def refuse(_: CardStep) -> None:
        raise DiskFull

    card = Recorded(SimulatedPivCard(memory))
    with pytest.raises(DiskFull):
        unlock(card, plan_for(memory), refuse)
    assert 0x2C not in {command[1] for command in card.commands}
    assert memory.unblocking_left == 3


def test_a_card_that_the_next_key_already_opens_is_not_changed(memory: PivMemory) -> None:
    memory.unblocking_key = NEXT
    steps: list[CardStep] = []
    plan = plan_for(memory, first=5)
    assert unlock(SimulatedPivCard(memory), plan, steps.append) == Unlocked(5)
    assert [step.command for step in steps] == ["unblock", "unblock", "verify", "attest"]
    assert memory.unblocking_key == NEXT


def test_the_second_candidate_costs_at_most_one_try(memory: PivMemory) -> None:
    memory.unblocking_key = NEXT
    left: list[int] = []
    plan = plan_for(memory, first=4, second_allowed=True)
    result = unlock(SimulatedPivCard(memory), plan, lambda _: left.append(memory.unblocking_left))
    assert result == Unlocked(5)
    assert min(left) == 2


def test_the_second_candidate_is_tried_only_if_allowed(memory: PivMemory) -> None:
    memory.unblocking_key = NEXT
    with pytest.raises(WrongSecret):
        unlock(SimulatedPivCard(memory), plan_for(memory), lambda _: None)
    assert memory.unblocking_left == 2


@pytest.mark.parametrize("left", [1, 2, 3])
def test_the_last_try_is_never_reached_by_a_second_candidate(memory: PivMemory, left: int) -> None:
    memory.unblocking_key = OTHER
    memory.unblocking_left = left
    with pytest.raises(WrongSecret):
        unlock(SimulatedPivCard(memory), plan_for(memory, second_allowed=True), lambda _: None)
    assert memory.unblocking_left == {1: 0, 2: 1, 3: 1}[left]


def test_another_card_is_sent_no_secret(memory: PivMemory, issuer: SimulatedIssuer) -> None:
    other = Recorded(SimulatedPivCard(issuer.issue_piv("Somebody else")))
    with pytest.raises(WrongCard):
        unlock(other, plan_for(memory), lambda _: None)
    assert {command[1] for command in other.commands} <= {0xA4, 0xCB, 0xC0}


def test_a_copy_of_the_identity_is_sent_no_secret(
    memory: PivMemory, issuer: SimulatedIssuer
) -> None:
    forged = issuer.issue_piv("A Nurse")
    forged.guid = memory.guid
    card = Recorded(SimulatedPivCard(forged))
    with pytest.raises(WrongCard):
        unlock(card, plan_for(memory), lambda _: None)
    assert {command[1] for command in card.commands} <= {0xA4, 0xCB, 0xC0, 0x87}


def test_a_refused_change_leaves_a_working_card(memory: PivMemory) -> None:
    class RefusesChange(SimulatedPivCard):
        def exchange(self, command: bytes) -> bytes:
            return b"\x6a\x81" if command[:4] == b"\0\x24\0\x81" else super().exchange(command)

    steps: list[CardStep] = []
    assert unlock(RefusesChange(memory), plan_for(memory), steps.append) == Unlocked(4)
    assert ("change", 5, 0x6A81) in outcomes(steps)
    assert memory.unblocking_key == CURRENT


def test_a_card_that_refuses_to_sign_is_unlocked_anyway(memory: PivMemory) -> None:
    class RefusesToSign(SimulatedPivCard):
        def exchange(self, command: bytes) -> bytes:
            signs = command[1] == 0x87 and command[3] == 0x9A
            return b"\x69\x82" if signs else super().exchange(command)

    steps: list[CardStep] = []
    assert unlock(RefusesToSign(memory), plan_for(memory), steps.append) == Unlocked(5)
    assert outcomes(steps)[-1] == ("attest", 5, 0x6982)


@pytest.mark.parametrize("acted", [True, False])
def test_a_card_removed_at_any_command_can_be_unlocked_later(
    memory: PivMemory, *, acted: bool
) -> None:
    """Before or after the card acted; a further visit unlocks it from the evidence."""
    for at in itertools.count(1):
        memory.unblocking_key, memory.passcode_left, memory.unblocking_left = CURRENT, 0, 3
        memory.passcode = b"246802\xff\xff"
        card = PulledAt(memory, at, acted=acted)
        steps: list[CardStep] = []
        try:
            unlock(card, plan_for(memory), steps.append)
        except CardRemoved:
            pass
        else:
            break
        assert memory.unblocking_key in {CURRENT, NEXT}
        sent = any(step.command == "change" for step in steps)
        plan = plan_for(memory, first=4, second_allowed=sent)
        unlock(SimulatedPivCard(memory), plan, steps.append)
        assert memory.passcode == NEW.ljust(8, b"\xff")
        assert memory.unblocking_left == 3
    assert at > 7


class PulledAt(SimulatedPivCard):
    """A card that is removed at its n-th command, before or after it acted."""

    def __init__(self, memory: PivMemory, at: int, *, acted: bool) -> None:
        super().__init__(memory)
        self._left, self._acted = at, acted

    def exchange(self, command: bytes) -> bytes:
        self._left -= 1
        if self._left > 0:
            return super().exchange(command)
        if self._acted:
            super().exchange(command)
        raise CardRemoved("pulled")

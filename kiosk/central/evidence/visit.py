# SPDX-License-Identifier: Apache-2.0
"""A visit as its facts tell it: what was sent to the card, what came of it, and what may. Pure.

A visit of which facts may be missing costs what it can have cost at worst. A complete one costs
what its facts say, and at most the one candidate that was sent without a recorded answer. What was
never answered costs a try whichever key the card carries: a card that takes the try off before it
compares, and loses its power in between, has spent it on the right key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.contract.messages import CardCommand

ACCEPTED = 0x9000
BLOCKED = 0x6983

NEITHER = -1
"""In place of a generation: no key of ours ever opened the card."""

FOR_CERTAINTY = 2
"""Tries for a key that is certain: it costs none, but by a loss of power at the wrong moment."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One step of the card work; `status` None: about to be sent. `genuine`: see `FactRow`."""

    sequence: int
    command: CardCommand
    generation: int
    status: int | None
    genuine: bool = False


@dataclass(frozen=True, slots=True)
class ReportedTries:
    """Tries left as the card told them when a visit began; None where it does not tell."""

    passcode: int | None = None
    unblocking: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A grant that was issued, and what has arrived of it.

    `ends` are the counts of facts with which the kiosk said that it is over. `found`: no grant, but
    what the RA found when she looked at the card, with the tries that it tells and, where she knows
    it, the generation that it `carries`.
    """

    current: int
    first: int
    second_allowed: bool
    renew: bool
    told: ReportedTries
    second_needs: int = FOR_CERTAINTY
    facts: tuple[Fact, ...] = ()
    ends: frozenset[int] = frozenset()
    found: bool = False
    carries: int | None = None

    @property
    def complete(self) -> bool:
        """Whether it is over, and all that was recorded of it is here: nothing else was sent.

        Ends that contradict each other, and facts beyond the end, come of a disk that was rolled
        back. What such a kiosk did is never known.
        """
        if len(self.ends) != 1:
            return False
        (count,) = self.ends
        return sorted(fact.sequence for fact in set(self.facts)) == list(range(count))

    @property
    def other(self) -> int:
        """The candidate that may be tried if the card refuses the first."""
        return self.current if self.first != self.current else self.current + 1

    def statuses(self, command: CardCommand, generation: int) -> list[int | None]:
        """What is recorded of `command` with `generation`."""
        return [
            fact.status
            for fact in self.facts
            if fact.command is command and fact.generation == generation
        ]

    def proves(self, generation: int) -> bool:
        """Whether the card was seen to carry `generation` in this visit."""
        return any(f.generation == generation and is_proof(f) for f in self.facts)

    def refused(self, generation: int) -> bool:
        """Whether the card said that it does not carry `generation`."""
        return any(map(_wrong, self.statuses(CardCommand.UNBLOCK, generation)))

    def unanswered(self, generation: int) -> bool:
        """Whether the candidate was sent, or about to be, and what came of it is not recorded."""
        statuses = self.statuses(CardCommand.UNBLOCK, generation)
        return bool(statuses) and all(map(_open, statuses))

    def may_have_accepted(self, generation: int) -> bool:
        """Whether the card may have been unblocked with `generation`."""
        statuses = self.statuses(CardCommand.UNBLOCK, generation)
        if ACCEPTED in statuses or self.unanswered(generation):
            return True
        unheard = not statuses and not self.complete
        return unheard and (generation == self.first or self.second_allowed)

    def may_have_changed(self) -> bool:
        """Whether the card may carry `current + 1` after this visit, if it carried `current`."""
        statuses = self.statuses(CardCommand.CHANGE, self.current + 1)
        answers = [status for status in statuses if status is not None]
        if answers:
            return not all(map(_declined, answers))
        if self.complete:
            return bool(statuses)
        return self.renew and not self._closed() and not self.refused(self.current)

    def changed(self) -> bool:
        """Whether it is certain that a card which carried `current` carries the next one now."""
        attested = any(_attests(fact, self.current + 1) for fact in self.facts)
        return attested or ACCEPTED in self.statuses(CardCommand.CHANGE, self.current + 1)

    def contradicts(self, generation: int) -> bool:
        """Whether the card cannot have carried `generation` when this visit began."""
        if self.refused(generation):
            return True
        accepted = {
            fact.generation
            for fact in self.facts
            if fact.command is CardCommand.UNBLOCK and fact.status == ACCEPTED
        }
        if ACCEPTED in self.statuses(CardCommand.CHANGE, self.current + 1) or any(
            _attests(fact, self.current) for fact in self.facts
        ):
            accepted.add(self.current)
        return bool(accepted - {generation})

    def _left_after(self, candidate: int, carried: int, left: int, maximum: int) -> int:
        """Tries left at least once `candidate` was through, of a card that carries `carried`."""
        statuses = self.statuses(CardCommand.UNBLOCK, candidate)
        if ACCEPTED in statuses:
            return maximum
        if counts := _counts(statuses):
            return min(counts)
        if candidate == carried:
            return max(0, left - self._may_be_torn(candidate))
        if statuses:
            cost = self.refused(candidate) or self.unanswered(candidate)
        elif self.complete:
            cost = False
        else:
            cost = candidate == self.first or self._goes_on(carried, left)
        return max(0, left - cost)

    def _may_be_torn(self, candidate: int) -> bool:
        """Whether the card may have lost its power over `candidate`, after it had taken a try off.

        Cards that do so before they compare lose one even over the right key.
        """
        if self.statuses(CardCommand.UNBLOCK, candidate):
            return self.unanswered(candidate)
        return not self.complete and (candidate == self.first or self.second_allowed)

    def change_may_be_torn(self, carried: int) -> bool:
        """Whether it may have lost it over the change: that compares the current key as well."""
        if carried != self.current:
            return False
        statuses = self.statuses(CardCommand.CHANGE, self.current + 1)
        if statuses:
            return all(map(_open, statuses))
        return self.renew and not self.complete and not self._closed()

    def _goes_on(self, carried: int, left: int) -> bool:
        """Whether the second candidate may have been wrong as well, `left` after the first."""
        statuses = self.statuses(CardCommand.UNBLOCK, self.first)
        uncounted = any(map(_wrong, statuses)) and not _counts(statuses)
        may_go_on = self.second_allowed and (uncounted or left >= self.second_needs)
        return carried == NEITHER and may_go_on

    def left_at_the_end(self, carried: int, left: int, maximum: int) -> int:
        """Tries left at least after this visit, which began with `left` of them."""
        if self.told.unblocking is not None:
            left = self.told.unblocking
        for candidate in (self.first, self.other):
            left = self._left_after(candidate, carried, left, maximum)
        change = self.statuses(CardCommand.CHANGE, self.current + 1)
        if counts := _counts(change):
            return min(counts)
        opened = ACCEPTED in self.statuses(CardCommand.UNBLOCK, self.current)
        torn = opened and self.change_may_be_torn(carried)
        return max(0, left - (torn or any(map(_wrong, change))))

    def _closed(self) -> bool:
        """Whether the card signed that it is left with `current`, and no fact before is missing.

        A change may be among the missing ones: its answer may have left open what it did, and then
        the kiosk took it for declined.
        """
        known = {fact.sequence for fact in self.facts}
        return any(
            _attests(fact, self.current) and known.issuperset(range(fact.sequence))
            for fact in self.facts
        ) and not self.statuses(CardCommand.CHANGE, self.current + 1)


def is_proof(fact: Fact) -> bool:
    """The card accepted the key, or signed with its own that it carries it."""
    if fact.command is CardCommand.ATTEST:
        return fact.genuine
    return fact.command in (CardCommand.UNBLOCK, CardCommand.CHANGE) and fact.status == ACCEPTED


def _attests(fact: Fact, generation: int) -> bool:
    return fact.command is CardCommand.ATTEST and fact.genuine and fact.generation == generation


def _wrong(status: int | None) -> bool:
    """63 xx: the key was compared, and is another."""
    return status is not None and status >> 8 == 0x63


def _counts(statuses: Sequence[int | None]) -> list[int]:
    """Tries left as the answers tell them. ISO 7816-4: 63 Cx, and 69 83 where none are left.

    63 0x is some cards' way of saying the same, but for x = 0.
    """
    return [
        0 if status == BLOCKED else status & 0xF
        for status in statuses
        if status is not None
        and (status == BLOCKED or (status & 0xFFF0 in {0x63C0, 0x6300} and status != 0x6300))
    ]


def _open(status: int | None) -> bool:
    """Whether the command was carried out is not known: 64 xx, 65 xx and 6F xx leave that open."""
    return status is None or (status != ACCEPTED and not _declined(status))


def _declined(status: int) -> bool:
    """The card did not carry the command out."""
    return status >> 8 in (0x63, 0x67, 0x69, 0x6A, 0x6B, 0x6D, 0x6E)

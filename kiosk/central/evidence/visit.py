# SPDX-License-Identifier: Apache-2.0
"""A visit as its facts show it: which keys were sent to the card, and what came of each. Pure.

If facts may be missing, the visit counts for the worst that it can have cost. A complete visit
costs what its facts say, and at most the one candidate that was sent without a recorded answer. A
command without an answer costs a try even if its key was right: some cards take the try off before
they compare, and lose it if their power fails in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.contract.messages import CardCommand

ACCEPTED = 0x9000
BLOCKED = 0x6983

NEITHER = -1
"""Used in place of a generation: no key of ours has ever opened the card."""

FOR_CERTAINTY = 2
"""Tries that a certain key needs. It costs none, unless the power fails at the wrong moment."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One step of the card work. `status` is None if the command was only about to be sent.

    `genuine`: see `FactRow`.
    """

    sequence: int
    command: CardCommand
    generation: int
    status: int | None
    genuine: bool = False


@dataclass(frozen=True, slots=True)
class ReportedTries:
    """Tries left, as the card reported them when a visit began; None if it reports none."""

    passcode: int | None = None
    unblocking: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """An issued grant, with the facts that have arrived for it.

    `ends` are the numbers of facts with which the kiosk reported the end of the visit. With
    `found`, this is not a grant but the RA's finding: `reported` are the tries that the RA read,
    and `carries` is the generation that the card carries, if the RA knows it.
    """

    current: int
    first: int
    second_allowed: bool
    renew: bool
    reported: ReportedTries
    second_needs: int = FOR_CERTAINTY
    facts: tuple[Fact, ...] = ()
    ends: frozenset[int] = frozenset()
    found: bool = False
    carries: int | None = None

    @property
    def complete(self) -> bool:
        """Return whether the visit is over and all its facts are here: nothing else was sent.

        Ends that contradict each other, and facts beyond the end, come from a disk that was rolled
        back. Such a kiosk's visit is never complete.
        """
        if len(self.ends) != 1:
            return False
        (count,) = self.ends
        return sorted(fact.sequence for fact in set(self.facts)) == list(range(count))

    @property
    def other(self) -> int:
        """Return the candidate that may be tried if the card refuses the first."""
        return self.current if self.first != self.current else self.current + 1

    def statuses(self, command: CardCommand, generation: int) -> list[int | None]:
        """Return the recorded statuses of `command` with `generation`."""
        return [
            fact.status
            for fact in self.facts
            if fact.command is command and fact.generation == generation
        ]

    def proves(self, generation: int) -> bool:
        """Return whether the card was seen to carry `generation` in this visit."""
        return any(f.generation == generation and is_proof(f) for f in self.facts)

    def refused(self, generation: int) -> bool:
        """Return whether the card answered that it does not carry `generation`."""
        return any(map(_key_was_wrong, self.statuses(CardCommand.UNBLOCK, generation)))

    def unanswered(self, generation: int) -> bool:
        """Return whether the candidate was sent, or about to be, without a conclusive answer."""
        statuses = self.statuses(CardCommand.UNBLOCK, generation)
        return bool(statuses) and all(map(_inconclusive, statuses))

    def may_have_accepted(self, generation: int) -> bool:
        """Return whether the card may have been unblocked with `generation`."""
        statuses = self.statuses(CardCommand.UNBLOCK, generation)
        if ACCEPTED in statuses or self.unanswered(generation):
            return True
        unreported = not statuses and not self.complete
        return unreported and (generation == self.first or self.second_allowed)

    def may_have_changed(self) -> bool:
        """Return whether a card that carried `current` may carry `current + 1` after this visit."""
        statuses = self.statuses(CardCommand.CHANGE, self.current + 1)
        answers = [status for status in statuses if status is not None]
        if answers:
            return not all(map(_declined, answers))
        if self.complete:
            return bool(statuses)
        return self.renew and not self._attested_unchanged() and not self.refused(self.current)

    def changed(self) -> bool:
        """Return whether a card that carried `current` certainly carries the next one now."""
        attested = any(_attests(fact, self.current + 1) for fact in self.facts)
        return attested or ACCEPTED in self.statuses(CardCommand.CHANGE, self.current + 1)

    def contradicts(self, generation: int) -> bool:
        """Return whether the card cannot have carried `generation` when this visit began."""
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
        """Return the fewest tries left after `candidate`, if the card carries `carried`."""
        statuses = self.statuses(CardCommand.UNBLOCK, candidate)
        if ACCEPTED in statuses:
            return maximum
        if counts := _tries_left(statuses):
            return min(counts)
        if candidate == carried:
            return max(0, left - self._may_be_torn(candidate))
        if statuses:
            cost = self.refused(candidate) or self.unanswered(candidate)
        elif self.complete:
            cost = False
        else:
            cost = candidate == self.first or self._second_may_be_wrong(carried, left)
        return max(0, left - cost)

    def _may_be_torn(self, candidate: int) -> bool:
        """Return whether `candidate` may have been torn after the card took a try off.

        A command is torn if the card loses its power during it. Cards that take the try off before
        they compare then lose one even if the key is right.
        """
        if self.statuses(CardCommand.UNBLOCK, candidate):
            return self.unanswered(candidate)
        return not self.complete and (candidate == self.first or self.second_allowed)

    def change_may_be_torn(self, carried: int) -> bool:
        """Return whether the change may have been torn: it compares the current key as well."""
        if carried != self.current:
            return False
        statuses = self.statuses(CardCommand.CHANGE, self.current + 1)
        if statuses:
            return all(map(_inconclusive, statuses))
        return self.renew and not self.complete and not self._attested_unchanged()

    def _second_may_be_wrong(self, carried: int, left: int) -> bool:
        """Return whether the second candidate may have been sent and refused as well.

        `left`: the tries left after the first candidate.
        """
        statuses = self.statuses(CardCommand.UNBLOCK, self.first)
        uncounted = any(map(_key_was_wrong, statuses)) and not _tries_left(statuses)
        may_go_on = self.second_allowed and (uncounted or left >= self.second_needs)
        return carried == NEITHER and may_go_on

    def left_at_the_end(self, carried: int, left: int, maximum: int) -> int:
        """Return the fewest tries left after this visit, if it began with `left` tries."""
        if self.reported.unblocking is not None:
            left = self.reported.unblocking
        for candidate in (self.first, self.other):
            left = self._left_after(candidate, carried, left, maximum)
        change = self.statuses(CardCommand.CHANGE, self.current + 1)
        if counts := _tries_left(change):
            return min(counts)
        opened = ACCEPTED in self.statuses(CardCommand.UNBLOCK, self.current)
        torn = opened and self.change_may_be_torn(carried)
        return max(0, left - (torn or any(map(_key_was_wrong, change))))

    def _attested_unchanged(self) -> bool:
        """Return whether the card signed that it still carries `current`, with no gap before.

        An earlier fact that is missing could be a change: its answer may have been inconclusive,
        and the kiosk then took it for declined.
        """
        known = {fact.sequence for fact in self.facts}
        return any(
            _attests(fact, self.current) and known.issuperset(range(fact.sequence))
            for fact in self.facts
        ) and not self.statuses(CardCommand.CHANGE, self.current + 1)


def is_proof(fact: Fact) -> bool:
    """Return whether the card accepted the key, or signed with its own key that it carries it."""
    if fact.command is CardCommand.ATTEST:
        return fact.genuine
    return fact.command in (CardCommand.UNBLOCK, CardCommand.CHANGE) and fact.status == ACCEPTED


def _attests(fact: Fact, generation: int) -> bool:
    return fact.command is CardCommand.ATTEST and fact.genuine and fact.generation == generation


def _key_was_wrong(status: int | None) -> bool:
    """Return whether the card compared the key and found it wrong (63 xx)."""
    return status is not None and status >> 8 == 0x63


def _tries_left(statuses: Sequence[int | None]) -> list[int]:
    """Return the tries left that the answers report: 63 Cx, or 69 83 if none are left (ISO 7816-4).

    Some cards answer 63 0x instead, but not with x = 0.
    """
    return [
        0 if status == BLOCKED else status & 0xF
        for status in statuses
        if status is not None
        and (status == BLOCKED or (status & 0xFFF0 in {0x63C0, 0x6300} and status != 0x6300))
    ]


def _inconclusive(status: int | None) -> bool:
    """Return whether it is unknown if the command was carried out.

    It is unknown if there was no answer, or if the answer was 64 xx, 65 xx or 6F xx.
    """
    return status is None or (status != ACCEPTED and not _declined(status))


def _declined(status: int) -> bool:
    """Return whether the card did not carry out the command."""
    return status >> 8 in (0x63, 0x67, 0x69, 0x6A, 0x6B, 0x6D, 0x6E)

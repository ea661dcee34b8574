# SPDX-License-Identifier: Apache-2.0
"""A visit as its grant and its facts show it: which keys may have been sent, and with what cost.

Pure. A kiosk's word proves nothing about a card. An unsigned fact or end orders the candidates and
adds cost, but it removes no key and takes no cost away: a visit counts for the worst that its grant
allowed. Only the card's own signature (an attest) or the RA's finding says more. A complete visit
with such a signature is closed: its facts are final, and later ones change nothing.

A command without an answer costs a try even if its key was right: some cards take the try off
before they compare, and lose it if their power fails in between.
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

    `number` is its place among the card's visits. `tries_left`: the fewest tries that central
    counted with when it issued the grant, None if unknown. `ends` are the numbers of facts with
    which the kiosk reported the end of the visit. With `found`, this is not a grant but the RA's
    finding: `reported` are the tries that the RA read, and `carries` is the generation that the
    card carries, if the RA knows it.
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
    number: int = 0
    tries_left: int | None = None

    @property
    def other(self) -> int:
        """Return the candidate that may be tried if the card refuses the first."""
        return self.current if self.first != self.current else self.current + 1

    @property
    def candidates(self) -> tuple[int, ...]:
        """Return the generations that the grant lets the kiosk send, in their order."""
        return (self.first, self.other) if self.second_allowed else (self.first,)

    def allows(self, fact: Fact) -> bool:
        """Return whether the fact can have happened under the grant."""
        renewed = self.current + 1 if self.renew and self.current in self.candidates else None
        match fact.command:
            case CardCommand.CHANGE:
                return fact.generation == renewed
            case CardCommand.ATTEST:
                return fact.generation in (*self.candidates, renewed)
            case _:
                return fact.generation in self.candidates

    @property
    def complete(self) -> bool:
        """Return whether the visit is over and all its facts are here, by the kiosk's word.

        Ends that contradict each other, and facts beyond the end, come from a disk that was rolled
        back. Such a kiosk's visit is never complete.
        """
        if len(self.ends) != 1:
            return False
        (count,) = self.ends
        return sorted(fact.sequence for fact in set(self.facts)) == list(range(count))

    @property
    def attested(self) -> int | None:
        """Return the generation that the card signed that it carries, or None."""
        signed = [f.generation for f in self.facts if f.command is CardCommand.ATTEST and f.genuine]
        return max(signed, default=None)

    @property
    def closed(self) -> bool:
        """Return whether the visit is complete and signed by the card: its facts are final."""
        return self.attested is not None and self.complete

    @property
    def renewed_unsigned(self) -> bool:
        """Return whether the kiosk reports a complete renewal that the card did not sign."""
        changed = ACCEPTED in self.statuses(CardCommand.CHANGE, self.current + 1)
        return self.complete and changed and self.attested is None

    def statuses(self, command: CardCommand, generation: int) -> list[int | None]:
        """Return the recorded statuses of `command` with `generation`."""
        return [
            fact.status
            for fact in self.facts
            if fact.command is command and fact.generation == generation
        ]

    def accepted(self, generation: int) -> bool:
        """Return whether the kiosk reports that the card was unblocked with `generation`."""
        return ACCEPTED in self.statuses(CardCommand.UNBLOCK, generation)

    def refused(self, generation: int) -> bool:
        """Return whether the kiosk reports that the card does not carry `generation`."""
        return any(map(_key_was_wrong, self.statuses(CardCommand.UNBLOCK, generation)))

    def unanswered(self, generation: int) -> bool:
        """Return whether the candidate was sent, or about to be, without a conclusive answer."""
        statuses = self.statuses(CardCommand.UNBLOCK, generation)
        return bool(statuses) and all(map(_inconclusive, statuses))

    def reports_change(self) -> bool:
        """Return whether the kiosk reports a change that succeeded, or whose outcome is unknown."""
        statuses = self.statuses(CardCommand.CHANGE, self.current + 1)
        answers = [status for status in statuses if status is not None]
        return bool(statuses) and not (answers and all(map(_declined, answers)))

    def may_have_changed(self) -> bool:
        """Return whether a card that carried `current` may carry `current + 1` after this visit."""
        if self.attested is None:
            return self.renew
        return self.attested > self.current or (self.renew and not self._signed_unchanged())

    def left_if_signed(self, maximum: int) -> int:
        """Return the fewest tries of the card with `current` that signed after its passcode fitted.

        Its unblocking restored all tries; only a change that was refused or torn may have cost one.
        """
        change = self.statuses(CardCommand.CHANGE, self.current + 1)
        if counts := _tries_left(change):
            return min(counts)
        wrong = any(map(_key_was_wrong, change))
        return maximum - (wrong or self.may_have_changed())

    def left_at_worst(self, carried: int, left: int, maximum: int, *, signs: bool) -> int:
        """Return the fewest tries left in the world `carried`, if the card signed nothing.

        `signs`: the card could have signed. If it cannot, reported success is all there is, and
        restores its tries.
        """
        if self.reported.unblocking is not None:
            left = self.reported.unblocking
        for number, candidate in enumerate(self.candidates):
            if number and (left < self.second_needs or carried == self.first):
                break
            if not signs and self.accepted(candidate) and carried != NEITHER:
                return maximum
            left = max(0, left - 1)
            left = min([left, *_tries_left(self.statuses(CardCommand.UNBLOCK, candidate))])
        return min([left, *_tries_left(self.statuses(CardCommand.CHANGE, self.current + 1))])

    def _signed_unchanged(self) -> bool:
        """Return whether the card signed that it still carries `current`, with no gap before.

        An earlier fact that is missing could be a change: its answer may have been inconclusive,
        and the kiosk then took it for declined.
        """
        if self.reports_change():
            return False
        if self.closed:
            return True
        known = {fact.sequence for fact in self.facts}
        return any(
            fact.command is CardCommand.ATTEST
            and fact.genuine
            and known.issuperset(range(fact.sequence))
            for fact in self.facts
        )


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

"""What a card's facts say of its unblocking key, and what a grant may therefore offer. Pure.

The pair rule. Every grant offers (current, current + 1) until it is *proven* that the card carries
the second: it accepted a change to it, or an unblock with it. A change goes only from current to
next, so the card carries one of the two, whatever was interrupted and whichever facts are late,
doubled, out of order or never come.

Visits are in the order of their grants, and card work is in that order as well: a kiosk works only
on a card that has not left its reader since the answers were accepted, and a grant is refused once
the card has been elsewhere since (see `grant`).

Worlds. For each key that the card may carry, the fewest tries it may have left *if it carries that
one*. A refusal costs a try only where the card carries another key, so a doubt about the key and a
doubt about the tries are one doubt, and the next grant may be safe in either world where neither
a guess at the key nor a count of the tries alone would let it be. What was never answered costs one
in every world: a card that takes the try off before it compares, and loses its power in between,
has spent it on the right key. One world more, `NEITHER`: until a key of ours has opened the card,
the imported one may be wrong.

A visit of which facts may be missing costs what it can have cost at worst. A complete one costs
what its facts say, and at most the one candidate that was sent without a recorded answer.

What only the right key can do is evidence: a card that is found unlocked, or with tries restored.
A card found locked again is none: its holder may have done that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kiosk.contract.messages import CardCommand

ACCEPTED = 0x9000
BLOCKED = 0x6983

NEITHER = -1
"""The world in which no generation of ours ever opened the card."""

# What a card must have left. A guess may cost one and must leave two; what is certain costs none
# but by a loss of power at the wrong moment, and then one is left.
_FOR_A_GUESS = 3
_FOR_CERTAINTY = 2
_IF_ALL_IS_WRONG = 1

Worlds = Mapping[int, int]
"""The generation that the card may carry, or NEITHER -> the fewest tries it may have left then."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One step of the card work; `status` None: about to be sent. `genuine`: see `FactRow`."""

    sequence: int
    command: CardCommand
    generation: int
    status: int | None
    genuine: bool = False


@dataclass(frozen=True, slots=True)
class Told:
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
    told: Told
    second_needs: int = _FOR_CERTAINTY
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
        return any(f.generation == generation and _proof(f) for f in self.facts)

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


@dataclass(frozen=True, slots=True)
class Decision:
    """What the next grant for the card offers; nothing if `frozen`.

    `second_needs`: tries that the first candidate's refusal must leave for the second to be tried.
    Fewer mean that visits which we took for harmless were not: the card carries neither key, as
    when the imported one was wrong from the start.
    """

    current: int
    first: int
    second_allowed: bool
    second_needs: int
    renew: bool
    charge: bool
    frozen: bool
    tries_left: int


def decide(visits: Sequence[Visit], told: Told, maximum: int) -> Decision:
    """The decision for a card after `visits`, which now tells `told` and had `maximum` tries."""
    current = proven(visits)
    followed = list(_followed(visits, told))
    worlds: Worlds = {0: maximum, NEITHER: maximum}
    strange: frozenset[int] = frozenset()
    for visit, afterwards in followed:
        strange = _strange(strange, worlds, visit.told)
        if visit.current not in strange and visit.may_have_changed():
            strange -= {visit.current + 1}
        worlds = _after(visit, afterwards, worlds, maximum)
    strange = _strange(strange, worlds, told)
    if told.unblocking is not None:
        worlds = dict.fromkeys(worlds, told.unblocking)
    possible = {generation: left for generation, left in worlds.items() if generation >= current}
    doubted = None if opened(visits) else worlds.get(NEITHER)
    order = _order([pair for pair in followed if pair[0].current == current], current, possible)
    first = next((f for f in order if _safe(f, possible, strange, doubted)), None)
    return Decision(
        current=current,
        first=order[0] if first is None else first,
        second_allowed=len(possible) > 1,
        second_needs=_second_needs(order[0] if first is None else first, possible),
        renew=current in possible,
        charge=len(possible) > 1,
        frozen=first is None,
        tries_left=min(possible.values(), default=worlds.get(NEITHER, 0)),
    )


def first_needs(*, second_allowed: bool) -> int:
    """Tries that a card which tells them must have for the first candidate to be sent."""
    return _FOR_A_GUESS if second_allowed else _FOR_CERTAINTY


def opened(visits: Sequence[Visit]) -> bool:
    """Whether a key of ours has ever opened the card."""
    if any(visit.carries is not None for visit in visits):
        return True
    return any(_proof(fact) for visit in visits for fact in visit.facts)


def proven(visits: Sequence[Visit]) -> int:
    """The highest generation that the card was seen to carry. Order does not matter."""
    carried = (v.carries for v in visits if v.carries is not None)
    return max((*carried, *(f.generation for v in visits for f in v.facts if _proof(f))), default=0)


def _followed(visits: Sequence[Visit], told: Told) -> Iterator[tuple[Visit, Told]]:
    """Each visit with what the card told next."""
    # What the RA found says nothing of how it came to that: she may have mended it.
    tellings = [*(Told() if visit.found else visit.told for visit in visits), told]
    return zip(visits, tellings[1:], strict=True)


def _after(visit: Visit, afterwards: Told, worlds: Worlds, maximum: int) -> Worlds:
    """The worlds after `visit`, if `worlds` were those before it."""
    if visit.found:
        return _as_found(visit, worlds)
    restored = _restored(visit, afterwards)
    result: dict[int, int] = {}
    for carried, before in worlds.items():
        if carried != NEITHER and (
            visit.contradicts(carried) or (restored and not visit.may_have_accepted(carried))
        ):
            continue
        left = visit.left_at_the_end(carried, before, maximum)
        if restored:
            left = maximum - visit.change_may_be_torn(carried)
        is_current = carried == visit.current
        if not (is_current and visit.changed()):
            result[carried] = min(left, result.get(carried, left))
        if is_current and visit.may_have_changed():
            # The change compared the key that opened the card just before: its tries are restored.
            result[carried + 1] = min(maximum, result.get(carried + 1, maximum))
    return result


def _as_found(visit: Visit, worlds: Worlds) -> Worlds:
    """The worlds that what the RA found leaves."""
    left = visit.told.unblocking or 0
    return dict.fromkeys(worlds if visit.carries is None else (visit.carries,), left)


def _restored(visit: Visit, afterwards: Told) -> bool:
    """Whether the card was seen to have accepted a candidate, whatever the facts say."""
    unlocked = visit.told.passcode == 0 and bool(afterwards.passcode)
    before, after = visit.told.unblocking, afterwards.unblocking
    raised = before is not None and after is not None and before < after
    # Where nothing was sent, somebody else did it, and we do not know how.
    sent = visit.may_have_accepted(visit.first) or visit.may_have_accepted(visit.other)
    return sent and (unlocked or raised)


def _strange(before: frozenset[int], worlds: Worlds, told: Told) -> frozenset[int]:
    """The worlds in which the card tells fewer tries than it can have by what we know, or did.

    Others can waste tries as well, so none of them is impossible. Where all are, none is.
    """
    now = {
        carried
        for carried, left in worlds.items()
        if carried in before or (told.unblocking is not None and told.unblocking < left)
    }
    return frozenset(now) if now != worlds.keys() else frozenset()


def _order(followed: list[tuple[Visit, Told]], current: int, possible: Worlds) -> tuple[int, ...]:
    """The generations that may be tried first, the likelier one before the other."""
    if len(possible) < 2:
        return (min(possible, default=current),)
    # The candidate that was last sent without a recorded answer: not to be sent first again.
    unanswered = None
    likely = current
    for visit, afterwards in followed:
        pair = (visit.current, visit.current + 1)
        if visit.proves(current) or any(map(visit.refused, pair)):
            unanswered, likely = None, current
        restored = _restored(visit, afterwards)
        for generation in pair:
            if visit.unanswered(generation) and not restored:
                unanswered = generation
        # Unlocked without a word from the kiosk: it came to its end, and cannot report it.
        reported = visit.statuses(CardCommand.CHANGE, current + 1)
        if visit.may_have_changed() and (reported or (restored and not visit.facts)):
            likely = current + 1
    if unanswered is not None:
        return tuple(generation for generation in possible if generation != unanswered)
    return tuple(sorted(possible, key=lambda generation: generation != likely))


def _safe(first: int, possible: Worlds, strange: frozenset[int], doubted: int | None) -> bool:
    """Whether a grant that begins with `first` leaves enough tries in every world.

    In a `strange` one, a guess that was wrong has to leave one, which is not risked then.
    `doubted`: tries left if the card carries neither; None where that cannot be.
    """
    if first in strange or possible.get(first, 0) < _FOR_CERTAINTY:
        return False
    others = {generation: left for generation, left in possible.items() if generation != first}
    for generation, left in others.items():
        if left < (_FOR_CERTAINTY if generation in strange else _FOR_A_GUESS):
            return False
    if doubted is None:
        return True
    doubted -= 1
    if others and doubted >= _second_needs(first, possible):
        doubted -= 1
    return doubted >= _IF_ALL_IS_WRONG


def _second_needs(first: int, possible: Worlds) -> int:
    """See `Decision`: one less than the card has left if it does not carry `first`."""
    others = [left for generation, left in possible.items() if generation != first]
    left = min(others or possible.values(), default=0)
    return max(_FOR_CERTAINTY, left - 1)


def _proof(fact: Fact) -> bool:
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

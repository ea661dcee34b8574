# SPDX-License-Identifier: Apache-2.0
"""What a card's visits say of its unblocking key, and what a grant may therefore offer. Pure.

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
a guess at the key nor a count of the tries alone would let it be. One world more, `NEITHER`: until
a key of ours has opened the card, the imported one may be wrong.

What only the right key can do is evidence: a card that is found unlocked, or with tries restored.
A card found locked again is none: its holder may have done that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kiosk.central.evidence.visit import FOR_CERTAINTY, NEITHER, ReportedTries, Visit, is_proof
from kiosk.contract.messages import CardCommand

# What a card must have left besides: a guess may cost one and must leave two.
_FOR_A_GUESS = 3
_IF_ALL_IS_WRONG = 1

Worlds = Mapping[int, int]
"""The generation that the card may carry, or NEITHER -> the fewest tries it may have left then."""


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


def decide(visits: Sequence[Visit], told: ReportedTries, maximum: int) -> Decision:
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
    return _FOR_A_GUESS if second_allowed else FOR_CERTAINTY


def opened(visits: Sequence[Visit]) -> bool:
    """Whether a key of ours has ever opened the card."""
    if any(visit.carries is not None for visit in visits):
        return True
    return any(is_proof(fact) for visit in visits for fact in visit.facts)


def proven(visits: Sequence[Visit]) -> int:
    """The highest generation that the card was seen to carry. Order does not matter."""
    carried = [visit.carries for visit in visits if visit.carries is not None]
    shown = [fact.generation for visit in visits for fact in visit.facts if is_proof(fact)]
    return max((*carried, *shown), default=0)


def _followed(
    visits: Sequence[Visit], told: ReportedTries
) -> Iterator[tuple[Visit, ReportedTries]]:
    """Each visit with what the card told next."""
    # What the RA found says nothing of how it came to that: she may have mended it.
    tellings = [*(ReportedTries() if visit.found else visit.told for visit in visits), told]
    return zip(visits, tellings[1:], strict=True)


def _after(visit: Visit, afterwards: ReportedTries, worlds: Worlds, maximum: int) -> Worlds:
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


def _restored(visit: Visit, afterwards: ReportedTries) -> bool:
    """Whether the card was seen to have accepted a candidate, whatever the facts say."""
    unlocked = visit.told.passcode == 0 and bool(afterwards.passcode)
    before, after = visit.told.unblocking, afterwards.unblocking
    raised = before is not None and after is not None and before < after
    # Where nothing was sent, somebody else did it, and we do not know how.
    sent = visit.may_have_accepted(visit.first) or visit.may_have_accepted(visit.other)
    return sent and (unlocked or raised)


def _strange(before: frozenset[int], worlds: Worlds, told: ReportedTries) -> frozenset[int]:
    """The worlds in which the card tells fewer tries than it can have by what we know, or did.

    Others can waste tries as well, so none of them is impossible. Where all are, none is.
    """
    now = {
        carried
        for carried, left in worlds.items()
        if carried in before or (told.unblocking is not None and told.unblocking < left)
    }
    return frozenset(now) if now != worlds.keys() else frozenset()


def _order(
    followed: list[tuple[Visit, ReportedTries]], current: int, possible: Worlds
) -> tuple[int, ...]:
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
    if first in strange or possible.get(first, 0) < FOR_CERTAINTY:
        return False
    others = {generation: left for generation, left in possible.items() if generation != first}
    for generation, left in others.items():
        if left < (FOR_CERTAINTY if generation in strange else _FOR_A_GUESS):
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
    return max(FOR_CERTAINTY, left - 1)

# SPDX-License-Identifier: Apache-2.0
"""Works out which unblocking key a card might have, and which keys the next grant may offer. Pure.

Terms. A *generation* is the number of an unblocking key: 0 is the imported key, and each renewal
makes the next. A *grant* is central's permission for one visit to try a *pair* of generations,
current and current + 1. A *fact* is a kiosk's report of one command and of the card's answer.

The pair rule. A grant offers current and current + 1 until the card is known to carry current + 1:
it accepted the change to that key, or it was unblocked with it. A change goes only from current to
current + 1. So a card whose imported key was right carries one of the two, whatever was
interrupted, and even if facts are late, repeated, reordered or never arrive.

Order. Visits are listed in the order in which their grants were issued, and the card work happened
in that order: a kiosk works only on a card that stayed in its reader since the answers were
accepted, and central refuses a grant for a card that was used elsewhere since (see `grant`).

Worlds. A world is one key that the card might have, with the lowest number of unblocking tries that
could be left if it has that key. Key and tries belong together. Say that one visit sent current and
lost its answer. If the card had current, no try is lost; if it had current + 1, one is. A grant may
be safe in both worlds, although neither the key nor the number of tries is known. The world
`NEITHER` stands for an imported key that is wrong; it remains until one of central's keys has
unblocked the card.

Evidence. Only the right key unlocks a card or restores its tries, so a card that is found unlocked,
or with all its tries, shows that the last key was right. A card that is found locked again shows
nothing: the cardholder may have locked it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kiosk.central.evidence.visit import FOR_CERTAINTY, NEITHER, ReportedTries, Visit, is_proof
from kiosk.contract.messages import CardCommand

# A guess may cost one try and must leave two.
_FOR_A_GUESS = 3
_IF_ALL_IS_WRONG = 1

Worlds = Mapping[int, int]
"""Maps a generation that the card may carry, or NEITHER, to the fewest tries left in that world."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The offer of the next grant for the card.

    `frozen`: no key can be tried without risk to the last tries, so nothing is offered until the
    registration authority has looked at the card. `second_needs`: the tries that must be left after
    the card refused the first candidate, for the second one to be tried. If fewer are left, the
    card probably carries neither key, because the imported key was wrong.
    """

    current: int
    first: int
    second_allowed: bool
    second_needs: int
    renew: bool
    charge: bool
    frozen: bool
    tries_left: int


def decide(visits: Sequence[Visit], reported: ReportedTries, maximum: int) -> Decision:
    """Return the decision for a card that has had `visits` and now reports `reported`.

    `maximum`: the tries of a card on which none was wasted.
    """
    current = proven(visits)
    followed = list(_followed(visits, reported))
    worlds: Worlds = {0: maximum, NEITHER: maximum}
    implausible: frozenset[int] = frozenset()
    for visit, afterwards in followed:
        implausible = _implausible_worlds(implausible, worlds, visit.reported)
        if visit.current not in implausible and visit.may_have_changed():
            implausible -= {visit.current + 1}
        worlds = _after(visit, afterwards, worlds, maximum)
    implausible = _implausible_worlds(implausible, worlds, reported)
    if reported.unblocking is not None:
        worlds = dict.fromkeys(worlds, reported.unblocking)
    possible = {generation: left for generation, left in worlds.items() if generation >= current}
    doubted = None if opened(visits) else worlds.get(NEITHER)
    order = _order([pair for pair in followed if pair[0].current == current], current, possible)
    first = next((f for f in order if _safe(f, possible, implausible, doubted)), None)
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
    """Return the tries that a card must report as left before the first candidate is sent."""
    return _FOR_A_GUESS if second_allowed else FOR_CERTAINTY


def opened(visits: Sequence[Visit]) -> bool:
    """Return whether a key of ours has ever opened the card."""
    if any(visit.carries is not None for visit in visits):
        return True
    return any(is_proof(fact) for visit in visits for fact in visit.facts)


def proven(visits: Sequence[Visit]) -> int:
    """Return the highest generation that the card was seen to carry, in any order of visits."""
    carried = [visit.carries for visit in visits if visit.carries is not None]
    shown = [fact.generation for visit in visits for fact in visit.facts if is_proof(fact)]
    return max((*carried, *shown), default=0)


def _followed(
    visits: Sequence[Visit], reported: ReportedTries
) -> Iterator[tuple[Visit, ReportedTries]]:
    """Return each visit with the tries that the card reported next."""
    # A finding does not show what the visit before it did: the RA may have repaired the card.
    reports = [*(ReportedTries() if visit.found else visit.reported for visit in visits), reported]
    return zip(visits, reports[1:], strict=True)


def _after(visit: Visit, afterwards: ReportedTries, worlds: Worlds, maximum: int) -> Worlds:
    """Return the worlds after `visit`, if `worlds` were those before it."""
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
            # The change compared the key that had just opened the card, so its tries are restored.
            result[carried + 1] = min(maximum, result.get(carried + 1, maximum))
    return result


def _as_found(visit: Visit, worlds: Worlds) -> Worlds:
    """Return the worlds that remain after the RA's finding."""
    left = visit.reported.unblocking or 0
    return dict.fromkeys(worlds if visit.carries is None else (visit.carries,), left)


def _restored(visit: Visit, afterwards: ReportedTries) -> bool:
    """Return whether the card was seen to have accepted a candidate, even if no fact says so."""
    unlocked = visit.reported.passcode == 0 and bool(afterwards.passcode)
    before, after = visit.reported.unblocking, afterwards.unblocking
    raised = before is not None and after is not None and before < after
    # If no candidate was sent, somebody else restored the tries, and we do not know how.
    sent = visit.may_have_accepted(visit.first) or visit.may_have_accepted(visit.other)
    return sent and (unlocked or raised)


def _implausible_worlds(
    before: frozenset[int], worlds: Worlds, reported: ReportedTries
) -> frozenset[int]:
    """Return the worlds in which the card reports fewer tries than it can have, now or earlier.

    Others can waste tries too, so none of these worlds is impossible. If all worlds are
    implausible, the result is empty.
    """
    now = {
        carried
        for carried, left in worlds.items()
        if carried in before or (reported.unblocking is not None and reported.unblocking < left)
    }
    return frozenset(now) if now != worlds.keys() else frozenset()


def _order(
    followed: list[tuple[Visit, ReportedTries]], current: int, possible: Worlds
) -> tuple[int, ...]:
    """Return the generations that may be tried first, the likelier one first."""
    if len(possible) < 2:
        return (min(possible, default=current),)
    # The candidate that was last sent without a recorded answer must not be sent first again.
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
        # Unlocked although the kiosk reported nothing: the visit reached its end without a report.
        reported = visit.statuses(CardCommand.CHANGE, current + 1)
        if visit.may_have_changed() and (reported or (restored and not visit.facts)):
            likely = current + 1
    if unanswered is not None:
        return tuple(generation for generation in possible if generation != unanswered)
    return tuple(sorted(possible, key=lambda generation: generation != likely))


def _safe(first: int, possible: Worlds, implausible: frozenset[int], doubted: int | None) -> bool:
    """Return whether a grant that begins with `first` leaves enough tries in every world.

    In an `implausible` world a wrong guess must leave one try, which is then not risked. `doubted`:
    the tries left if the card carries neither key; None if that is impossible.
    """
    if first in implausible or possible.get(first, 0) < FOR_CERTAINTY:
        return False
    others = {generation: left for generation, left in possible.items() if generation != first}
    for generation, left in others.items():
        if left < (FOR_CERTAINTY if generation in implausible else _FOR_A_GUESS):
            return False
    if doubted is None:
        return True
    doubted -= 1
    if others and doubted >= _second_needs(first, possible):
        doubted -= 1
    return doubted >= _IF_ALL_IS_WRONG


def _second_needs(first: int, possible: Worlds) -> int:
    """Return `Decision.second_needs`: one less than is left if the card lacks `first`."""
    others = [left for generation, left in possible.items() if generation != first]
    left = min(others or possible.values(), default=0)
    return max(FOR_CERTAINTY, left - 1)

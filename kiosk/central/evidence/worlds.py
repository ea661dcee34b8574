# SPDX-License-Identifier: Apache-2.0
"""Works out which unblocking key a card might have, and which keys the next grant may offer. Pure.

Terms. A *generation* is the number of an unblocking key: 0 is the imported key, and each renewal
makes the next. A *grant* is central's permission for one visit to try a *pair* of generations,
current and current + 1. A *fact* is a kiosk's report of one command and of the card's answer.

The pair rule. A grant offers current and current + 1 until the card is proved to carry current + 1.
A change goes only from current to current + 1. So a card whose imported key was right carries one
of the two, whatever was interrupted, whatever a kiosk reports, and even if facts are late,
repeated, reordered or never arrive.

Proof. A generation is proved by the card's own signature at the end of a visit, by the current key
of a grant (central sealed it after a proof, so it also counts if it comes back from a journal or a
receipt), or by the RA's finding. Unsigned facts prove nothing: they order the candidates and add
cost. A card that cannot sign has no pair, because its key is never renewed.

Order. Visits are listed in the order in which their grants were issued, and the card work happened
in that order: a kiosk works only on a card that stayed in its reader since the answers were
accepted, and central refuses a grant for a card that was used elsewhere since (see `grant`).

Worlds. A world is one key that the card might have, with the lowest number of unblocking tries that
could be left if it has that key. Key and tries belong together: a grant may be safe in both worlds,
although neither the key nor the number of tries is known. The world `NEITHER` stands for an
imported key that is wrong; it remains until one of central's keys is proved.

Counters. A card's counters count once the card has proved itself in that session. Only the right
key unlocks a card or restores its tries, so a card that is found unlocked has all its tries. A card
that is found locked again shows nothing: the cardholder may have locked it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kiosk.central.evidence.visit import FOR_CERTAINTY, NEITHER, ReportedTries, Visit

# A guess may cost one try and must leave two.
_FOR_A_GUESS = 3
_IF_ALL_IS_WRONG = 1

Worlds = Mapping[int, int]
"""Maps a generation that the card may carry, or NEITHER, to the fewest tries left in that world."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The offer of the next grant for the card.

    `frozen`: no key can be tried without risk to the last tries, so nothing is offered until the
    registration authority has looked at the card. `refused`: the card refused every key that it may
    carry, so somebody's signature or word was not true. `second_needs`: the tries that must be left
    after the card refused the first candidate, for the second one to be tried. If fewer are left,
    the card probably carries neither key, because the imported key was wrong.
    """

    current: int
    first: int
    second_allowed: bool
    second_needs: int
    renew: bool
    charge: bool
    frozen: bool
    tries_left: int
    refused: bool = False


def decide(
    visits: Sequence[Visit], reported: ReportedTries, maximum: int, *, signs: bool = True
) -> Decision:
    """Return the decision for a card that has had `visits` and now reports `reported`.

    `maximum`: the tries of a card on which none was wasted. `signs`: the card can sign what it
    carries.
    """
    current = proven(visits)
    followed = list(_followed(visits, reported))
    worlds: Worlds = {0: maximum, NEITHER: maximum}
    implausible: frozenset[int] = frozenset()
    refused: frozenset[int] = frozenset()
    for visit, afterwards in followed:
        refused = _refused(visit, refused, worlds)
        implausible = _implausible_worlds(implausible, worlds, visit.reported)
        if visit.current not in implausible and visit.may_have_changed():
            implausible -= {visit.current + 1}
        worlds = _after(visit, afterwards, worlds, maximum, signs=signs)
    implausible = _implausible_worlds(implausible, worlds, reported)
    if reported.unblocking is not None:
        worlds = dict.fromkeys(worlds, reported.unblocking)
    possible = {generation: left for generation, left in worlds.items() if generation >= current}
    doubted = None if opened(visits, signs=signs) else worlds.get(NEITHER)
    refused &= possible.keys()
    if refused == possible.keys():
        order: tuple[int, ...] = (min(possible, default=current),)
        first = None
    else:
        implausible = _unlikely(implausible, refused, possible)
        order = _order([pair for pair in followed if pair[0].current == current], current, possible)
        plausible = [generation for generation in possible if generation not in refused]
        order = order if len(plausible) > 1 else tuple(plausible)
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
        refused=bool(possible) and refused == possible.keys(),
    )


def first_needs(*, second_allowed: bool) -> int:
    """Return the tries that a card must report as left before the first candidate is sent."""
    return _FOR_A_GUESS if second_allowed else FOR_CERTAINTY


def opened(visits: Sequence[Visit], *, signs: bool = True) -> bool:
    """Return whether a key of ours is known to have opened the card."""
    if any(visit.found and visit.carries is not None for visit in visits):
        return True
    if any(visit.attested is not None or visit.current > 0 for visit in visits):
        return True
    return not signs and any(visit.accepted(visit.current) for visit in visits)


def proven(visits: Sequence[Visit]) -> int:
    """Return the highest generation that was proved since the RA last found which one it is."""
    highest = 0
    for visit in visits:
        if not visit.found:
            highest = max(highest, visit.current, visit.attested or 0)
        elif visit.carries is not None:
            highest = visit.carries
    return highest


def ever_made(visits: Sequence[Visit], *, renewed: bool) -> int:
    """Return the highest generation whose key ever left central, or was found on the card."""
    granted = [visit.current + renewed for visit in visits]
    return max([int(renewed), *granted])


def renewed_unsigned(visits: Sequence[Visit], since: int) -> bool:
    """Return whether a renewal was reported complete, and the card has signed nothing after it.

    Visits up to the number `since` do not count: the holder's key has signed after them.
    """
    unsigned = False
    for visit in visits:
        if visit.attested is not None:
            unsigned = False
        elif visit.number > since and visit.renewed_unsigned:
            unsigned = True
    return unsigned


def _followed(
    visits: Sequence[Visit], reported: ReportedTries
) -> Iterator[tuple[Visit, ReportedTries]]:
    """Return each visit with the tries that the card reported next."""
    # A finding does not show what the visit before it did: the RA may have repaired the card.
    reports = [*(ReportedTries() if visit.found else visit.reported for visit in visits), reported]
    return zip(visits, reports[1:], strict=True)


def _after(
    visit: Visit, afterwards: ReportedTries, worlds: Worlds, maximum: int, *, signs: bool
) -> Worlds:
    """Return the worlds after `visit`, if `worlds` were those before it."""
    if visit.found:
        return _as_found(visit, worlds)
    current, renewed = visit.current, visit.current + 1
    if visit.attested is not None:
        signed = {visit.attested: maximum}
        if visit.attested == current:
            signed[current] = visit.left_if_signed(maximum)
            if visit.may_have_changed():
                signed[renewed] = maximum
        return signed
    before = _sealed(visit, worlds, maximum)
    if not signs and visit.accepted(current):
        before.pop(NEITHER, None)
    restored = _restored(visit, afterwards)
    result: dict[int, int] = {}
    for carried, left in before.items():
        # The change compares the key that has just opened the card, and may be torn.
        torn = carried == current and visit.may_have_changed()
        worst = visit.left_at_worst(carried, left, maximum, signs=signs)
        result[carried] = maximum - torn if restored else worst
    if current in before and visit.may_have_changed():
        # The change compared the key that had just opened the card, so its tries are restored.
        result[renewed] = min(maximum, result.get(renewed, maximum))
    return result


def _sealed(visit: Visit, worlds: Worlds, maximum: int) -> dict[int, int]:
    """Return the worlds that the grant's current key leaves: central sealed it after a proof."""
    left = {
        generation: left
        for generation, left in worlds.items()
        if generation >= visit.current or (generation == NEITHER and visit.current == 0)
    }
    unknown = maximum if visit.tries_left is None else visit.tries_left
    left.setdefault(visit.current, unknown)
    return left


def _as_found(visit: Visit, worlds: Worlds) -> Worlds:
    """Return the worlds that remain after the RA's finding."""
    left = visit.reported.unblocking or 0
    return dict.fromkeys(worlds if visit.carries is None else (visit.carries,), left)


def _restored(visit: Visit, afterwards: ReportedTries) -> bool:
    """Return whether the card was seen to have accepted a candidate, even if no fact says so."""
    unlocked = visit.reported.passcode == 0 and bool(afterwards.passcode)
    before, after = visit.reported.unblocking, afterwards.unblocking
    return unlocked or (before is not None and after is not None and before < after)


def _refused(visit: Visit, before: frozenset[int], worlds: Worlds) -> frozenset[int]:
    """Return the generations that the card refused last, by the kiosks' word.

    `before` are those before the visit, and `worlds` is what the card might have then. A visit in
    which the card refused the current key did not renew it either.
    """
    if visit.attested is not None or (visit.found and visit.carries is not None):
        return frozenset()
    refused = set(before)
    for generation in (visit.current, visit.current + 1):
        if visit.accepted(generation):
            refused.discard(generation)
        elif visit.refused(generation):
            refused.add(generation)
    if visit.reports_change():
        refused.discard(visit.current + 1)
    elif visit.current in refused and visit.current + 1 not in worlds:
        refused.add(visit.current + 1)
    return frozenset(refused)


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


def _unlikely(
    implausible: frozenset[int], refused: frozenset[int], possible: Worlds
) -> frozenset[int]:
    """Return the worlds in which a card that is honest would be surprising."""
    both = implausible | refused
    return refused if both >= possible.keys() else both


def _order(
    followed: list[tuple[Visit, ReportedTries]], current: int, possible: Worlds
) -> tuple[int, ...]:
    """Return the generations that may be tried first, the likelier one first."""
    if len(possible) < 2:
        return (min(possible, default=current),)
    # The candidate that was last sent without a recorded answer is sent first again only if the
    # other one would risk more.
    unanswered = None
    likely = current
    for visit, afterwards in followed:
        pair = (visit.current, visit.current + 1)
        for generation in pair:
            if visit.accepted(generation):
                unanswered, likely = None, generation
            elif visit.refused(generation):
                unanswered, likely = None, sum(pair) - generation
        restored = _restored(visit, afterwards)
        for generation in pair:
            if visit.unanswered(generation) and not restored:
                unanswered = generation
        # Unlocked although the kiosk reported nothing: the visit reached its end without a report.
        if visit.reports_change() or (restored and not visit.facts and visit.may_have_changed()):
            likely = current + 1
    return tuple(sorted(possible, key=lambda each: (each == unanswered, each != likely)))


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

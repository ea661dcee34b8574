# SPDX-License-Identifier: Apache-2.0
"""Every interruption of up to three visits in a row: none loses a card, and few freeze one."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import pytest

from kiosk.central.evidence.visit import Fact, ReportedTries, Visit
from tests.central.test_evidence import MAXIMUM, UNDISTURBED, SimulatedCard, World

VISITS = 3

Knowledge = tuple[tuple[Visit, ...], ReportedTries]
"""All that central believes: it cannot tell apart two cards with the same knowledge."""


class Passcode(StrEnum):
    """The state of the passcode when the card arrives."""

    LOCKED_AGAIN = "locked before every visit"
    LOCKED_ONCE = "locked before the first visit"
    FORGOTTEN = "never locked"


@dataclass(frozen=True)
class Reached:
    """The state after a row of interrupted visits; `how` says where each of them stopped."""

    how: tuple[str, ...]
    world: World
    knowledge: Knowledge
    frozen: bool


def interrupted(
    start: World, passcode: Passcode, how: tuple[str, ...] = (), *, unlocked_elsewhere: int = 0
) -> Iterator[Reached]:
    """Return every state after one to three visits, each stopped at each moment of the card work.

    The moments are before and after each command, and before and after each fact is recorded. The
    recorded facts are delivered before the next visit, and so is the visit's end. After the number
    of visits in `unlocked_elsewhere`, somebody unlocks the card with a key that is not ours.
    """
    if how:
        if len(how) == unlocked_elsewhere:
            start.card.passcode, start.card.tries = 3, MAXIMUM
        decision = start.decide()
        knowledge = (tuple(map(believed, start.visits)), start.card.told())
        yield Reached(how, start, knowledge, decision.frozen)
        if decision.frozen:
            return
    if len(how) == VISITS:
        return
    stop = 0
    while not (world := visited(start, passcode, stop)).whole:
        facts = world.visits[-1].facts
        following = (*how, last_word(facts))
        yield from interrupted(world, passcode, following, unlocked_elsewhere=unlocked_elsewhere)
        stop += 1


def believed(visit: Visit) -> Visit:
    """Return what the visit proves: without a signature, a kiosk may have made up all of it."""
    return visit if visit.attested is not None else replace(visit, facts=(), ends=frozenset())


def visited(start: World, passcode: Passcode, stop: int) -> World:
    """Return the state after one more visit; `start` stays unchanged. It wastes a try at most."""
    world = World(copy.copy(start.card), list(start.visits))
    world.visit(replace(UNDISTURBED, stop=stop, locks_before=False, ends=1))
    world.deliver_all()
    assert world.visits[-1].complete
    assert world.card.wasted <= start.card.wasted + (2 if world.card.key < 0 else 1)
    if passcode is Passcode.LOCKED_AGAIN:
        world.card.passcode = 0
    return world


def last_word(facts: tuple[Fact, ...]) -> str:
    """Return the last fact of a visit, as `unblock 1?` if its outcome is unknown."""
    if not facts:
        return "nothing"
    last = facts[-1]
    return f"{last.command} {last.generation}{'?' if last.status is None else ''}"


def beginnings(passcode: Passcode, *, tells: bool, opened: bool) -> Iterator[World]:
    """Yield the card as central believes it to be; if it never opened, one with a wrong key too."""
    for key in (0,) if opened else (0, -1):
        world = World(SimulatedCard(key, MAXIMUM, tells))
        if opened:
            world.visit(replace(UNDISTURBED, ends=1))
            world.deliver_all()
        world.card.passcode = 3 if passcode is Passcode.FORGOTTEN else 0
        yield world


def forced(cards: set[tuple[int, int]], how: tuple[str, ...]) -> bool:
    """Return whether no grant is safe for all these indistinguishable (key, tries left).

    The first command is never safe: either its key is that of a card with a single try, which could
    be torn off; or it is a guess at a card with two tries; or one of the cards carries no key of
    ours and has one try left, or all do. A candidate without a known answer is not sent first
    again.
    """
    keys = {key for key, _ in cards if key >= 0}
    may_begin = {key for key in keys if how[-1] != f"unblock {key}?" or len(keys) > 1}
    nowhere = all(
        any(left <= (1 if key == first else 2) for key, left in cards if key >= 0)
        for first in may_begin
    )
    return nowhere or any(key < 0 and left <= 1 for key, left in cards)


ROWS = {
    # columns: opened before, reports its tries, passcode: rows, and those that freeze the card
    (True, False, Passcode.LOCKED_AGAIN): (507, 288),
    (True, False, Passcode.LOCKED_ONCE): (858, 585),
    (True, False, Passcode.FORGOTTEN): (507, 288),
    (True, True, Passcode.LOCKED_AGAIN): (1896, 284),
    (False, True, Passcode.LOCKED_AGAIN): (1896, 284),
}


@pytest.mark.dealt
@pytest.mark.parametrize(("kind", "expected"), ROWS.items())
def test_every_row_of_interrupted_visits(
    kind: tuple[bool, bool, Passcode], expected: tuple[int, int]
) -> None:
    """No card is lost, a guess wastes one try a visit, and a single interruption freezes nothing.

    A visit may be stopped after the card takes the try off and before it compares the key: such
    cards lose a try over the right key. With a card of three tries, as here, two such moments may
    already be one too many. Central does not believe a kiosk that the card did not sign for, so two
    interrupted visits in a row freeze most cards that tell no tries. In every row that freezes the
    card, no key could be sent without risking the last try, or the last two by a guess.
    """
    opened, tells, passcode = kind
    (start,) = (
        world for world in beginnings(passcode, tells=tells, opened=opened) if world.card.key >= 0
    )
    reached = list(interrupted(start, passcode))
    frozen = [row.how for row in reached if row.frozen]
    assert (len(reached), len(frozen)) == expected
    assert min(map(len, frozen)) == 2
    look_at(reached)


@pytest.mark.dealt
@pytest.mark.parametrize("passcode", Passcode)
def test_every_row_of_interrupted_visits_of_a_card_that_never_opened(passcode: Passcode) -> None:
    """The imported key may be wrong: then each unknown outcome was a refusal; one try is left."""
    right, wrong = beginnings(passcode, tells=False, opened=False)
    reached = list(interrupted(right, passcode))
    assert min(len(row.how) for row in reached if row.frozen) == 2
    for visit in range(VISITS):
        reached += interrupted(wrong, passcode, unlocked_elsewhere=visit)
    look_at(reached)


def look_at(reached: list[Reached]) -> None:
    """Check that frozen cards have to be, and that an undisturbed visit unlocks the others."""
    alike: dict[Knowledge, set[tuple[int, int]]] = defaultdict(set)
    for row in reached:
        card = row.world.card
        alike[row.knowledge].add((card.key, card.tries))
        assert card.fewest >= (1 if card.key < 0 or card.tears else 2)
    for row in reached:
        if row.frozen:
            # A kiosk that lies could have hidden a change from a card that tells a lost try.
            lost = row.world.card.tells and row.world.card.tries < MAXIMUM
            known = alike[row.knowledge]
            assert lost or row.world.decide().refused or forced(known, row.how)
        elif row.world.card.key >= 0:
            further = World(copy.copy(row.world.card), list(row.world.visits))
            assert not further.visit(replace(UNDISTURBED, locks_before=False)).frozen
            assert (further.card.passcode, further.card.tries) == (3, MAXIMUM)
            assert further.card.fewest >= (1 if card.tears else 2)

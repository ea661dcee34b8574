"""Every way of interrupting up to three visits in a row: none loses a card, and few freeze it."""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import pytest

from kiosk.central.evidence import Fact, Told, Visit
from tests.central.test_evidence import MAXIMUM, UNDISTURBED, SimulatedCard, World

VISITS = 3

Knowledge = tuple[tuple[Visit, ...], Told]
"""All that central has: two cards of which it is the same are one to it."""


class Passcode(StrEnum):
    """What is with the passcode when the card comes."""

    LOCKED_AGAIN = "locked before every visit"
    LOCKED_ONCE = "locked before the first visit"
    FORGOTTEN = "never locked"


@dataclass(frozen=True)
class Reached:
    """Where a row of interrupted visits led to; `how`: where each of them broke off."""

    how: tuple[str, ...]
    world: World
    knowledge: Knowledge
    frozen: bool


def interrupted(
    start: World, passcode: Passcode, how: tuple[str, ...] = (), *, unlocked_elsewhere: int = 0
) -> Iterator[Reached]:
    """What comes of one to three visits, each stopped at each moment of the card work.

    The moments are before and after each command, and before and after each fact is recorded. What
    was recorded is delivered before the next visit, and so is the visit's end. After as many visits
    as `unlocked_elsewhere` says, somebody unlocks the card with a key that is not ours.
    """
    if how:
        if len(how) == unlocked_elsewhere:
            start.card.passcode, start.card.tries = 3, MAXIMUM
        decision = start.decide()
        knowledge = (tuple(start.visits), start.card.told())
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


def visited(start: World, passcode: Passcode, stop: int) -> World:
    """`start`, which stays as it is, after one visit more. It wastes a try at most."""
    world = World(copy.copy(start.card), list(start.visits))
    world.visit(replace(UNDISTURBED, stop=stop, locks_before=False, ends=1))
    world.deliver_all()
    assert world.visits[-1].complete
    assert world.card.wasted <= start.card.wasted + (2 if world.card.key < 0 else 1)
    if passcode is Passcode.LOCKED_AGAIN:
        world.card.passcode = 0
    return world


def last_word(facts: tuple[Fact, ...]) -> str:
    """The last fact of a visit, as `unblock 1?` where its outcome is not known."""
    if not facts:
        return "nothing"
    last = facts[-1]
    return f"{last.command} {last.generation}{'?' if last.status is None else ''}"


def beginnings(passcode: Passcode, *, tells: bool, opened: bool) -> Iterator[World]:
    """The card as central believes it to be; and until it was opened, one whose key is wrong."""
    for key in (0,) if opened else (0, -1):
        world = World(SimulatedCard(key, MAXIMUM, tells))
        if opened:
            world.visit(replace(UNDISTURBED, ends=1))
            world.deliver_all()
        world.card.passcode = 3 if passcode is Passcode.FORGOTTEN else 0
        yield world


def forced(cards: set[tuple[int, int]]) -> bool:
    """Whether no grant is safe for all these (key, tries left), between which nobody can tell.

    Whatever is sent first, one of two cards with two tries left refuses it and is left with one;
    or one among them carries no key of ours, and whatever is sent takes its last try; or all do.
    """
    at_two = {key for key, left in cards if key >= 0 and left <= 2}
    no_key_of_ours = all(key < 0 for key, _ in cards)
    return len(at_two) == 2 or no_key_of_ours or any(k < 0 and left <= 1 for k, left in cards)


@pytest.mark.parametrize("passcode", Passcode)
@pytest.mark.parametrize(
    ("opened", "tells", "sequences"), [(True, False, 1463), (True, True, 1463), (False, True, 1463)]
)
def test_every_row_of_interrupted_visits(
    passcode: Passcode, opened: bool, tells: bool, sequences: int
) -> None:
    """No card is lost, a visit wastes one try at most, two are always left. Eight rows freeze.

    A card that tells its tries is never frozen. One that does not is frozen in eight rows of
    1463: a change of which nobody knows whether it happened; then the next key, sent or not, of
    which no answer is recorded; then the current one in the same way. Each of the three may have
    happened or not, hence eight. That is forced. In one of the eight the change did not happen,
    the next key was refused and the current one not sent: the card carries the current key and
    has two tries left. In another the change happened, the next key was not sent and the current
    one was refused: it carries the next key, with two left. Central was told the same of both,
    and whichever key it sent first, one of them would be left with a single try.
    """
    (start,) = (
        world for world in beginnings(passcode, tells=tells, opened=opened) if world.card.key >= 0
    )
    reached = list(interrupted(start, passcode))
    frozen = Counter(row.how for row in reached if row.frozen)
    assert len(reached) == sequences
    assert frozen == ({} if tells else {("change 2?", "unblock 2?", "unblock 1?"): 8})
    look_at(reached)


@pytest.mark.parametrize(
    ("passcode", "sequences", "twice_unknown"),
    [
        (Passcode.LOCKED_AGAIN, 1419, 12),
        (Passcode.LOCKED_ONCE, 1452, 7),
        (Passcode.FORGOTTEN, 1419, 12),
    ],
)
def test_every_row_of_interrupted_visits_of_a_card_that_never_opened(
    passcode: Passcode, sequences: int, twice_unknown: int
) -> None:
    """A card that no key of ours has opened yet is frozen by two unknown outcomes as well.

    The imported key may be wrong, and then both were refusals, and a third would be the last. A
    card that is found unlocked has its tries back, whoever unlocked it: that spares it some.
    """
    right, wrong = beginnings(passcode, tells=False, opened=False)
    reached = list(interrupted(right, passcode))
    frozen = Counter(row.how for row in reached if row.frozen)
    assert len(reached) == sequences
    assert frozen.pop(("change 1?", "unblock 1?", "unblock 0?")) == 8
    assert {tuple(word for word in how if word != "nothing") for how in frozen} <= {
        ("unblock 0?",) * 2,
        ("unblock 0?",) * 3,
    }
    assert frozen.total() == twice_unknown
    for visit in range(VISITS):
        reached += interrupted(wrong, passcode, unlocked_elsewhere=visit)
    look_at(reached)


def look_at(reached: list[Reached]) -> None:
    """Those frozen are so by force; the others are unlocked by a visit that is not interrupted."""
    alike: dict[Knowledge, set[tuple[int, int]]] = defaultdict(set)
    for row in reached:
        card = row.world.card
        alike[row.knowledge].add((card.key, card.tries))
        assert card.fewest >= (1 if card.key < 0 else 2)
    for row in reached:
        if row.frozen:
            assert forced(alike[row.knowledge])
        elif row.world.card.key >= 0:
            further = World(copy.copy(row.world.card), list(row.world.visits))
            assert not further.visit(replace(UNDISTURBED, locks_before=False)).frozen
            assert (further.card.passcode, further.card.tries) == (3, MAXIMUM)
            assert further.card.fewest >= 2

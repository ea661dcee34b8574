# SPDX-License-Identifier: Apache-2.0
"""The pair rule, against simulated cards, kiosks that stop anywhere, and facts that get lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.central.evidence.visit import Fact, ReportedTries, Visit
from kiosk.central.evidence.worlds import Decision, decide, proven, renewed_unsigned
from kiosk.contract.messages import CardCommand
from tests.examples import examples

_, UNBLOCK, VERIFY, CHANGE, ATTEST = CardCommand
OK = 0x9000
MAXIMUM = 3


# ---------------------------------------------------------------- a simulated world


class Renewal(Enum):
    """A card's reaction to the change of its unblocking key."""

    WORKS = auto()
    DECLINED = auto()
    FAILS_BEFORE = auto()
    FAILS_AFTER = auto()


@dataclass
class SimulatedCard:
    """The part of a card that matters here: the key that it carries, and its tries."""

    key: int
    maximum: int
    tells: bool
    renewal: Renewal = Renewal.WORKS
    passcode: int = 3
    tries: int = 0
    fewest: int = 0
    wasted: int = 0
    tears: int = 0

    def __post_init__(self) -> None:
        self.tries = self.fewest = self.maximum

    def told(self) -> ReportedTries:
        return ReportedTries(self.passcode, self.tries if self.tells else None)

    def torn(self) -> Iterator[None]:
        """Lose the power after the try was taken off and before the key is compared."""
        if self.tries == 0:
            return
        before = (self.tries, self.fewest)
        self.tries -= 1
        self.fewest = min(self.fewest, self.tries)
        self.tears += 1
        yield None
        (self.tries, self.fewest), self.tears = before, self.tears - 1

    def _compare(self, generation: int) -> int:
        if self.tries == 0:
            return 0x6983
        if generation == self.key:
            self.tries = self.maximum
            return OK
        self.tries -= 1
        self.wasted += 1
        self.fewest = min(self.fewest, self.tries)
        return 0x63C0 | self.tries

    def unblock(self, generation: int) -> int:
        status = self._compare(generation)
        if status == OK:
            self.passcode = 3
        return status

    def change(self, old: int, new: int) -> int:
        if self.renewal is Renewal.DECLINED:
            return 0x6D00
        if self.renewal is Renewal.FAILS_BEFORE:
            return 0x6F00
        status = self._compare(old)
        if status == OK:
            self.key = new
        return 0x6581 if self.renewal is Renewal.FAILS_AFTER else status


@dataclass
class Plan:
    """The course of a visit: where it stops, how the card acts, and which facts arrive when.

    `ends`: how often the kiosk reports the visit's end; `lost`: which items in transit never
    arrive.
    """

    stop: int
    verifies: bool
    unblocks_again: bool
    renewal: Renewal
    locks_before: bool
    arrivals: list[int]
    ends: int = 0
    lost: list[int] = field(default_factory=list)


@dataclass
class World:
    """A card, the facts that kiosks have recorded of it, and central's knowledge.

    `whole`: the last visit came to its end before it was to be stopped.
    """

    card: SimulatedCard
    visits: list[Visit] = field(default_factory=list)
    underway: list[tuple[int, Fact | int]] = field(default_factory=list)
    whole: bool = False

    def decide(self) -> Decision:
        return decide(self.visits, self.card.told(), self.card.maximum)

    def visit(self, plan: Plan) -> Decision:
        """Run a visit with the card; return central's decision."""
        if plan.locks_before:
            self.card.passcode = 0
        self.card.renewal = plan.renewal
        decision = self.decide()
        if not decision.frozen:
            grant = Visit(
                current=decision.current,
                first=decision.first,
                second_allowed=decision.second_allowed,
                renew=decision.renew,
                reported=self.card.told(),
                second_needs=decision.second_needs,
            )
            self.visits.append(grant)
            self._work(grant, plan, decision.second_needs)
        for arrival in plan.arrivals:
            if self.underway:
                self.deliver(arrival % len(self.underway))
        for lost in plan.lost:
            if self.underway:
                self.underway.pop(lost % len(self.underway))
        return decision

    def _work(self, grant: Visit, plan: Plan, second_needs: int) -> None:
        recorded: list[Fact] = []
        moments = list(islice(self._moments(grant, plan, second_needs), plan.stop))
        for moment in moments:
            if moment is not None:
                recorded.append(replace(moment, sequence=len(recorded)))
        self.whole = len(moments) < plan.stop
        number = len(self.visits) - 1
        self.underway += [(number, fact) for fact in recorded]
        # At the end of the card work, and when a killed kiosk starts again.
        self.underway += [(number, len(recorded))] * plan.ends

    def _moments(self, grant: Visit, plan: Plan, second_needs: int) -> Iterator[Fact | None]:
        """Yield the kiosk's moments; it may stop after each. None: the card acted, unrecorded."""
        following = grant.current + 1
        other = following if grant.first == grant.current else grant.current
        opened = None
        for generation in (grant.first, other):
            yield Fact(0, UNBLOCK, generation, None)
            yield from self.card.torn()
            status = self.card.unblock(generation)
            yield None
            yield Fact(0, UNBLOCK, generation, status)
            if status == OK:
                opened = generation
            if status == OK or not grant.second_allowed or status & 0xF < second_needs:
                break
        if opened is None:
            return
        yield None
        yield Fact(0, VERIFY, opened, OK if plan.verifies else 0x63C2)
        if not plan.verifies:
            if not plan.unblocks_again:
                return
            yield Fact(0, UNBLOCK, opened, None)
            yield from self.card.torn()
            status = self.card.unblock(opened)
            yield None
            yield Fact(0, UNBLOCK, opened, status)
            yield Fact(0, VERIFY, opened, OK)
        carried = opened
        if grant.renew and opened == grant.current:
            yield Fact(0, CHANGE, following, None)
            yield from self.card.torn()
            status = self.card.change(opened, following)
            yield None
            yield Fact(0, CHANGE, following, status)
            carried = following if status == OK else opened
        yield None
        yield Fact(0, ATTEST, carried, OK, genuine=True)

    def deliver(self, index: int, *, again: bool = False) -> None:
        """Deliver a fact or an end; with `again` it also stays in transit, to arrive twice."""
        number, item = self.underway[index] if again else self.underway.pop(index)
        visit = self.visits[number]
        if isinstance(item, Fact):
            visit = replace(visit, facts=(*visit.facts, item))
        else:
            visit = replace(visit, ends=visit.ends | {item})
        self.visits[number] = visit

    def deliver_all(self) -> None:
        while self.underway:
            self.deliver(0)


WHOLE = 99
UNDISTURBED = Plan(
    WHOLE,
    verifies=True,
    unblocks_again=False,
    renewal=Renewal.WORKS,
    locks_before=True,
    arrivals=[],
)

plans = st.builds(
    Plan,
    unblocks_again=st.booleans(),
    stop=st.integers(0, 19) | st.just(WHOLE),
    verifies=st.sampled_from([True, True, True, False]),
    renewal=st.sampled_from([Renewal.WORKS] * 4 + list(Renewal)),
    locks_before=st.booleans(),
    arrivals=st.lists(st.integers(0, 50), max_size=10),
    ends=st.integers(0, 2),
    lost=st.lists(st.integers(0, 50), max_size=2),
)
cards = st.builds(
    SimulatedCard, key=st.just(0), maximum=st.sampled_from([3, 3, 5]), tells=st.booleans()
)


# ---------------------------------------------------------------- invariants


@settings(max_examples=examples(200), deadline=None)
@given(cards, st.lists(plans, min_size=1, max_size=12))
def test_no_card_is_lost_by_any_stop_or_late_fact(card: SimulatedCard, story: list[Plan]) -> None:
    world = World(card)
    for plan in story:
        before = card.wasted
        decision = world.visit(plan)
        # The visit itself changes the key: the key that the card carried before is the one needed.
        assert card.key in (decision.current, decision.current + 1)
        assert card.wasted <= before + 1
        # Without a loss of power at the worst moment two tries are left; with one, one is.
        assert card.fewest >= (1 if card.tears else 2)


@settings(max_examples=examples(60), deadline=None)
@given(cards, st.lists(plans, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_the_order_and_number_of_arrivals_do_not_matter(
    card: SimulatedCard, story: list[Plan], shuffled: object
) -> None:
    world = World(card)
    for plan in story:
        world.visit(replace(plan, arrivals=[]))
    world.deliver_all()
    expected = world.decide()
    for number, visit in enumerate(world.visits):
        facts = [*visit.facts, *visit.facts]
        shuffled.shuffle(facts)  # type: ignore[attr-defined]
        world.visits[number] = replace(visit, facts=tuple(facts))
    assert world.decide() == expected


@settings(max_examples=examples(120), deadline=None)
@given(cards, st.lists(plans, min_size=1, max_size=10))
def test_an_undisturbed_visit_unlocks_once_every_fact_has_arrived(
    card: SimulatedCard, story: list[Plan]
) -> None:
    """Interrupted visits come one at a time here: an undisturbed visit follows each.

    A killed kiosk reports the visit's end when it starts again.
    """
    world = World(card)
    for plan in story:
        world.visit(replace(plan, arrivals=[], lost=[], ends=1))
        world.deliver_all()
        assert not world.visit(UNDISTURBED).frozen
        assert card.passcode == 3
        world.deliver_all()
        settled = world.decide()
        assert not settled.charge
        assert settled.tries_left == card.maximum
        assert settled.first == card.key


@settings(max_examples=examples(80), deadline=None)
@given(cards, plans)
def test_a_lost_visit_does_not_prevent_the_next_unlock(card: SimulatedCard, lost: Plan) -> None:
    world = World(card)
    world.visit(replace(lost, arrivals=[]))
    assert not world.visit(UNDISTURBED).frozen
    assert card.passcode == 3


@settings(max_examples=examples(120), deadline=None)
@given(cards, st.lists(plans, min_size=1, max_size=12))
def test_a_card_with_a_wrong_imported_key_keeps_a_try(
    card: SimulatedCard, story: list[Plan]
) -> None:
    card.key = -1
    world = World(card)
    for plan in story:
        world.visit(plan)
    assert card.fewest >= 1


# ---------------------------------------------------------------- single rules


NOT_TOLD = ReportedTries()
LOCKED = ReportedTries(passcode=0)


def a_visit(
    *facts: Fact, first: int = 0, guess: bool = False, reported: ReportedTries = LOCKED
) -> Visit:
    return Visit(0, first, guess, renew=True, reported=reported, facts=facts)


def test_a_new_card_carries_the_imported_key() -> None:
    assert decide([], LOCKED, MAXIMUM) == Decision(
        current=0,
        first=0,
        second_allowed=False,
        second_needs=2,
        renew=True,
        charge=False,
        frozen=False,
        tries_left=3,
    )


def test_a_candidate_sent_without_a_recorded_answer_is_not_sent_first_again() -> None:
    """Unless the other one would risk more: a guess has to leave two tries."""
    first = a_visit(Fact(0, UNBLOCK, 0, None))
    decision = decide([first], LOCKED, 5)
    assert (decision.first, decision.second_allowed, decision.charge) == (1, True, True)
    assert (decide([first], LOCKED, MAXIMUM).first, decide([first], LOCKED, 3).frozen) == (0, False)

    second = a_visit(Fact(0, UNBLOCK, 1, None), first=1, guess=True)
    assert decide([first, second], LOCKED, 7).first == 0


def test_an_unreported_grant_leaves_both_keys_possible() -> None:
    decision = decide([a_visit()], LOCKED, MAXIMUM)
    assert (decision.current, decision.first) == (0, 0)
    assert decision.second_allowed
    assert decision.charge


def test_two_guesses_without_an_answer_freeze_a_card_that_never_opened() -> None:
    visits = [a_visit(), a_visit(guess=True)]
    assert decide(visits, LOCKED, MAXIMUM).frozen
    assert not decide([visits[0], replace(visits[1], second_needs=4)], LOCKED, 5).frozen


def test_a_card_that_reports_its_counter_needs_no_ledger() -> None:
    visits = [a_visit(), a_visit(guess=True), a_visit(guess=True)]
    assert not decide(visits, ReportedTries(0, unblocking=3), MAXIMUM).frozen
    assert decide([], ReportedTries(0, unblocking=1), MAXIMUM).frozen


def test_a_card_found_unlocked_had_its_counter_reset() -> None:
    visits = [a_visit(), a_visit(guess=True)]
    decision = decide(visits, ReportedTries(passcode=3), MAXIMUM)
    assert not decision.frozen
    assert decision.tries_left == 2  # and then the change may have been torn off
    over = [complete(SENT_0)]
    assert decide(over, LOCKED, MAXIMUM).tries_left == 2
    assert decide(over, ReportedTries(passcode=3), MAXIMUM).tries_left == 2


def test_a_late_signature_thaws_a_card_and_a_kiosks_word_does_not() -> None:
    unsigned = [a_visit(), a_visit(Fact(1, UNBLOCK, 0, OK), guess=True)]
    assert decide(unsigned, LOCKED, MAXIMUM).frozen
    signed = [a_visit(), a_visit(Fact(5, ATTEST, 0, OK, genuine=True), guess=True)]
    assert not decide(signed, LOCKED, MAXIMUM).frozen


def test_a_change_that_began_makes_the_next_key_the_likely_one() -> None:
    """If the present key has lost no more tries than may be guessed with."""
    visit = a_visit(Fact(1, UNBLOCK, 0, OK), Fact(2, VERIFY, 0, OK), Fact(3, CHANGE, 1, None))
    assert decide([visit], LOCKED, MAXIMUM + 1).first == 1
    assert decide([visit], LOCKED, MAXIMUM).first == 0


def test_the_imported_key_refused_at_once_freezes_the_card() -> None:
    decision = decide([a_visit(Fact(1, UNBLOCK, 0, 0x63C2))], LOCKED, MAXIMUM)
    assert decision.frozen
    assert decision.tries_left == 2


def test_half_a_guess_on_a_card_that_never_opened_freezes_it() -> None:
    visits = [a_visit(), a_visit(Fact(1, UNBLOCK, 0, 0x63C2), guess=True)]
    assert decide(visits, LOCKED, MAXIMUM).frozen


def test_a_refused_current_key_makes_the_next_likely_and_is_not_removed() -> None:
    opened = a_visit(Fact(1, UNBLOCK, 0, OK))
    visits = [opened, complete(SENT_0, Fact(0, UNBLOCK, 0, 0x63C3), guess=True)]
    decision = decide(visits, LOCKED, MAXIMUM + 2)
    assert (decision.current, decision.first, decision.second_allowed) == (0, 1, True)
    assert decision.charge
    assert not decision.frozen
    # The second candidate may have been sent as well, and been torn.
    assert decision.tries_left == 2


def test_a_settled_card_that_refuses_its_key_is_frozen() -> None:
    signed = complete(SENT_0, OPENED_0, CHANGING, CHANGED, replace(SIGNED_0, generation=1))
    refused = replace(complete(SENT_1, Fact(0, UNBLOCK, 1, 0x63C2), first=1), current=1, renew=True)
    decision = decide([signed, refused], LOCKED, 7)
    assert decision.frozen
    assert decision.refused
    found = replace(a_visit(reported=ReportedTries(unblocking=6)), found=True, carries=0)
    thawed = decide([signed, refused, found], LOCKED, 7)
    assert (thawed.current, thawed.frozen, thawed.second_allowed) == (0, False, False)


@pytest.mark.parametrize("status", [0x6D00, 0x6A80, 0x6982])
def test_a_change_that_the_card_declined_leaves_the_pair_settled(status: int) -> None:
    visit = complete(SENT_0, OPENED_0, CHANGING, Fact(0, CHANGE, 1, status), SIGNED_0)
    assert not decide([visit], LOCKED, MAXIMUM).charge
    unsigned = complete(SENT_0, OPENED_0, CHANGING, Fact(0, CHANGE, 1, status))
    assert decide([unsigned], LOCKED, MAXIMUM).charge


def test_an_attest_settles_the_pair_once_all_before_it_has_arrived() -> None:
    facts = [
        Fact(0, UNBLOCK, 0, None),
        Fact(1, UNBLOCK, 0, OK),
        Fact(2, VERIFY, 0, OK),
        Fact(3, ATTEST, 0, OK, genuine=True),
    ]
    assert not decide([a_visit(*facts)], LOCKED, MAXIMUM).charge
    assert decide([a_visit(*facts[1:])], LOCKED, MAXIMUM).charge


def test_a_change_that_failed_in_the_card_may_have_happened() -> None:
    attest = Fact(5, ATTEST, 0, OK, genuine=True)
    visit = a_visit(Fact(1, UNBLOCK, 0, OK), Fact(4, CHANGE, 1, 0x6F00), attest)
    assert decide([visit], LOCKED, MAXIMUM).charge


@pytest.mark.parametrize(
    ("fact", "generation"),
    [
        (Fact(1, UNBLOCK, 1, OK), 0),
        (Fact(1, CHANGE, 1, OK), 0),
        (Fact(1, ATTEST, 1, OK, genuine=True), 1),
        (Fact(1, ATTEST, 1, OK, genuine=False), 0),
        (Fact(1, VERIFY, 1, OK), 0),
        (Fact(1, CHANGE, 1, None), 0),
        (Fact(1, UNBLOCK, 1, 0x63C2), 0),
    ],
)
def test_a_generation_is_proven_by_the_cards_signature_alone(fact: Fact, generation: int) -> None:
    assert proven([a_visit(fact)]) == generation


def test_a_grants_current_key_is_proven() -> None:
    """Central sealed it after a proof, which it may have lost since."""
    restored = replace(a_visit(first=5), current=5, renew=False, tries_left=3)
    decision = decide([restored], LOCKED, MAXIMUM)
    assert (decision.current, decision.second_allowed, decision.tries_left) == (5, False, 2)


def test_a_refusal_without_a_count_costs_a_try_too() -> None:
    opened = complete(SENT_0, OPENED_0, SIGNED_0)
    refused = a_visit(Fact(0, UNBLOCK, 0, 0x6300))
    assert decide([opened], LOCKED, 5).tries_left == 5
    assert decide([opened, refused], LOCKED, 5).tries_left == 4
    assert decide([opened, refused], LOCKED, 5).frozen  # it was the only key


# ---------------------------------------------------------------- impossible cases


def complete(
    *facts: Fact, first: int = 0, guess: bool = False, reported: ReportedTries = LOCKED
) -> Visit:
    numbered = tuple(replace(fact, sequence=number) for number, fact in enumerate(facts))
    return replace(
        a_visit(*numbered, first=first, guess=guess, reported=reported),
        ends=frozenset({len(facts)}),
    )


SENT_0, SENT_1 = Fact(0, UNBLOCK, 0, None), Fact(0, UNBLOCK, 1, None)
OPENED_0 = Fact(0, UNBLOCK, 0, OK)
CHANGING, CHANGED = Fact(0, CHANGE, 1, None), Fact(0, CHANGE, 1, OK)
SIGNED_0 = Fact(0, ATTEST, 0, OK, genuine=True)
UNKNOWN_CHANGE = complete(SENT_0, OPENED_0, Fact(0, VERIFY, 0, OK), CHANGING)


@pytest.mark.parametrize(
    ("ends", "sequences", "expected"),
    [
        (set(), [], False),
        ({0}, [], True),
        ({2}, [1, 0], True),
        ({2}, [0, 1, 1], True),
        ({2}, [0], False),
        ({2}, [1], False),
        ({2}, [0, 1, 2], False),  # more than there were: the disk was rolled back
        ({0}, [0], False),
        ({2, 1}, [0, 1], False),
    ],
)
def test_a_visit_is_complete_with_all_its_facts_and_its_end(
    ends: set[int], sequences: list[int], expected: bool
) -> None:
    facts = tuple(Fact(number, UNBLOCK, 0, None) for number in sequences)
    assert replace(a_visit(*facts), ends=frozenset(ends)).complete is expected


def test_two_facts_for_one_step_are_never_complete() -> None:
    facts = (Fact(0, UNBLOCK, 0, None), Fact(1, UNBLOCK, 0, OK), Fact(1, UNBLOCK, 0, 0x63C2))
    assert not replace(a_visit(*facts), ends=frozenset({2})).complete


def test_an_end_that_says_less_than_was_granted_takes_no_cost_away() -> None:
    """Nothing was sent, says the kiosk: its disk may have been rolled back."""
    assert decide([complete()], LOCKED, MAXIMUM).tries_left == 2
    assert decide([complete()] * 2, LOCKED, MAXIMUM).frozen
    assert decide([complete()], LOCKED, MAXIMUM).charge


def test_an_unrecorded_change_was_not_sent_if_the_card_signed_afterwards() -> None:
    verified = (SENT_0, OPENED_0, Fact(0, VERIFY, 0, OK))
    decision = decide([complete(*verified, SIGNED_0)], LOCKED, MAXIMUM)
    assert (decision.first, decision.second_allowed, decision.charge) == (0, False, False)
    assert decide([complete(*verified)], LOCKED, MAXIMUM).charge
    assert decide([UNKNOWN_CHANGE], LOCKED, MAXIMUM).charge


def test_a_kiosk_that_lies_about_a_change_removes_no_key() -> None:
    """`change 1` = 9000 under a grant that renews nothing, or although the card was not there."""
    lie = complete(SENT_0, OPENED_0, CHANGING, CHANGED)
    decision = decide([lie], LOCKED, MAXIMUM)
    assert (decision.current, decision.second_allowed) == (0, True)
    renews_nothing = replace(a_visit(), renew=False)
    assert [renews_nothing.allows(fact) for fact in lie.facts] == [True, True, False, False]
    late = replace(lie, current=1, first=1)
    assert decide([lie, late], LOCKED, MAXIMUM).current == 1


def test_a_closed_visit_is_final() -> None:
    closed = complete(SENT_0, OPENED_0, SIGNED_0)
    assert closed.closed
    assert not complete(SENT_0, OPENED_0).closed
    assert not replace(closed, ends=frozenset()).closed


def test_a_renewal_that_the_card_did_not_sign_is_the_last_until_it_signs() -> None:
    lie = replace(complete(SENT_0, OPENED_0, CHANGING, CHANGED), number=3)
    assert renewed_unsigned([lie], since=0)
    assert not renewed_unsigned([lie], since=3)
    signed = replace(complete(SENT_1, replace(OPENED_0, generation=1), SIGNED_0), number=4)
    assert not renewed_unsigned([lie, signed], since=0)


def test_one_unknown_candidate_leaves_the_other_to_be_tried_first() -> None:
    """One try may be lost over the change, and one over the candidate, whichever key fits."""
    visits = [UNKNOWN_CHANGE, complete(SENT_1, first=1, guess=True)]
    decision = decide(visits, LOCKED, MAXIMUM + 3)
    assert not decision.frozen
    assert (decision.first, decision.second_allowed) == (0, True)


def test_a_change_and_a_candidate_that_may_have_been_torn_freeze_a_card_of_three_tries() -> None:
    """The card may carry the present key with a single try: any command could be the last."""
    visits = [UNKNOWN_CHANGE, complete(SENT_1, first=1, guess=True)]
    assert decide(visits, LOCKED, MAXIMUM).frozen
    again = complete(SENT_0, first=0, guess=True)
    assert decide([*visits, again], LOCKED, MAXIMUM + 1).frozen
    assert not decide([*visits, again], LOCKED, MAXIMUM + 6).frozen


def test_a_card_found_unlocked_had_one_of_its_keys_accepted() -> None:
    visits = [UNKNOWN_CHANGE, complete(SENT_1, first=1, guess=True)]
    decision = decide(visits, ReportedTries(passcode=3), MAXIMUM)
    assert (decision.first, decision.second_allowed, decision.frozen) == (0, True, False)
    assert decision.tries_left == 2  # the change may have been torn


def test_a_lost_try_may_be_a_refusal_or_a_loss_of_power() -> None:
    reported = ReportedTries(0, unblocking=4)
    visits = [
        replace(UNKNOWN_CHANGE, reported=reported),
        complete(SENT_1, first=1, guess=True, reported=reported),
    ]
    decision = decide(visits, ReportedTries(0, unblocking=3), MAXIMUM + 1)
    assert (decision.first, decision.second_allowed, decision.frozen) == (0, True, False)


def test_a_low_counter_makes_the_next_key_unlikely() -> None:
    """A card with the next key would have all its tries: the change had restored them."""
    decision = decide(
        [replace(UNKNOWN_CHANGE, reported=ReportedTries(0, 3))], ReportedTries(0, 2), MAXIMUM
    )
    assert (decision.first, decision.second_allowed, decision.frozen) == (0, True, False)
    assert decide(
        [replace(UNKNOWN_CHANGE, reported=ReportedTries(0, 3))], ReportedTries(0, 1), MAXIMUM
    ).frozen


def test_tries_wasted_elsewhere_prove_nothing() -> None:
    reported = ReportedTries(0, unblocking=3)
    visits = [replace(UNKNOWN_CHANGE, reported=reported), complete(guess=True, reported=reported)]
    assert decide(visits, ReportedTries(0, unblocking=2), MAXIMUM).frozen


def test_a_new_card_that_may_have_refused_twice_is_frozen() -> None:
    """The imported key may be wrong until it has opened the card."""
    assert not decide([complete(SENT_0)], LOCKED, MAXIMUM).frozen
    assert decide([complete(SENT_0)] * 2, LOCKED, MAXIMUM).frozen
    opened = complete(SENT_0, OPENED_0, SIGNED_0)
    assert not decide([opened, complete(SENT_0)], LOCKED, MAXIMUM).frozen
    assert decide([opened, *[complete(SENT_0)] * 2], LOCKED, MAXIMUM).frozen  # torn off twice
    assert not decide([opened, *[complete(SENT_0)] * 7], LOCKED, 10).frozen


def test_a_card_that_cannot_sign_is_believed_through_its_kiosk() -> None:
    """There is nothing else: but an end still takes no cost away."""
    opened = replace(complete(SENT_0, OPENED_0), renew=False)
    silent = replace(complete(), renew=False)
    assert not decide([opened] * 7, LOCKED, MAXIMUM, signs=False).frozen
    assert decide([opened] * 2, LOCKED, MAXIMUM).frozen
    assert decide([opened, silent, silent], LOCKED, MAXIMUM, signs=False).frozen


@settings(max_examples=examples(120), deadline=None)
@given(st.booleans(), st.lists(plans, min_size=1, max_size=8), st.data())
def test_wrong_ends_leave_a_card_a_try(tells: bool, story: list[Plan], data: st.DataObject) -> None:
    """The disk of a kiosk was rolled back once: its end counts fewer facts than there were."""
    world = World(SimulatedCard(0, MAXIMUM, tells))
    rolled_back = data.draw(st.integers(0, len(story) - 1))
    for number, plan in enumerate(story):
        world.visit(replace(plan, arrivals=[], ends=1, lost=[]))
        if number == rolled_back and world.underway:
            visit, count = world.underway.pop()
            assert isinstance(count, int)
            kept = data.draw(st.integers(0, count))
            world.underway = [
                (n, f) for n, f in world.underway if isinstance(f, Fact) and f.sequence < kept
            ]
            world.underway.append((visit, kept))
        world.deliver_all()
        assert world.card.fewest >= 1


def test_ends_that_lie_leave_a_card_a_try() -> None:
    """Three visits, each torn after its unblock was sent; the first one's end says: nothing sent.

    The card tells no tries. Its disk rolled back, the first kiosk's end counts no facts.
    """
    world = World(SimulatedCard(0, MAXIMUM, tells=False))
    # After the first command was recorded and before it is answered, the power fails.
    torn = replace(UNDISTURBED, stop=2, ends=1)
    for number in range(3):
        world.visit(torn)
        if number == 0:
            world.underway = [(0, 0)]
        world.deliver_all()
        assert world.card.fewest >= 1
    assert world.decide().frozen

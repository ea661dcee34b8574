# SPDX-License-Identifier: Apache-2.0
"""A kiosk that lies: it invents facts and ends under its grants, in any order, and counters.

The cards are real enough to lose tries and to carry what was written to them, and holders use them
at this kiosk; so it gets grants, and signatures for what the card work did. It does not hold a card
itself: a kiosk that does can have it sign anything (see SECURITY.md).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)
from sqlmodel import Session, select

from kiosk.central.actions import cards
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.evidence import history
from kiosk.central.evidence.visit import Fact, ReportedTries, Visit
from kiosk.central.evidence.worlds import Decision
from kiosk.central.tables import Card
from kiosk.contract.messages import CardCommand, Grant
from tests.central.test_evidence import UNDISTURBED, WHOLE, Plan, SimulatedCard, World
from tests.central.world import KioskClient, PersonalCard, Service, item, problem, visit_end
from tests.heartbeat import beat
from tests.proofs.attack.laboratory import let_loose

STATUSES = (None, "9000", "63C2", "63C1", "6983", "6D00", "6F00")


@dataclass(frozen=True)
class Lie:
    """An invented fact; `ahead` is its generation, counted from the grant's current one."""

    command: CardCommand
    ahead: int
    status: str | None
    sequence: int
    signed: bool


lies = st.builds(
    Lie,
    command=st.sampled_from(list(CardCommand)),
    ahead=st.integers(-1, 3),
    status=st.sampled_from(STATUSES),
    sequence=st.integers(0, 9),
    signed=st.booleans(),
)


class _Lies(RuleBasedStateMachine):
    """A card with its holder, an honest kiosk, and a kiosk that lies."""

    service: ClassVar[Service]
    done: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.grants: list[Grant] = []

    @initialize(maximum=st.sampled_from([3, 5, 9, 15]), tells=st.booleans())
    def begin(self, maximum: int, tells: bool) -> None:
        beat("attack: lying kiosk")
        number = uuid4().hex[:8]
        self.liar = self.service.kiosk(f"liar {number}")
        self.honest = self.service.kiosk(f"honest {number}")
        self.card = self.liar.know(PersonalCard(unblocking_maximum=maximum))
        self.honest.token  # noqa: B018 - it makes central know the kiosk
        self.chip = SimulatedCard(0, maximum, tells)

    # ------------------------------------------------------------ visits

    @rule(stop=st.integers(0, 19) | st.just(WHOLE))
    def visit(self, stop: int) -> None:
        """The holder unlocks the card at an honest kiosk, unless that is interrupted."""
        grant = self._grant(self.honest)
        if grant is not None:
            facts = self._work(grant, UNDISTURBED, stop)
            self._report(self.honest, grant, facts)
            self.honest.report(visit_end(grant.session, len(facts)))

    @rule(
        stop=st.integers(0, 19) | st.just(WHOLE),
        kept=st.lists(st.booleans(), min_size=12, max_size=12),
        signs=st.booleans(),
    )
    def visit_a_liar(self, stop: int, kept: list[bool], signs: bool) -> None:
        """The holder unlocks the card at a kiosk that reports what it likes of that."""
        grant = self._grant(self.liar)
        if grant is not None:
            self.grants.append(grant)
            facts = self._work(grant, UNDISTURBED, stop)
            facts = [fact for fact, keep in zip(facts, kept, strict=False) if keep]
            facts = [fact for fact in facts if signs or fact.command is not CardCommand.ATTEST]
            self._report(self.liar, grant, facts)

    @rule(stop=st.integers(0, 4), generations=st.tuples(st.integers(0, 1), st.integers(0, 1)))
    def visit_a_liar_that_invents_a_renewal(self, stop: int, generations: tuple[int, int]) -> None:
        """The card is taken out early, and the kiosk tells of a whole visit, but a signature."""
        grant = self._grant(self.liar)
        if grant is None:
            return
        self.grants.append(grant)
        self._work(grant, UNDISTURBED, stop)
        opened, carried = (grant.current.generation + each for each in generations)
        whole = [
            Fact(0, CardCommand.UNBLOCK, opened, None),
            Fact(0, CardCommand.UNBLOCK, opened, 0x9000),
            Fact(0, CardCommand.VERIFY, opened, 0x9000),
            Fact(0, CardCommand.CHANGE, carried, None),
            Fact(0, CardCommand.CHANGE, carried, 0x9000),
        ]
        self._report(self.liar, grant, whole)
        self.liar.report(visit_end(grant.session, len(whole)))
        self.done["renewals invented"] += 1

    def _grant(self, kiosk: KioskClient) -> Grant | None:
        self.service.clock.pass_time(3600)
        self.chip.passcode = 0
        told = self.chip.told()
        answer = kiosk.open(self.card, passcode=told.passcode, unblocking=told.unblocking)
        if answer.status_code != 200:
            assert problem(answer) == "card-frozen", answer.text
            self.done["visits refused"] += 1
            return None
        session = kiosk.accepted(self.card, passcode=told.passcode, unblocking=told.unblocking)
        answer = kiosk.ask_grant(session)
        if answer.status_code != 200:
            assert problem(answer) == "card-frozen", answer.text
            return None
        self.done["grants"] += 1
        return Grant.model_validate_json(answer.text)

    def _work(self, grant: Grant, plan: Plan, stop: int) -> list[Fact]:
        """Do the card work up to `stop`; return the facts that an honest kiosk records."""
        if self.chip.tells and self.chip.tries < grant.first_needs_tries_left:
            return []
        visit = Visit(
            current=grant.current.generation,
            first=grant.first,
            # A card that reports no count gets one try in a visit.
            second_allowed=grant.second_allowed,
            renew=grant.renew,
            reported=self.chip.told(),
        )
        moments = World(self.chip)._moments(visit, plan, grant.second_needs_tries_left)
        return [moment for moment in islice(moments, stop) if moment is not None]

    def _report(self, kiosk: KioskClient, grant: Grant, facts: list[Fact]) -> None:
        items = []
        for number, fact in enumerate(facts):
            status = None if fact.status is None else f"{fact.status:04X}"
            signature = None
            if fact.command is CardCommand.ATTEST:
                signature = kiosk.attest(self.card, grant, fact.generation)
            items.append(
                item(grant, number, fact.command, fact.generation, status, signature=signature)
            )
        if items:
            assert kiosk.report(*items) == ["applied"] * len(items)

    # ------------------------------------------------------------ lies

    @rule(which=st.integers(0, 20), lie=lies)
    def invent_a_fact(self, which: int, lie: Lie) -> None:
        """Report a step that did not happen; a signature in it is somebody else's."""
        if not self.grants:
            return
        grant = self.grants[which % len(self.grants)]
        generation = max(0, grant.current.generation + lie.ahead)
        signature = None
        if lie.signed and lie.command is CardCommand.ATTEST:
            signature = self.liar.attest(PersonalCard(serial=self.card.serial), grant, generation)
        told = item(grant, lie.sequence, lie.command, generation, lie.status, signature=signature)
        assert self.liar.report(told) == ["applied"]
        self.done["facts invented"] += 1

    @rule(which=st.integers(0, 20), facts=st.integers(0, 8))
    def invent_an_end(self, which: int, facts: int) -> None:
        if not self.grants:
            return
        grant = self.grants[which % len(self.grants)]
        assert self.liar.report(visit_end(grant.session, facts)) == ["applied"]
        self.done["ends invented"] += 1

    @rule(passcode=st.sampled_from([0, 1, 3]), unblocking=st.sampled_from([None, 0, 1, 3, 9]))
    def invent_counters(self, passcode: int, unblocking: int | None) -> None:
        """Open a session without the card, which can prove nothing."""
        before = self._decision()
        self.liar.open(self.card, passcode=passcode, unblocking=unblocking)
        assert self._decision() == before
        self.done["counters invented"] += 1

    # ------------------------------------------------------------ the RA

    @rule(looks=st.booleans())
    def thaw(self, looks: bool) -> None:
        """The RA reads the tries that are left; it may try the keys too."""
        tries, carries = self.chip.tries, self.chip.key if looks else None
        with self.service.services.database.reading() as database:
            if not self._card(database).frozen or tries == 0:
                return
        context = OperatorContext(self.service.services, "Rita from the RA")
        try:
            cards.thaw_card(context, serial=self.card.serial, tries=tries, carries=carries)
        except Declined:
            self.done["thaws declined"] += 1
        else:
            self.done["thaws"] += 1

    # ------------------------------------------------------------ what holds

    def _card(self, database: Session) -> Card:
        return database.exec(select(Card).where(Card.serial == self.card.serial)).one()

    def _decision(self) -> Decision:
        with self.service.services.database.reading() as database:
            return history.evaluate(database, self._card(database), ReportedTries())

    @invariant()
    def central_offers_the_key_that_the_card_carries(self) -> None:
        if not hasattr(self, "card"):
            return
        decision = self._decision()
        assert self.chip.key in (decision.current, decision.current + 1)
        assert self.chip.fewest >= 1
        self.done["steps"] += 1


def attack(examples: int = 60, steps: int = 30, database: str = "") -> str:
    """Let it lie on SQLite and on PostgreSQL, or on one given database."""
    told = let_loose(_Lies, examples, steps, database)
    return f"no card's key was unknown, none lost its last try; {told}"

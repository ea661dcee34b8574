# SPDX-License-Identifier: Apache-2.0
"""The kiosk, central, the network, the clock and a card as one state machine.

Real parts: central over HTTP on its database, the kiosk's stores, visits, sync and lent packs, and
a simulated chip. Hypothesis decides what happens: visits with right and wrong answers, a card
removed or the kiosk killed at any command, messages lost, unanswered, doubled, delayed and
reordered, restarts of either side, power cuts, time that passes, an RA who stops and releases.
After every step the invariants are checked; at the end the network is repaired, and nothing may be
lost.
"""

from __future__ import annotations

import copy
import logging
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from nacl.pwhash import argon2id
from sqlmodel import Session, func, select

from kiosk.central.audit import trail
from kiosk.central.evidence import history, worlds
from kiosk.central.operations import seed
from kiosk.central.operations.seed import Personalisation
from kiosk.central.service import throttle
from kiosk.central.tables import (
    Attempt,
    Card,
    CardStatus,
    FactRow,
    PackEventRow,
    Registration,
)
from kiosk.contract.messages import CardFact, OutboxItem
from kiosk.demo import cardholders
from kiosk.demo.issued_cards import IssuedCard, issue
from kiosk.flow import events as ev
from kiosk.link.http import Http
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import PivMemory
from kiosk.store.tables import OutboxRow, OutboxState
from kiosk.values import CardIdentity, Family, Secret
from kiosk.vault import sealed_answers
from kiosk.visits import Parties, VisitContext
from kiosk.visits.unlock_visit import UnlockVisit, new_reference
from tests.central.world import CENTRAL, Clock, Service
from tests.examples import choose_profile
from tests.heartbeat import beat
from tests.leases.world import Borrowing
from tests.proofs.unreliable import DirectReader, Fault, Interruption, Killed, MortalOutbox, Network

_RIGHT = tuple(words for _, words in cardholders.NURSE.answers)
_WRONG = ("nobody", "nothing", "nowhere", "never")
_PASSCODES = ("135790", "246801", "975319")
_NEVER_BELOW = 2
_FAULTS = st.lists(st.sampled_from([*Fault, *[Fault.NONE] * 6]), max_size=8)
_INTERRUPTIONS = st.builds(
    Interruption, at=st.integers(1, 60), acted=st.booleans(), kills=st.booleans()
)


class Template:
    """A database with a registered card and a kiosk: made once, copied for every run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        issuer = SimulatedIssuer.make()
        self.card = issue(Family.PIV, cardholders.NURSE.name, cardholders.NURSE.passcode, issuer)
        service = self._service(folder)
        service.start()
        document = cardholders.personalisation(cardholders.NURSE, self.card, issuer)
        seed.sow(service.services, Personalisation.model_validate_json(document))
        service.stop()

    def copy(self, folder: Path) -> tuple[Service, IssuedCard]:
        for each in self.folder.iterdir():
            shutil.copy(each, folder / each.name)
        memory = self.card.chip.memory
        assert isinstance(memory, PivMemory)
        # The keys stay the same: Debian 13's library does not copy private keys.
        keys: dict[int, object] = {id(key): key for key in memory.keys.values()}
        return self._service(folder), copy.deepcopy(self.card, keys)

    @staticmethod
    def _service(folder: Path) -> Service:
        return Service(folder, Clock(), f"sqlite:///{folder}/central.db")


class Ward(RuleBasedStateMachine):
    """See the module's docstring."""

    template: ClassVar[Template]
    steps: ClassVar[Counter[str]] = Counter()

    # ------------------------------------------------------------ the scene

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ward-"))
        (self.folder / "central").mkdir()
        self.memory = Path(tempfile.mkdtemp(prefix="ward-", dir="/dev/shm"))
        self.service, self.card = self.template.copy(self.folder / "central")
        self.service.start()
        self.patch = pytest.MonkeyPatch()
        state = self.folder / "state"
        self.kiosk = Borrowing(
            self.service, state, self.memory, self.patch, cardholders.ORGANISATION
        )
        self.reader = DirectReader(self.card)
        self.network = Network(self.kiosk.follower.central._http)
        self._connect()
        self.evaluated = 0
        self._count_evaluations()
        self.visits = 0
        self.left_before = self.card.unblocking_left
        self.recorded: set[Any] = set()

    def _count_evaluations(self) -> None:
        """Check at every evaluation of answers that its count is on a disk by then."""
        original = sealed_answers.open_recovery

        def counted(*arguments: Any) -> Secret:
            self.evaluated += 1
            self._attempts_are_counted()
            return original(*arguments)

        self.patch.setattr(sealed_answers, "open_recovery", counted)

    def _connect(self) -> None:
        self.network.http = Http(self.service.url)
        self.kiosk.follower.central._http = self.network  # type: ignore[assignment]
        self.kiosk.renewer = self.kiosk._renewer(self.kiosk.follower.central)

    def teardown(self) -> None:
        beat("a run of the machine")
        if not hasattr(self, "kiosk"):
            return
        try:
            self._peace()
        finally:
            self.kiosk.close()
            self.service.stop()
            self.patch.undo()
            shutil.rmtree(self.folder)
            shutil.rmtree(self.memory)

    # ------------------------------------------------------------ events

    @rule(faults=_FAULTS, passcode=st.sampled_from(_PASSCODES))
    def visit(self, faults: list[Fault], passcode: str) -> None:
        self._visit(_RIGHT, passcode, faults=faults)

    @rule(faults=_FAULTS, interruption=_INTERRUPTIONS, passcode=st.sampled_from(_PASSCODES))
    def interrupted_visit(
        self, faults: list[Fault], interruption: Interruption, passcode: str
    ) -> None:
        self._visit(_RIGHT, passcode, interruption, faults)

    @rule(faults=_FAULTS)
    def mistaken_visit(self, faults: list[Fault]) -> None:
        self._visit(_WRONG, _PASSCODES[0], faults=faults)

    @rule(
        right=st.booleans(),
        interruption=st.none() | _INTERRUPTIONS,
        passcode=st.sampled_from(_PASSCODES),
        heard=st.booleans(),
    )
    def night_without_central(
        self, right: bool, interruption: Interruption | None, passcode: str, heard: bool
    ) -> None:
        """The network is up for a while, then down, and a cardholder comes."""
        self.network.down = False
        for _ in range(2):
            self._sync()
        self.network.down = True
        self._visit(_RIGHT if right else _WRONG, passcode, interruption)
        self.network.down = not heard

    @rule(faults=_FAULTS)
    def sync(self, faults: list[Fault]) -> None:
        self._noted("sync")
        self.network.faults = list(faults)
        try:
            self._sync()
        except Killed:
            self._restart_kiosk()
        self.network.faults = []

    @rule(which=st.integers(0, 7))
    @precondition(lambda self: self.network.late)
    def late(self, which: int) -> None:
        self._noted("late")
        self.network.deliver_late(which)

    @rule(down=st.booleans())
    def network_changes(self, down: bool) -> None:
        self._noted("network")
        self.network.down = down

    @rule(which=st.sampled_from(["central", "kiosk", "power"]))
    def starts_anew(self, which: str) -> None:
        self._noted(f"{which} restarts")
        if which == "central":
            self.service.restart()
            self.network.http = Http(self.service.url)
        else:
            self._restart_kiosk(power_cut=which == "power")

    @rule(seconds=st.sampled_from([5, 90, 900, 7200, 13 * 3600]))
    def time_passes(self, seconds: float) -> None:
        self._noted("time")
        self.service.clock.pass_time(seconds)
        self.kiosk.clock.seconds += seconds

    @rule(what=st.sampled_from(["suspends", *["activates", "releases"] * 2]))
    def ra(self, what: str) -> None:
        self._noted(f"the RA {what}")
        with self._database() as database:
            card, registration = _card(database), database.exec(select(Registration)).one()
            if what != "releases":
                card.status = CardStatus.SUSPENDED if what == "suspends" else CardStatus.ACTIVE
                return
            for counted in (card, registration):
                counted.failures, counted.not_before = 0, None
            registration.locked = False

    # ------------------------------------------------------------ how they happen

    def _visit(
        self,
        answers: tuple[str, ...],
        passcode: str,
        interruption: Interruption | None = None,
        faults: list[Fault] | None = None,
    ) -> str:
        self._noted("visit")
        self.network.faults = list(faults or ())
        self.visits += 1
        self.service.clock.pass_time(15)  # the first waits are over
        self.card.lock()
        self.left_before = self.card.unblocking_left
        self.reader.insert(interruption)
        visit = UnlockVisit(self.visits, self._context())
        try:
            ending = self._walk(visit, answers, passcode)
        except Killed:
            self._restart_kiosk()
            ending = "killed"
        self.network.faults = []
        self.steps[f"visit: {ending}"] += 1
        if ending == "CardUnlocked":
            assert self.card.has_passcode(passcode)
        return ending

    def _walk(self, visit: UnlockVisit, answers: tuple[str, ...], passcode: str) -> str:
        event = visit.read_card()
        if isinstance(event, ev.CardRead):
            event = visit.open(new_reference(), forgotten=False)
        if isinstance(event, ev.UnlockOpened):
            offline = event.offline
            event = visit.answer(answers, None)
            self.steps["offline answers"] += offline
        if isinstance(event, ev.CodeSent):
            event = visit.answer(answers, self.service.mailbox.code)
        if isinstance(event, ev.AnswersAccepted):
            event = visit.unlock(Secret(passcode.encode()), lambda _: None)
        return type(event).__name__

    def _context(self) -> VisitContext:
        follower = self.kiosk.follower
        return VisitContext(
            reader=self.reader,  # type: ignore[arg-type]
            central=follower.central,
            outbox=MortalOutbox(follower.outbox._engine),
            parties=Parties(CENTRAL, follower.name),
            replica=follower.reader,
            leases=self.kiosk.leases,
        )

    def _sync(self) -> None:
        follower = self.kiosk.follower
        follower.deliver_once()
        follower.follow_once()
        self.kiosk.renewer.round()

    def _restart_kiosk(self, *, power_cut: bool = False) -> None:
        self.kiosk.follower.close()
        self.kiosk.follower.open()
        if power_cut:
            self.kiosk.power_cut()
        else:
            self.kiosk.close()
            self.kiosk.start()
        self.kiosk.follower.outbox.end_open_visits()
        self._connect()

    def _database(self) -> Any:
        return self.service.services.database.transaction()

    def _noted(self, what: str) -> None:
        self.steps[what] += 1

    # ------------------------------------------------------------ invariants

    @invariant()
    def the_card_carries_one_of_two_keys(self) -> None:
        if not hasattr(self, "kiosk"):
            return
        with self.service.services.database.reading() as database:
            card = _card(database)
            current = worlds.proven(history.visits(database, card))
            pair = [self.service.services.escrow.key(database, card, current + n) for n in (0, 1)]
        assert self.card.unblocking_key in [key.reveal() for key in pair]

    @invariant()
    def no_visit_wastes_two_tries_and_the_last_two_are_never_risked(self) -> None:
        if not hasattr(self, "kiosk"):
            return
        assert self.card.unblocking_left >= _NEVER_BELOW
        assert self.left_before - self.card.unblocking_left <= 1
        self.left_before = max(self.left_before, self.card.unblocking_left)

    @invariant()
    def what_is_lent_is_what_the_card_carries(self) -> None:
        """While a pack may be used, the card's key is that of the pack."""
        if not hasattr(self, "kiosk"):
            return
        loan = self.kiosk.leases.find(self._identity())
        if loan is None:
            return
        with self.service.services.database.reading() as database:
            key = self.service.services.escrow.key(database, _card(database), loan.pack.generation)
        assert key.reveal() == self.card.unblocking_key
        assert loan.kept.attempts <= loan.pack.allowance <= 2

    @invariant()
    def a_fact_is_applied_once(self) -> None:
        if not hasattr(self, "kiosk"):
            return
        with self.service.services.database.reading() as database:
            rows = database.exec(select(FactRow.grant_id, FactRow.sequence)).all()
            failures = database.exec(select(Registration.failures)).one()
        assert len(rows) == len(set(rows))
        assert failures <= throttle.ATTEMPTS

    def _attempts_are_counted(self) -> None:
        """Every evaluated attempt had been counted, on a disk, before."""
        with self.service.services.database.reading() as database:
            online = database.exec(select(func.count()).select_from(Attempt)).one()
            attempts = select(PackEventRow.id).where(PackEventRow.kind == "pack attempt")
            offline = {str(each) for each in database.exec(attempts)}
        with Session(self.kiosk.follower.outbox._engine) as store:
            noted = select(OutboxRow.id).where(OutboxRow.kind == "pack attempt")
            offline.update(store.exec(noted))
        assert self.evaluated <= online + len(offline)

    # ------------------------------------------------------------ the end of a run

    def _peace(self) -> None:
        """Repair everything: nothing was lost, and the card can be unlocked."""
        self.network.down, self.network.faults = False, []
        while self.network.late:
            self.network.deliver_late(0)
        self.ra("activates")
        for _ in range(3):
            self.service.clock.pass_time(3600)
            self.kiosk.clock.seconds += 3600
            self._sync()
        self._nothing_is_lost()
        self.ra("releases")
        with self._database() as database:
            assert trail.first_break(database) is None
            frozen = _card(database).frozen
        ending = self._visit(_RIGHT, "864208")
        self.the_card_carries_one_of_two_keys()
        assert ending == "CardUnlocked" or (frozen and ending == "UnlockRefused"), ending
        if ending == "CardUnlocked":
            assert self.card.unblocking_left == self.card.unblocking_maximum

    def _nothing_is_lost(self) -> None:
        outbox = self.kiosk.follower.outbox
        assert outbox.count_pending() == 0
        with Session(outbox._engine) as store:
            refused = store.exec(
                select(OutboxRow.kind, OutboxRow.last_answer).where(
                    OutboxRow.state == OutboxState.REFUSED
                )
            ).all()
            recorded = store.exec(select(OutboxRow.body).where(OutboxRow.kind == "card")).all()
        assert not refused, refused
        items = [outbox_item(body) for body in recorded]
        with self.service.services.database.reading() as database:
            applied = set(database.exec(select(FactRow.id)).all())
        assert {item.id for item in items if isinstance(item.fact, CardFact)} <= applied

    def _identity(self) -> CardIdentity:
        return CardIdentity(self.card.family, self.card.serial)


def outbox_item(body: str) -> OutboxItem:
    return OutboxItem.model_validate_json(body)


def _card(database: Session) -> Card:
    return database.exec(select(Card)).one()


def run(examples: int, steps: int) -> str:
    """Run that many runs of at most that many steps; the first violation ends it with its story."""
    Ward.steps = Counter()
    logging.getLogger("kiosk").setLevel(logging.CRITICAL)  # failures here are intended
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(sealed_answers, "OPERATIONS", argon2id.OPSLIMIT_MIN)
        patch.setattr(sealed_answers, "MEMORY", argon2id.MEMLIMIT_MIN)
        Ward.template = Template(Path(folder))
        run_state_machine_as_test(
            Ward,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
    logging.getLogger("kiosk").setLevel(logging.NOTSET)
    tried = sum(count for what, count in Ward.steps.items() if not what.startswith("visit:"))
    visits = {what: count for what, count in sorted(Ward.steps.items()) if "visit: " in what}
    unlocked = Ward.steps["visit: CardUnlocked"]
    return (
        f"{tried} steps in {examples} runs, {Ward.steps['visit']} visits"
        f" ({unlocked} unlocked, {Ward.steps['offline answers']} without central,"
        f" {visits.get('visit: killed', 0)} killed), 0 violations"
    )


def prove() -> str:
    """Run the proof at full size."""
    choose_profile()
    return run(examples=40, steps=40)

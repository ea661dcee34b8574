# SPDX-License-Identifier: Apache-2.0
"""Premises where a visit can be interrupted and examined afterwards."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from sqlmodel import select

from kiosk.central import settings
from kiosk.central.audit import trail
from kiosk.central.evidence import history, worlds
from kiosk.central.keys.escrow import FORMATS
from kiosk.central.service import assembly
from kiosk.central.tables import AuditEntry, Card, EndRow, FactRow, GrantRow
from kiosk.contract.messages import CardCommand
from kiosk.demo.issued_cards import IssuedCard
from kiosk.demo.premises import Premises
from kiosk.simulated.vpcd import VirtualReaderCard
from kiosk.store.files import open_store
from kiosk.store.outbox import Outbox
from kiosk.values import Family
from tests.proofs.interrupting import CardPoint, Disturbance, NetworkPoint, Point, WatchedCard
from tests.proofs.proxy import Proxy
from tests.proofs.ward import KioskProcess, Ward, last_lines

_PASSCODE_TRIES = 3
_NEVER_BELOW = 2
_OTHERS = ("864209", "20486975")  # passcodes to change to
_REPORT_SECONDS = 8.0
_OUT_SECONDS = 0.5
"""The shortest time that a card is out: pcscd polls every 0.4 s, and no hand is quicker."""
_DRAIN_SECONDS = 90.0  # the sync may be waiting after failures


class Scene:
    """One card, one kiosk, one central; `play` interrupts visits, then makes one undisturbed."""

    def __init__(self, premises: Premises, disk: Path | None) -> None:
        self._premises = premises
        self._ward = Ward(premises)
        self._disk = disk
        self._proxy = Proxy(premises.central.url)
        premises.overrides = {
            "KIOSK_CENTRAL_URL": self._proxy.url,
            "KIOSK_HELP_SECONDS": "0.2",
            "KIOSK_WARNING_SECONDS": "1",
        }
        self._restart_sync()
        self._kiosk: KioskProcess | None = None
        self._out_since = time.monotonic()
        self._take(premises.card)
        self.deeds: Counter[str] = Counter()
        self.kiosk_kills = self.frozen = self.lost_tries = self.happened = 0

    @property
    def can_fill(self) -> bool:
        """Return whether the kiosk's state is on a disk that can be filled."""
        return self._disk is not None

    def count_commands(self) -> int:
        """Return the number of commands that a whole visit sends to the card."""
        self._ward.block()
        self._visit(None)
        return self._card.commands

    def count_commands_of_change(self) -> int:
        """Return the number of commands of a passcode change, from the insertion on."""
        self._change_to(_OTHERS[0], None)
        return self._card.commands

    def play_change(self, point: Point) -> None:
        """Interrupt the change of a passcode; then a further one has to succeed."""
        story_text = f"change, {point}"
        card = self._premises.card
        old = next(each for each in (*_OTHERS, self._ward.passcode) if card.has_passcode(each))
        new = next(each for each in _OTHERS if each != old)
        with _naming_story(story_text):
            if not self._change_to(new, point, old):
                raise AssertionError("nothing happened at this point")
        if card.has_passcode(old) == card.has_passcode(new):
            raise AssertionError(f"{story_text}: the card has neither passcode")
        if card.passcode_left < _PASSCODE_TRIES - 1:
            raise AssertionError(f"{story_text}: {card.passcode_left} tries left")
        has, other = (new, old) if card.has_passcode(new) else (old, new)
        with _naming_story(story_text):
            self._change_to(other, None, has)
        if not card.has_passcode(other) or card.passcode_left != _PASSCODE_TRIES:
            raise AssertionError(f"{story_text}: the further change did not succeed")

    def _change_to(self, new: str, point: Point | None, old: str | None = None) -> bool:
        self._ward.know(old=old or self._ward.passcode, new=new)
        try:
            before = self.happened
            self._visit(point)
            return self.happened > before
        finally:
            self._ward.know(old="", new=self._ward.passcode)

    def play_with_new_card(self, point: Point, *, reports_late: bool) -> None:
        """Play with a card that no key of ours has ever opened."""
        self._take(self._premises.another_card(self._premises.card.family))
        self.play((point,), reports_late=reports_late)

    def play(self, story: Sequence[Point], *, reports_late: bool) -> None:
        """Interrupt visits at the story's points; then a further visit has to unlock the card."""
        story_text = f"{' · '.join(map(str, story))}{', reports late' if reports_late else ''}"
        if reports_late:
            self._freeze_sync()
        self._card.least_left, self._card.torn = self._premises.card.unblocking_maximum, 0
        for point in story:
            self._ward.block()
            before = self.happened
            with _naming_story(story_text):
                self._visit(point)
            if len(story) == 1 and self.happened == before:
                raise AssertionError(f"{story_text}: nothing happened at this point")
            self._look_at_tries(story_text)
        self._ward.block()
        with _naming_story(story_text):
            ending = self._visit(None)
        self._look_at_tries(story_text)
        if reports_late:
            self._premises.signal_sync(signal.SIGCONT)
        self._wait_until_reported(story_text)
        if "is unlocked" in ending:
            self._look_at_card(story_text)
        elif "needs to be looked at" in ending and len(story) > 1:
            self._look_at_frozen(story_text)
        else:
            raise AssertionError(
                f"{story_text}: the further visit said {ending!r}\n{self._what_central_knows()}"
            )

    def check_audit(self) -> None:
        """Check that the audit's chain holds and contains every grant, every fact and every end."""
        with self._central() as service, service.database.transaction() as database:
            if trail.first_break(database) is not None:
                raise AssertionError("the audit's chain is broken")
            audited: Counter[_AuditFact] = Counter(
                filter(None, map(_audit_fact_of, database.exec(select(AuditEntry))))
            )
            stored: Counter[_AuditFact] = Counter(
                [
                    *(("grant.issued", str(row.id)) for row in database.exec(select(GrantRow))),
                    *(
                        ("visit.ended", str(row.session_id), row.facts)
                        for row in database.exec(select(EndRow))
                    ),
                    *(
                        (_kind_of(row), str(row.grant_id), row.generation, row.status)
                        for row in database.exec(select(FactRow))
                    ),
                ]
            )
            if audited != stored:
                raise AssertionError(
                    f"the audit lacks {stored - audited}, or has {audited - stored} too many"
                )

    def close(self) -> None:
        """End the kiosk and the proxy."""
        if self._kiosk is not None:
            self._kiosk.close()
        self._proxy.close()

    # ------------------------------------------------------------ a visit

    def _visit(self, point: Point | None) -> str:
        """Insert the locked card, let `point` happen, remove it; return the screen's notice."""
        kiosk = self._running_kiosk()
        deed = self._arm(point, kiosk)
        time.sleep(max(self._out_since + _OUT_SECONDS - time.monotonic(), 0))
        self._slot.insert()
        ending = kiosk.wait_for("notice")
        # The sync sends a report a little later; some points lie beyond a visit's end.
        patience = _REPORT_SECONDS if "report" in str(point) else 0
        if point is not None and deed.begun.wait(patience):
            # The effect shows before it is over: a card is out before its reader knows.
            deed.over.wait()
            self.happened += 1
            self.deeds[point.deed] += 1
        self._slot.remove()
        self._out_since = time.monotonic()
        self._mend()
        while kiosk.alive and kiosk.wait_for("welcome") != "insert card":
            pass
        self.lost_tries += self._card.lost_in_visit
        return ending

    def _running_kiosk(self) -> KioskProcess:
        if self._kiosk is not None and not self._kiosk.alive:
            self._kiosk.close()
            self._kiosk = None
        if self._kiosk is None:
            self._kiosk = self._ward.start_kiosk()
        return self._kiosk

    def _arm(self, point: Point | None, kiosk: KioskProcess) -> Disturbance:
        deed = Disturbance(lambda: None if point is None else self._do(point.deed, kiosk))
        self._card.begin_visit(point if isinstance(point, CardPoint) else None, deed)
        self._proxy.hook = lambda _moment, _line: False
        if isinstance(point, NetworkPoint):
            self._proxy.hook = _once(point, deed)
        return deed

    def _do(self, deed: str, kiosk: KioskProcess) -> None:
        deeds: dict[str, Callable[[], None]] = {
            "pull": self._slot.remove,
            "tear": self._slot.remove,
            "kill kiosk": kiosk.kill,
            "kill worker": kiosk.kill_worker,
            "kill central": lambda: self._premises.central.stop(signal.SIGKILL),
            "cut": self._cut,
            "fill disk": self._fill,
        }
        self.kiosk_kills += deed == "kill kiosk"
        deeds[deed]()

    def _cut(self) -> None:
        self._proxy.down = True

    def _fill(self) -> None:
        if self._disk is not None:
            with (self._disk / "filler").open("wb") as filler, _until_full():
                while True:
                    filler.write(bytes(65536))
                    filler.flush()

    def _mend(self) -> None:
        self._proxy.down = False
        self._proxy.hook = lambda _moment, _line: False
        if self._disk is not None:
            (self._disk / "filler").unlink(missing_ok=True)
        if not self._premises.central.running:
            self._premises.central.start()

    def _restart_sync(self) -> None:
        self._premises.stop_sync()
        self._premises.start_sync()

    def _freeze_sync(self) -> None:
        """Freeze the sync, but not within a transaction, for which the kiosk would wait."""
        while True:
            self._premises.signal_sync(signal.SIGSTOP)
            with closing(sqlite3.connect(self._premises.state / "store.sqlite3")) as store:
                try:
                    store.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    self._premises.signal_sync(signal.SIGCONT)
                else:
                    return

    def _wait_until_reported(self, story_text: str) -> None:
        engine = open_store(self._premises.state)
        outbox, end = Outbox(engine), time.monotonic() + _DRAIN_SECONDS
        try:
            while outbox.count_pending():
                if time.monotonic() > end:
                    log = (self._premises.folder / "sync.log").read_text().splitlines()
                    raise AssertionError(
                        f"{story_text}: facts were not delivered; the sync's log ends: {log[-5:]}"
                    )
                time.sleep(0.1)
        finally:
            engine.dispose()

    # ------------------------------------------------------------ checks

    def _look_at_tries(self, story_text: str) -> None:
        if self._card.lost_in_visit > 1:
            raise AssertionError(
                f"{story_text}: {self._card.lost_in_visit} tries wasted in one visit"
            )
        if self._card.least_left < (1 if self._card.torn else _NEVER_BELOW):
            raise AssertionError(f"{story_text}: only {self._card.least_left} tries were left")

    def _look_at_card(self, story_text: str) -> None:
        card = self._premises.card
        if not card.has_passcode(self._ward.passcode):
            raise AssertionError(f"{story_text}: unlocked, but with another passcode")
        left = (card.passcode_left, card.unblocking_left)
        if left != (_PASSCODE_TRIES, card.unblocking_maximum):
            raise AssertionError(f"{story_text}: unlocked, but tries are missing: {left}")
        if card.unblocking_key not in self._candidates():
            raise AssertionError(f"{story_text}: unlocked, with a key that central cannot produce")

    def _look_at_frozen(self, story_text: str) -> None:
        """Check a frozen card: its key is one of the two, and its tries suffice to use it."""
        self.frozen += 1
        card = self._premises.card
        if card.unblocking_key not in self._candidates():
            raise AssertionError(f"{story_text}: frozen with a key that central cannot produce")
        if card.unblocking_left < _NEVER_BELOW:
            raise AssertionError(f"{story_text}: frozen with {card.unblocking_left} tries")
        self.change_card(card.family)

    def _candidates(self) -> set[bytes]:
        """Return the keys that central would offer for the card."""
        serial = self._premises.card.serial
        with self._central() as service, service.database.transaction() as database:
            card = database.exec(select(Card).where(Card.serial == serial)).one()
            current = worlds.proven(history.visits(database, card))
            last = current + 1 if FORMATS[card.family].renewed else current
            return {
                service.escrow.key(database, card, generation).reveal()
                for generation in range(current, last + 1)
            }

    def _what_central_knows(self) -> str:
        """Return the visits as central sees them, a line each, and the end of the kiosk's log."""
        serial = self._premises.card.serial
        with self._central() as service, service.database.transaction() as database:
            card = database.exec(select(Card).where(Card.serial == serial)).one()
            visits = [repr(visit) for visit in history.visits(database, card)]
        return "\n".join([*visits[-3:], *last_lines(self._premises.folder / "kiosk.log")])

    @contextmanager
    def _central(self) -> Iterator[assembly.Services]:
        environment = self._premises.central.environment()
        names = {name.removeprefix(settings.PREFIX).lower(): v for name, v in environment.items()}
        service = assembly.assemble(settings.read(**names))
        try:
            yield service
        finally:
            service.database.close()

    def change_card(self, family: Family) -> None:
        """Continue with a new card of `family`, once it was unlocked undisturbed."""
        self._take(self._premises.another_card(family))
        self._visit(None)

    def _take(self, card: IssuedCard) -> None:
        self._card = WatchedCard(card)
        self._slot = VirtualReaderCard(self._card, self._premises.pcscd.port)


_AuditFact = tuple[str, *tuple[object, ...]]


def _audit_fact_of(entry: AuditEntry) -> _AuditFact | None:
    """Return what an entry says of a grant, of a command to a card or of a visit's end."""
    details = entry.details
    if entry.kind == "grant.issued":
        return (entry.kind, details["grant"])
    if entry.kind == "visit.ended":
        return (entry.kind, details["session"], details["facts"])
    if entry.kind.startswith("card.") and "fact" in details:
        return (entry.kind, details["grant"], details["generation"], details["status"])
    return None


def _kind_of(fact: FactRow) -> str:
    if fact.command is CardCommand.ATTEST:
        return "card.unlocked" if fact.genuine else "card.attest-not-genuine"
    return f"card.{fact.command}"


def _once(point: NetworkPoint, deed: Callable[[], None]) -> Callable[[str, str], bool]:
    done = threading.Event()

    def hook(moment: str, line: str) -> bool:
        if done.is_set() or moment != point.moment or point.request not in line:
            return False
        done.set()
        deed()
        return True

    return hook


@contextmanager
def _naming_story(story: str) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{story}: {error}") from None


@contextmanager
def _until_full() -> Iterator[None]:
    try:
        yield
    except OSError:
        return


@contextmanager
def scene(folder: Path, family: Family = Family.PIV) -> Iterator[Scene]:
    """Make a scene in `folder`, on a small disk of its own if this machine allows that."""
    with ExitStack() as stack:
        disk = folder / "disk"
        disk.mkdir()
        mounted = _mount(disk)
        if mounted:
            stack.callback(subprocess.run, ["umount", "-l", str(disk)], check=False)
        premises = stack.enter_context(
            Premises(folder / "premises", family, state=disk if mounted else None)
        )
        made = Scene(premises, disk if mounted else None)
        stack.callback(made.close)
        yield made


def _mount(disk: Path) -> bool:
    if os.geteuid() != 0:
        return False
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0

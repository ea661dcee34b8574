# SPDX-License-Identifier: Apache-2.0
"""The booted kiosk on its ward: its machine, its card, central, and a hand at its screen."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from kiosk.demo import cardholders
from kiosk.demo import journey as jr
from kiosk.demo.issued_cards import issue
from kiosk.questions import SecurityQuestion
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.store.files import open_store
from kiosk.store.outbox import Outbox
from kiosk.values import Family
from tests.proofs.appliance import tree
from tests.proofs.appliance.boot import Machine, State, partition
from tests.proofs.appliance.surroundings import CentralOverTheWire, Slot
from tests.proofs.interrupting import WatchedCard
from tests.wire import Wire, wire

_OUT_SECONDS = 0.6  # pcscd polls every 0.4 s
_ORDER_SECONDS = 40.0
_SITE = """\
central_url = "{url}"
central_authority = "authority.pem"
idle_seconds = 300
keypads = ["04d9:1203"]
clocks = ["192.0.2.123"]
[[contacts]]
name = "IT “service” desk"
detail = "ext. 2222"
"""
# Short, because every key is touched.
HOLDER = replace(
    cardholders.NURSE,
    answers=tuple((question, given[:3].lower()) for question, given in cardholders.NURSE.answers),
)


class Ward:
    """Everything together. The machine is off at first."""

    def __init__(
        self, machine: Machine, state: State, boot: Path, central: CentralOverTheWire, net: Wire
    ) -> None:
        self.machine, self.state, self.boot = machine, state, boot
        self.central, self.net = central, net
        self._issuer = SimulatedIssuer.make()
        self.card = issue(Family.PIV, HOLDER.name, HOLDER.passcode, self._issuer)
        self.watched = WatchedCard(self.card)
        self._slot: Slot | None = None
        self._out_since = 0.0

    def prepare(self) -> None:
        """Register the cardholder, start central, and fill the boot partition, as IT does."""
        self.central.seed(cardholders.personalisation(HOLDER, self.card, self._issuer))
        self._leave_token(cardholders.KIOSK)
        self.central.start()
        (self.boot / "kiosk.toml").write_text(_SITE.format(url=self.central.url))
        (self.boot / "authority.pem").write_bytes(self.central.authority)

    def make_new(self) -> None:
        """Switch the machine off, and make it another kiosk that was never switched on."""
        self.machine.close()
        for each in self.state.mounted.iterdir():
            if each.is_file():
                each.unlink()
            elif each.name != "lost+found":
                shutil.rmtree(each)
        self._leave_token(f"{cardholders.KIOSK} 2")

    def _leave_token(self, kiosk: str) -> None:
        token = self.boot / "enrolment-token"
        token.touch(0o600)
        token.write_text(self.central.enrolment_token(kiosk))

    def pull_the_plug(self) -> None:
        """Kill everything at once; only what had reached the state's disk survives."""
        self.machine.close()
        self.state.lose_power()

    def boot_until_ready(self) -> float:
        """Switch the machine on; return the seconds until screen, flow and card worker answered."""
        begun = time.monotonic()
        self.machine.boot()
        self.machine.wait(lambda: self.machine.is_up("kiosk.service"), "the kiosk is ready")
        return time.monotonic() - begun

    # ------------------------------------------------------------ the card

    def insert(self) -> None:
        """Insert the card, once it was out for as long as pcscd needs to notice that."""
        time.sleep(max(self._out_since + _OUT_SECONDS - time.monotonic(), 0))
        slot = Slot(self.watched, self.machine)
        self.machine.wait(lambda: _done(slot.insert), "the virtual reader takes the card", 20)
        self._slot = slot

    def take(self) -> None:
        """Remove the card if there is one."""
        if self._slot is not None:
            self._slot.remove()
            self._slot = None
        self._out_since = time.monotonic()

    # ------------------------------------------------------------ the screen

    def walk(self, journey: jr.Journey) -> None:
        """Do each step; raises AssertionError with the content of the screen if one fails."""
        place = self.machine.path("/run/smartcard-kiosk/finger")
        with socket.socket(socket.AF_UNIX) as hand:
            hand.settimeout(_ORDER_SECONDS)
            self.machine.wait(lambda: _done(lambda: hand.connect(str(place))), "a finger", 20)
            with hand.makefile("rw") as lines:
                for step in journey:
                    self._step(step, lines)

    def _step(self, step: jr.Step, lines: TextIO) -> None:
        match step:
            case jr.Insert():
                self.insert()
            case jr.Take():
                self.take()
            case jr.See(words):
                self._order(lines, "see", words)
            case jr.Press(button):
                self._order(lines, "press", str(button))
            case jr.Choose(label):
                self._order(lines, "choose", label)
            case jr.Write(characters):
                self._order(lines, "write", characters)
            case _:
                raise TypeError(type(step).__name__)

    def _order(self, lines: TextIO, *order: str) -> None:
        print(json.dumps(order), file=lines, flush=True)
        answer = lines.readline()
        if not answer:
            raise Gone
        kind, *seen = json.loads(answer)
        if kind != "done":
            what = "the keys" if order[0] == "write" else order
            raise AssertionError(f"{what}: the screen has {seen}\n{self.machine.log()}")

    def unlock(self) -> float:
        """Run an undisturbed visit that gives the card its new passcode; return its seconds."""
        self.card.lock()
        begun = time.monotonic()
        self.walk([*to_the_work(), jr.See("Your smartcard is unlocked"), jr.Take(), START])
        if not self.card.has_passcode(HOLDER.new_passcode) or self.card.passcode_left != 3:
            raise AssertionError("reported as unlocked, but it is not")
        return time.monotonic() - begun

    # ------------------------------------------------------------ the state

    def leave_no_room(self) -> None:
        """Fill the state's disk, with no space left in a journal that could be overwritten."""
        with closing(sqlite3.connect(self.state.mounted / "store.sqlite3")) as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.state.fill()

    def pending(self) -> int:
        """Return how many items central has yet to get, according to the state's disk."""
        engine = open_store(self.state.mounted)
        try:
            return Outbox(engine).count_pending()
        finally:
            engine.dispose()

    def wait_until_reported(self) -> None:
        self.machine.wait(lambda: not self.pending(), "the outbox is delivered", 90)


class Gone(AssertionError):
    """The kiosk ended in the middle of an order."""


START = jr.See("Insert your smartcard")


def to_the_work() -> jr.Journey:
    """Return the steps of a visit up to the moment at which the card work begins."""
    journey: jr.Journey = [START, jr.Insert()]
    for question, given in HOLDER.answers:
        journey += jr.answer(SecurityQuestion(question).in_language("en"), given)
    return journey + jr.new_passcode(HOLDER.new_passcode)


@contextmanager
def ward(folder: Path) -> Iterator[Ward]:
    """Provide a ward whose machine is off; raises NotHere if this machine cannot have one."""
    tree.needed()
    with ExitStack() as stack:
        for each in ("install", "boot", "central"):
            (folder / each).mkdir()
        root = stack.enter_context(tree.installed(folder / "install"))
        net = stack.enter_context(wire())
        state = stack.enter_context(partition(folder))
        central = CentralOverTheWire(folder / "central", net.central)
        stack.callback(central.stop)
        binds = (f"{state.mounted}:/var/lib/smartcard-kiosk", f"{folder / 'boot'}:/boot/firmware")
        machine = Machine(root, net.name, folder, binds)
        stack.callback(machine.close)
        made = Ward(machine, state, folder / "boot", central, net)
        stack.callback(made.take)
        yield made


def _done(deed: Callable[[], object]) -> bool:
    """Return whether the step could be done now."""
    try:
        deed()
    except OSError:
        return False
    return True

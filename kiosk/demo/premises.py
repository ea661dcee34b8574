# SPDX-License-Identifier: Apache-2.0
"""The kiosk's surroundings on one machine: a private pcscd, central, the sync, and cards.

The demonstration and the tests of whole journeys use them. All of it lives in one folder and ends
with it. Our own services listen only on the loopback interface. vpcd, the driver of the virtual
reader, listens on all interfaces, so anyone who reaches the machine can insert a simulated card.
Only the pins of the kiosk's board are simulated.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from kiosk.demo import board_layout, cardholders
from kiosk.demo.issued_cards import IssuedCard, issue
from kiosk.demo.journey import DemoCard
from kiosk.demo.service import CentralProcess, end
from kiosk.simulated.faults import Fault, FaultyCard
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.pcscd import PrivatePcscd
from kiosk.simulated.virtual_card import Blank, SimulatedCard, Unhurried
from kiosk.simulated.vpcd import VirtualReaderCard
from kiosk.site.enrolment import enrol
from kiosk.values import Family

_MEMORY = Path("/dev/shm")


class Premises:
    """A kiosk's surroundings as a context manager; the caller starts the kiosk itself.

    `card` is the cardholder's, locked; each of its commands takes `card_seconds`. `state` is the
    kiosk's state directory, if it should be elsewhere. `pins` are for a kiosk with
    `board_layout.PINS`.
    """

    def __init__(
        self, folder: Path, family: Family = Family.PIV, *, state: Path | None = None
    ) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pcscd = PrivatePcscd(self.folder / "pcscd")
        self.central = CentralProcess(self.folder)
        self.pins = board_layout.make_pins()
        self.holder = cardholders.NURSE
        self._issuer = SimulatedIssuer.make()
        self.card = self._issue(self.holder, family)
        self.card_seconds = 0.0
        self.state = state or self.folder / "state"
        self.overrides: dict[str, str] = {}  # settings of the kiosk and the sync
        self._unregistered = self._issue(cardholders.COLLEAGUE, Family.PIV)
        self._unregistered.unlock()
        self.memory = Path(tempfile.mkdtemp(prefix="kiosk-", dir=_MEMORY))
        self._inserted: VirtualReaderCard | None = None
        self._sync: subprocess.Popen[bytes] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Premises:
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, self.memory, ignore_errors=True)
            stack.enter_context(self.pcscd)
            self._seed()
            stack.callback(self.central.stop)
            token = self.central.enrolment_token(cardholders.KIOSK)
            self.central.start()
            enrol(self.state, self.central.url, token)
            stack.callback(self.stop_sync)
            self.start_sync()
            stack.callback(self.take)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def insert(self, which: DemoCard = DemoCard.HERS, *faults: Fault) -> None:
        """Put a card into the reader, with these faults."""
        cards: dict[DemoCard, SimulatedCard] = {
            DemoCard.HERS: self.card.chip,
            DemoCard.UNREGISTERED: self._unregistered.chip,
            DemoCard.FOREIGN: self._issue(self.holder, Family.PIV).chip,
            DemoCard.UNKNOWN: Blank(),
        }
        self.take()
        card = Unhurried(FaultyCard(cards[which], *faults), self.card_seconds)
        self._inserted = VirtualReaderCard(card, self.pcscd.port)
        self._inserted.insert()

    def take(self) -> None:
        """Take the card out, if there is one."""
        if self._inserted is not None:
            self._inserted.remove()
            self._inserted = None

    def lend(self, *, offline: bool) -> None:
        """Set the RA's policy: whether kiosks get packs, to unlock without central."""
        policy = ("--offline", "on" if offline else "off", "--lease-cards", "all")
        self.central.run("organisations", "policy", cardholders.ORGANISATION, *policy)

    def start_sync(self) -> None:
        """Start `kiosk sync`."""
        with (self.folder / "sync.log").open("ab") as log:
            self._sync = subprocess.Popen(
                [sys.executable, "-m", "kiosk", "--log", "traffic", "sync"],
                env={**os.environ, **self.kiosk_environment()},
                stdout=log,
                stderr=log,
            )

    def signal_sync(self, number: signal.Signals) -> None:
        """Send a signal to `kiosk sync` if it runs."""
        if self._sync is not None:
            self._sync.send_signal(number)

    def stop_sync(self) -> None:
        """End `kiosk sync`."""
        end(self._sync, signal.SIGTERM)
        self._sync = None

    def kiosk_environment(self) -> Mapping[str, str]:
        """Return the environment of a kiosk in these premises."""
        return {
            "KIOSK_CENTRAL_URL": self.central.url,
            "KIOSK_STATE_DIRECTORY": str(self.state),
            "KIOSK_RUNTIME_DIRECTORY": str(self.memory),
            "KIOSK_SWAP_TOLERATED": "true",  # no real data is on this machine
            "KIOSK_FULLSCREEN": "false",
            "KIOSK_CONTACTS": (
                '[{"name": "IT service desk", "detail": "ext. 2222"},'
                ' {"name": "Registration authority", "detail": "ext. 3333"}]'
            ),
            "PCSCLITE_CSOCK_NAME": str(self.pcscd.socket_path),
            **self.overrides,
        }

    def another_card(self, family: Family) -> IssuedCard:
        """Replace the cardholder's card by a new one, locked and registered."""
        self.card = self._issue(self.holder, family)
        self.central.seed(cardholders.personalisation(self.holder, self.card, self._issuer))
        return self.card

    def _issue(self, holder: cardholders.DemoHolder, family: Family) -> IssuedCard:
        return issue(family, holder.name, holder.passcode, self._issuer)

    def _seed(self) -> None:
        self.central.seed(
            cardholders.personalisation(self.holder, self.card, self._issuer),
            cardholders.personalisation(cardholders.COLLEAGUE, self._unregistered, self._issuer),
        )

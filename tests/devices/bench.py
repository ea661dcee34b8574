# SPDX-License-Identifier: Apache-2.0
"""A reader under test, and a hand that inserts cards: one bench for each driver."""

from __future__ import annotations

import os
import queue
import subprocess
from typing import Protocol

from kiosk.devices.reader import Reader, ReaderNotice, Sight
from kiosk.devices.reader.process import PcscReader
from kiosk.simulated.pcscd import PrivatePcscd
from kiosk.simulated.reader import SimulatedReader
from kiosk.simulated.virtual_card import SimulatedCard
from kiosk.simulated.vpcd import VirtualReaderCard
from tests.patience import PATIENCE


class Bench(Protocol):
    """A reader, a hand, and the notices of the reader."""

    @property
    def reader(self) -> Reader: ...

    def insert(self, card: SimulatedCard) -> None: ...

    def remove(self) -> None: ...

    def see(self, sight: Sight) -> ReaderNotice: ...

    def close(self) -> None: ...


class _Noticing:
    def __init__(self, reader: Reader) -> None:
        self.notices: queue.Queue[ReaderNotice] = queue.Queue()
        reader.watch(self.notices.put)

    def see(self, sight: Sight) -> ReaderNotice:
        """Wait until the reader reports `sight`, skipping earlier notices."""
        while True:
            notice = self.notices.get(timeout=PATIENCE)
            if notice.sight is sight:
                return notice


class InProcessBench(_Noticing):
    """A bench with the simulated reader."""

    def __init__(self) -> None:
        self.reader = SimulatedReader()
        super().__init__(self.reader)
        self.see(Sight.READY)

    def insert(self, card: SimulatedCard) -> None:
        self.reader.insert(card)
        self.see(Sight.INSERTED)

    def remove(self) -> None:
        self.reader.remove()

    def close(self) -> None:
        self.reader.close()


class PcscBench(_Noticing):
    """A bench with the PC/SC reader on a private pcscd; cards arrive through vpcd."""

    def __init__(self, service: PrivatePcscd) -> None:
        self._service = service
        self.slot: VirtualReaderCard | None = None
        self.stuck = 0
        self.reader = PcscReader(self._hangs)
        super().__init__(self.reader)
        self.see(Sight.READY)

    def _hangs(self) -> None:
        self.stuck += 1

    def insert(self, card: SimulatedCard) -> None:
        self.put(card)
        self.see(Sight.INSERTED)

    def put(self, card: SimulatedCard) -> None:
        """Insert a card without waiting until it is noticed."""
        self.slot = VirtualReaderCard(card, self._service.port)
        self.slot.insert()

    def remove(self) -> None:
        if self.slot is not None:
            self.slot.remove()
            self.slot = None

    def close(self) -> None:
        if self.slot is not None:
            # Until its removal is noticed, the next bench would take the card for its own.
            self.remove()
            self.see(Sight.REMOVED)
        self.reader.close()


def workers() -> set[int]:
    """Return the card workers among this process's children."""
    listed = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "kiosk.devices.reader.worker"],
        capture_output=True,
        text=True,
        check=False,
    )
    return {int(line) for line in listed.stdout.split()}

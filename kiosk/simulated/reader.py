# SPDX-License-Identifier: Apache-2.0
"""A simulated reader: cards in this process, behind the same interface as the PC/SC reader."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kiosk.card import passcode_work
from kiosk.card.examination import Finding, examine
from kiosk.card.passcode_work import Own
from kiosk.card.proving import prove
from kiosk.card.recognition import inspect
from kiosk.card.session import Authority, CardReport
from kiosk.card.unlock_work import Record, Unlocked, UnlockPlan, unlock
from kiosk.devices.reader import Notify, ReaderNotice, Sight
from kiosk.errors import CardMute, CardRemoved
from kiosk.simulated.virtual_card import Left, Silent, SimulatedCard
from kiosk.values import CardIdentity, Secret


class SimulatedConnection:
    """A simulated card inside a transaction; an exchange after a pull fails as with PC/SC."""

    def __init__(self, reader: SimulatedReader, card: SimulatedCard) -> None:
        self._reader = reader
        self._card = card

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._card.atr

    def exchange(self, command: bytes) -> bytes:
        """Return the answer to one command; raises CardRemoved if the card has left."""
        if self._reader.card is not self._card:
            raise CardRemoved(f"{command[1]:02X}")
        try:
            return self._card.exchange(command)
        except Left as left:
            self._reader.remove()
            if left.other is not None:
                self._reader.insert(left.other)
            raise CardRemoved(f"{command[1]:02X}") from None
        except Silent:
            self._reader.hang()
            raise CardMute(f"{command[1]:02X}", 0) from None


class SimulatedReader:
    """Implements `devices.reader.Reader`; `insert` and `remove` move the card."""

    def __init__(self) -> None:
        self.card: SimulatedCard | None = None
        self._hung = False
        self._notify: Notify = lambda _: None
        self._one_at_a_time = threading.Lock()

    def insert(self, card: SimulatedCard) -> None:
        """Put a card in."""
        card.reset()
        self.card, self._hung = card, False
        self._notify(ReaderNotice(Sight.INSERTED))

    def remove(self) -> None:
        """Pull the card out."""
        self.card, self._hung = None, False
        self._notify(ReaderNotice(Sight.REMOVED))

    def hang(self) -> None:
        """Hang in a command without an answer, until the card is taken out."""
        self._hung = True

    def watch(self, notify: Notify) -> None:
        """Begin to call `notify`, in the thread that moves the card."""
        self._notify = notify
        notify(ReaderNotice(Sight.READY, simulated=True))
        if self.card is not None:
            notify(ReaderNotice(Sight.INSERTED))

    def inspect(self) -> CardReport:
        """Return everything about the card that costs no try."""
        with self._transaction() as connection:
            return inspect(connection)

    def examine(self) -> tuple[Finding, ...]:
        """Return the findings about the card."""
        with self._transaction() as connection:
            return tuple(examine(connection))

    def prove(self, identity: CardIdentity, certificate: bytes, digest: bytes) -> bytes:
        """Return the card authentication key's signature over `digest`."""
        with self._transaction() as connection:
            return prove(connection, identity, certificate, digest)

    def sign(
        self,
        expected: tuple[CardIdentity, Own],
        certificate: bytes,
        passcode: Secret,
        digest: bytes,
    ) -> bytes:
        """Return the authentication key's signature over `digest`, after the passcode."""
        with self._transaction() as connection:
            return passcode_work.sign(connection, expected, certificate, passcode, digest)

    def answer(self, answered: Callable[[], None]) -> None:
        """Call `answered` at once: this reader never hangs."""
        answered()

    def change(self, expected: tuple[CardIdentity, Own], old: Secret, new: Secret) -> None:
        """Change the card's passcode."""
        with self._transaction() as connection:
            passcode_work.change(connection, expected, old, new)

    def unlock(
        self, plan: UnlockPlan, record: Record, authority: Authority | None = None
    ) -> Unlocked:
        """Do the card work of an unlock."""
        with self._transaction() as connection:
            return unlock(connection, plan, record, authority)

    def close(self) -> None:
        """Stop watching."""
        self._notify = lambda _: None

    @contextmanager
    def _transaction(self) -> Iterator[SimulatedConnection]:
        with self._one_at_a_time:
            card = self.card
            if card is None:
                raise CardRemoved("connect")
            if self._hung:
                raise CardMute("connect", 0)
            try:
                yield SimulatedConnection(self, card)
            finally:
                card.reset()

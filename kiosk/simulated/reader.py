# SPDX-License-Identifier: Apache-2.0
"""A simulated reader: cards in this process, behind the same interface as the PC/SC one."""

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
    """A simulated card within a transaction; an exchange fails as with PC/SC once it is pulled."""

    def __init__(self, reader: SimulatedReader, card: SimulatedCard) -> None:
        self._reader = reader
        self._card = card

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._card.atr

    def exchange(self, command: bytes) -> bytes:
        """Answer one command; raises CardRemoved where the card is not there any more."""
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
    """Keeps the interface of `devices.reader.Reader`; `insert` and `remove` move the card."""

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
        """Be busy with a command that is not answered, until the card is taken out."""
        self._hung = True

    def watch(self, notify: Notify) -> None:
        """Begin to call `notify`, from whatever thread moves the card."""
        self._notify = notify
        notify(ReaderNotice(Sight.READY, simulated=True))
        if self.card is not None:
            notify(ReaderNotice(Sight.INSERTED))

    def inspect(self) -> CardReport:
        """Read everything about the card that costs no try."""
        with self._transaction() as connection:
            return inspect(connection)

    def examine(self) -> tuple[Finding, ...]:
        """Find out what can be found out about the card."""
        with self._transaction() as connection:
            return tuple(examine(connection))

    def prove(self, identity: CardIdentity, certificate: bytes, digest: bytes) -> bytes:
        """Have the card sign `digest` with its card authentication key."""
        with self._transaction() as connection:
            return prove(connection, identity, certificate, digest)

    def sign(
        self,
        expected: tuple[CardIdentity, Own],
        certificate: bytes,
        passcode: Secret,
        digest: bytes,
    ) -> bytes:
        """Have the card sign `digest` with its authentication key, after its passcode."""
        with self._transaction() as connection:
            return passcode_work.sign(connection, expected, certificate, passcode, digest)

    def answer(self, answered: Callable[[], None]) -> None:
        """It always could."""
        answered()

    def change(self, expected: tuple[CardIdentity, Own], old: Secret, new: Secret) -> None:
        """Change the card's passcode."""
        with self._transaction() as connection:
            passcode_work.change(connection, expected, old, new)

    def unlock(
        self, plan: UnlockPlan, record: Record, authority: Authority | None = None
    ) -> Unlocked:
        """Do an unlock's card work."""
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

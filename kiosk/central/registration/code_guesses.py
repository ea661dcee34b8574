# SPDX-License-Identifier: Apache-2.0
"""Wrong guesses at emailed codes, counted over all codes and sessions.

A code allows a few tries, a session a few codes, and anybody with the card opens sessions. So each
guess counts for the cardholder, and for the address that the code went to: while registering,
anybody enters an address. After a few guesses there are waits, as after wrong answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.central.audit import trail
from kiosk.central.mail import letters
from kiosk.central.refusal import RequestRefused
from kiosk.central.service import notices, throttle
from kiosk.central.service.sessions import Work
from kiosk.central.tables import Cardholder, CodeGuesses
from kiosk.contract.messages import ProblemType

_PURPOSE = b"guesses at e-mailed codes"
_BYTES = 16


@dataclass(frozen=True, slots=True)
class Guesses:
    """The guesses that concern one try: by the cardholder, and by the address of the code."""

    work: Work
    holder: Cardholder
    subjects: tuple[bytes, ...]

    def refuse_if_too_soon(self) -> None:
        """Refuse while the cardholder or the address has to wait."""
        wait = 0
        for subject in self.subjects:
            row = self.work.session.get(CodeGuesses, subject)
            if row is not None:
                wait = max(wait, throttle.seconds_to_wait(row, throttle.PER_CODE, self.work.now))
        if wait:
            raise RequestRefused(ProblemType.WAIT, wait)

    def count(self) -> int:
        """Count a wrong guess, and return how many the cardholder has had.

        The first that costs a wait is audited, and the cardholder is told.
        """
        guessed, counts = False, []
        for subject in self.subjects:
            row = self.work.session.get(CodeGuesses, subject)
            if row is None:
                row = CodeGuesses(subject=subject, guessed_at=self.work.now)
                self.work.session.add(row)
            throttle.count_failure(row, throttle.PER_CODE, self.work.now)
            row.guessed_at = self.work.now
            counts.append(row.failures)
            guessed = guessed or row.failures == throttle.PER_CODE.free + 1
        if guessed:
            self._tell()
        return counts[0]

    def forget(self) -> None:
        """Forget the guesses, after the right code."""
        for subject in self.subjects:
            row = self.work.session.get(CodeGuesses, subject)
            if row is not None:
                self.work.session.delete(row)

    def _tell(self) -> None:
        kiosk, now = self.work.caller.name, self.work.now
        personal: dict[str, trail.Detail] = {"cardholder": self.holder.id}
        trail.append(self.work.session, now, "code.guessed", {"kiosk": kiosk}, personal)
        notices.queue(self.work, self.holder, letters.codes_guessed(self.holder, kiosk, now))


def of(work: Work, holder: Cardholder, address: str) -> Guesses:
    """Return the guesses at codes of the cardholder, and at codes to the address."""
    subjects = (b"cardholder %d" % holder.id, b"address " + address.lower().encode())
    derived = tuple(work.services.master.derive(_PURPOSE, each, _BYTES) for each in subjects)
    return Guesses(work, holder, derived)

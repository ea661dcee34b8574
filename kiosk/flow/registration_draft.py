# SPDX-License-Identifier: Apache-2.0
"""The draft of a registration, as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.flow.cardholder_profile import Profile, Trust
from kiosk.questions import SecurityQuestion
from kiosk.values import Secret

QUESTIONS, REQUIRED = 4, 3
_ENDINGS, _ENDING_LETTERS, _ENDINGS_LETTERS = 4, 20, 34  # at most: keys, letters on one, on all


@dataclass(frozen=True, slots=True)
class Draft:
    """The data that the user has given so far to register.

    `offered` has the questions to choose from. `former` has the answers to
    `former_questions`, which are needed to replace a registration. `questions`, `answers` and
    `lengths` have one item for each answered question. `typed` has the length of each buffer by its
    name, so that a page shows it again after Back. `sent_to` is where the newest code went.
    `missed`: central did not answer the last request. `mail_domains` is that of
    `RegistrationOpened`.
    """

    profile: Profile
    trust: Trust
    offered: tuple[SecurityQuestion, ...] = ()
    former_questions: tuple[SecurityQuestion, ...] = ()
    former: tuple[Secret | None, ...] = ()
    questions: tuple[int, ...] = ()
    answers: tuple[Secret, ...] = ()
    lengths: tuple[int, ...] = ()
    typed: tuple[tuple[str, int], ...] = ()
    email: str = ""
    sent_to: str = ""
    missed: bool = False
    mail_domains: tuple[str, ...] = ()

    @property
    def holds_answers(self) -> bool:
        """Return whether a buffer holds something."""
        return any(length for _, length in self.typed)

    @property
    def may_skip(self) -> bool:
        """Return whether one more of the former answers may stay blank."""
        return self.former.count(None) < QUESTIONS - REQUIRED

    @property
    def endings(self) -> tuple[str, ...]:
        """Return what one touch adds to an address: "@nhs.net", or ".nhs.uk" for a parent domain.

        These are the first of central's domains that fit on the keys; the others are typed in full.
        """
        found: list[str] = []
        for domain in self.mail_domains:
            ending = domain if domain.startswith(".") else f"@{domain}"
            letters = sum(map(len, found)) + len(ending)
            fits = len(ending) <= _ENDING_LETTERS and letters <= _ENDINGS_LETTERS
            if fits and len(found) < _ENDINGS:
                found.append(ending)
        return tuple(found)

    def length_of(self, field: str, otherwise: int = 0) -> int:
        """Return the length of the buffer `field`; `otherwise` if nobody has typed into it."""
        return dict(self.typed).get(field, otherwise)

    def after_typing(self, field: str, length: int) -> Draft:
        """Return the draft with the new `length` of the buffer `field`."""
        return replace(self, typed=tuple({**dict(self.typed), field: length}.items()))

    def without_last(self) -> Draft:
        """Return the draft without the last of the new answers."""
        return replace(
            self,
            questions=self.questions[:-1],
            answers=self.answers[:-1],
            lengths=self.lengths[:-1],
        )

# SPDX-License-Identifier: Apache-2.0
"""The rules for new answers; the kiosk applies them at the screen, and central applies them again.

The rules compare answers in their normalised form. They know nothing about a person, so the list of
common answers has the ones that a colleague would try first.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from kiosk.questions import SecurityQuestion
from kiosk.vault.sealed_answers import normalise

SHORTEST = 3  # letters or digits, after normalising


class AnswerFlaw(StrEnum):
    """The reasons for which an answer is refused."""

    TOO_SHORT = "too short"
    COMMON = "common"
    IN_QUESTION = "in question"
    REPEATED = "repeated"


_COMMON = """
aaa aaaa abc abcd abcde abcdef answer blank blue cat dad dog dont know football green hello home
idk iforget iloveyou liverpool london mother mum mummy name nhs nhs123 nil no none nonsense nothing
nowhere nurse nursing password password1 pass1234 pink qwe qwerty question red same school secret
smartcard something test test123 testing unknown welcome welcome1 work xxx xxxx yes 000 0000 000000
111 1111 111111 123 1234 12345 123456 1234567 12345678 123456789 321 654321
"""


def flaw(question: SecurityQuestion, answer: str, others: Sequence[str] = ()) -> AnswerFlaw | None:
    """Return what is wrong with `answer`, beside the `others`; None if nothing is.

    An answer may not be part of the question in any of its languages.
    """
    normalised = normalise(answer)
    if len(normalised) < SHORTEST or len(set(normalised)) == 1:
        return AnswerFlaw.TOO_SHORT
    if normalised in _COMMON.split():
        return AnswerFlaw.COMMON
    if any(normalised in normalise(text) for text in question.in_every_language()):
        return AnswerFlaw.IN_QUESTION
    if any(normalised == normalise(other) for other in others):
        return AnswerFlaw.REPEATED
    return None

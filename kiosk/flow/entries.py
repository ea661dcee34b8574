# SPDX-License-Identifier: Apache-2.0
"""The names of the entries' buffers, and the lengths of what is typed into them."""

from __future__ import annotations

PASSCODE = "passcode"
LONGEST_PASSCODE = 16  # of a passcode in use: six to eight digits binds new passcodes only

NEW_PASSCODE, NEW_PASSCODE_AGAIN = "new-passcode", "new-passcode-again"
NEW_PASSCODES = (NEW_PASSCODE, NEW_PASSCODE_AGAIN)

CODE, CODE_DIGITS = "code", 6

EMAIL, LONGEST_EMAIL = "email", 100

TECHNICIAN_CODE, TECHNICIAN_CODE_LEAST, TECHNICIAN_CODE_MOST = "technician-code", 8, 12

LONGEST_ANSWER = 64


def unlock_answer(index: int) -> str:
    """Return the buffer of the answer to the question at `index` of an unlock, from 0."""
    return f"answer-{index + 1}"


def own_answer(question: int) -> str:
    """Return the buffer of a new answer, by its question's index among those offered, from 0."""
    return f"own-answer-{question + 1}"


def former_answer(index: int) -> str:
    """Return the buffer of an answer of the registration that is to be replaced, from 0."""
    return f"former-answer-{index + 1}"

# SPDX-License-Identifier: Apache-2.0
"""The refusal of a request, which is an ordinary result and not a failure."""

from __future__ import annotations

from kiosk.contract.messages import ProblemType
from kiosk.errors import KioskError


class RequestRefused(KioskError):
    """Central refuses a request; `problem` says why.

    The transaction that raises it still commits, so that counts and audit entries are kept.
    """

    def __init__(self, problem: ProblemType, retry_after_seconds: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds

    def __str__(self) -> str:
        return f"The request was refused: {self.problem}."

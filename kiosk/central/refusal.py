# SPDX-License-Identifier: Apache-2.0
"""Central says no: a result like any other, on its way out."""

from __future__ import annotations

from kiosk.contract.messages import ProblemType
from kiosk.errors import KioskError


class RequestRefused(KioskError):
    """`problem` says why; what was counted and audited until then is committed all the same."""

    def __init__(self, problem: ProblemType, retry_after_seconds: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds

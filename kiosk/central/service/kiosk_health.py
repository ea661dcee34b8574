# SPDX-License-Identifier: Apache-2.0
"""What a kiosk last said of itself."""

from __future__ import annotations

from pydantic import ValidationError

from kiosk.central.tables import Kiosk
from kiosk.contract.messages import KioskHealth


def last(kiosk: Kiosk) -> KioskHealth | None:
    """Its health; None where it said nothing, or an older version of it something else."""
    try:
        return None if kiosk.health is None else KioskHealth.model_validate(kiosk.health)
    except ValidationError:
        return None

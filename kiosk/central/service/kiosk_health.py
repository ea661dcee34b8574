# SPDX-License-Identifier: Apache-2.0
"""The health that a kiosk last reported."""

from __future__ import annotations

from pydantic import ValidationError

from kiosk.central.tables import Kiosk
from kiosk.contract.messages import KioskHealth


def last(kiosk: Kiosk) -> KioskHealth | None:
    """Return the kiosk's health.

    None if it has reported none, or if an older version reported something else.
    """
    try:
        return None if kiosk.health is None else KioskHealth.model_validate(kiosk.health)
    except ValidationError:
        return None

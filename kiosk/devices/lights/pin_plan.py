# SPDX-License-Identifier: Apache-2.0
"""The plan of the pins: the part on each pin, checked before anything is switched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from kiosk.errors import SettingsError
from kiosk.values import Status

FIRST, LAST = 2, 27  # BCM numbers of the 40-pin header; 0 and 1 are an add-on board's memory


@dataclass(frozen=True, slots=True)
class PinPlan:
    """BCM numbers of the pins in use; None if there is no such part.

    Outputs light when high. Inputs have a pull-up: `tamper` is low while the case is closed (so a
    cut wire counts as open), `presence` is high while somebody stands there, `power` is low while
    the supply is too low.
    """

    reader: int | None = None
    ready: int | None = None
    working: int | None = None
    done: int | None = None
    attention: int | None = None
    buzzer: int | None = None
    tamper: int | None = None
    presence: int | None = None
    power: int | None = None

    @classmethod
    def of(cls, pins: Mapping[str, int], place: str) -> PinPlan:
        """Return the plan of these names and numbers; raises SettingsError with what is wrong."""
        known = [each.name for each in fields(cls)]
        taken: dict[int, str] = {}
        for name, pin in pins.items():
            where = f"{place}.{name}"
            if name not in known:
                raise SettingsError(where, f"no such part; there are {', '.join(known)}")
            if not FIRST <= pin <= LAST:
                raise SettingsError(where, f"pin {pin} is none of {FIRST} to {LAST}")
            if pin in taken:
                raise SettingsError(where, f"pin {pin} is for {taken[pin]} already")
            taken[pin] = name
        return cls(**pins)

    @property
    def statuses(self) -> Mapping[Status, int]:
        """The pins of the status light that are in use."""
        pins = {
            Status.READY: self.ready,
            Status.WORKING: self.working,
            Status.DONE: self.done,
            Status.ATTENTION: self.attention,
        }
        return {status: pin for status, pin in pins.items() if pin is not None}

    @property
    def outputs(self) -> tuple[int, ...]:
        """Every pin that is switched."""
        pins = (self.reader, *self.statuses.values(), self.buzzer)
        return tuple(pin for pin in pins if pin is not None)

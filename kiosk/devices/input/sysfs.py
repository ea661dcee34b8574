# SPDX-License-Identifier: Apache-2.0
"""Facts that the kernel's sysfs holds about an input device, which need not be opened for them."""

from __future__ import annotations

import struct
from pathlib import Path

from kiosk.devices.input.evdev import ecodes

_WORD_BITS = struct.calcsize("@l") * 8


def is_direct(device: Path) -> bool:
    """Return whether the device is touched where it is seen, as a touch screen is."""
    return bool(_bits(device / "properties") >> ecodes.INPUT_PROP_DIRECT & 1)


def maker(device: Path) -> str:
    """Return "vendor:product" in lower-case hexadecimal; empty if the device is gone."""
    try:
        parts = [(device / "id" / part).read_text().strip() for part in ("vendor", "product")]
    except (OSError, ValueError):
        return ""
    return ":".join(parts).lower()


def _bits(file: Path) -> int:
    """Return a bit mask: words of the machine's length, the highest first; 0 if it is gone."""
    try:
        words = file.read_text().split()
        return sum(
            int(word, 16) << (_WORD_BITS * number) for number, word in enumerate(reversed(words))
        )
    except (OSError, ValueError):
        return 0

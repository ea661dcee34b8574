# SPDX-License-Identifier: Apache-2.0
"""Finds the screen's graphics card by its driver, because card numbers change from boot to boot."""

from __future__ import annotations

from pathlib import Path

from kiosk.errors import DisplayUnavailable

ROOT = Path("/")


def card_number(driver: str, root: Path = ROOT) -> int:
    """Return the number of the DRM card with this driver; `root` is the root of the files.

    Raises DisplayUnavailable with the drivers that are present.
    """
    cards = drivers(root)
    numbers = [number for number, name in sorted(cards.items()) if name == driver]
    if not numbers:
        raise DisplayUnavailable(driver, tuple(name for _, name in sorted(cards.items())))
    return numbers[0]


def drivers(root: Path = ROOT) -> dict[int, str]:
    """Return the driver of each DRM card, by the card's number."""
    found = {}
    for card in root.glob("sys/class/drm/card[0-9]*"):
        number, link = card.name.removeprefix("card"), card / "device" / "driver"
        if number.isdigit() and link.is_symlink():  # card0-HDMI-A-1 is a connector of card0
            found[int(number)] = link.readlink().name
    return found

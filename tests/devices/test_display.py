# SPDX-License-Identifier: Apache-2.0
"""The graphics card is found by its driver, in trees copied from a Pi's kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.devices import display
from kiosk.errors import DisplayUnavailable


@pytest.fixture
def pi5(folder: Path) -> Path:
    """Make the tree of a Pi 5: three cards with connectors; one card draws but has no connector."""
    for number, driver in ((0, "v3d"), (1, "drm-rp1-dsi"), (2, "vc4-drm")):
        device = folder / f"sys/devices/platform/{driver}"
        device.mkdir(parents=True)
        (folder / f"sys/bus/platform/drivers/{driver}").mkdir(parents=True)
        (device / "driver").symlink_to(f"../../../bus/platform/drivers/{driver}")
        card = folder / f"sys/class/drm/card{number}"
        card.mkdir(parents=True)
        (card / "device").symlink_to(f"../../../devices/platform/{driver}")
    for connector in ("card1-DSI-1", "card2-HDMI-A-1", "renderD128"):
        (folder / "sys/class/drm" / connector).mkdir()
    return folder


def test_cards_are_found_by_driver_and_not_by_number(pi5: Path) -> None:
    assert display.drivers(pi5) == {0: "v3d", 1: "drm-rp1-dsi", 2: "vc4-drm"}
    assert display.card_number("vc4-drm", pi5) == 2
    assert display.card_number("drm-rp1-dsi", pi5) == 1


def test_an_error_names_the_missing_driver_and_the_existing_ones(pi5: Path) -> None:
    with pytest.raises(DisplayUnavailable) as missing:
        display.card_number("virtio_gpu", pi5)
    assert missing.value.present == ("v3d", "drm-rp1-dsi", "vc4-drm")


def test_a_machine_without_graphics_has_no_driver(folder: Path) -> None:
    with pytest.raises(DisplayUnavailable) as missing:
        display.card_number("vc4-drm", folder)
    assert missing.value.present == ()

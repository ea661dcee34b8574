# SPDX-License-Identifier: Apache-2.0
"""Checks of the machine: screen, touch, pins, disk, supply; `root` is the root of its files."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from kiosk.devices.display import card_number
from kiosk.devices.input import sysfs
from kiosk.errors import DisplayUnavailable
from kiosk.flow.diagnosis import Diagnosis, Part, Verdict
from kiosk.flow.text import Verbatim, plural, text

ROOT = Path("/")
_LEAST_FREE = 200 << 20  # bytes
_FEW_STATUSES = ("connected", "unknown")


def screen(root: Path = ROOT, driver: str = "") -> Diagnosis:
    """Check that a display is connected, and that the settings' graphics `driver` is there."""
    if driver:
        try:
            card_number(driver, root)
        except DisplayUnavailable as error:
            there = ", ".join(error.present) or "-"
            found = text("no graphics card of {driver}", driver=driver)
            advice = text(
                "`display_driver` in kiosk.toml has to be one of: {drivers}", drivers=there
            )
            return Diagnosis(Part.SCREEN, Verdict.FAILED, found, advice)
    states = {
        path.parent.name: path.read_text().strip()
        for path in sorted(root.glob("sys/class/drm/card*-*/status"))
    }
    connected = [name for name, state in states.items() if state in _FEW_STATUSES]
    if connected:
        return Diagnosis(Part.SCREEN, Verdict.WELL, Verbatim(", ".join(connected)))
    if states:
        advice = text("Look at the display's cable and at its power.")
        return Diagnosis(Part.SCREEN, Verdict.FAILED, text("no display is connected"), advice)
    advice = text("dtoverlay=vc4-kms-v3d has to stand in config.txt.")
    return Diagnosis(Part.SCREEN, Verdict.FAILED, text("no graphics driver"), advice)


def touch(root: Path = ROOT) -> Diagnosis:
    """Check that there is an input device that is touched where its picture is seen."""
    for device in sorted(root.glob("sys/class/input/input*")):
        if not sysfs.is_direct(device):
            continue
        with contextlib.suppress(OSError, ValueError):  # it is gone again, or has no name to print
            name = (device / "name").read_text().strip()
            return Diagnosis(Part.TOUCH, Verdict.WELL, Verbatim(name))
    advice = text("Look at the touch screen's USB cable; some displays have one for touch alone.")
    return Diagnosis(Part.TOUCH, Verdict.FAILED, text("no touch screen"), advice)


def lights(planned: int, trouble: str | None, *, tamper: bool = False) -> Diagnosis:
    """Check that the kiosk can use the pins of its `planned` parts, of which one may be `tamper`.

    `trouble` is the kiosk's own status: empty if it can, None if no kiosk runs.
    """
    if not planned:
        return Diagnosis(Part.LIGHTS, Verdict.ABSENT, text("none in the settings"))
    if trouble is None:
        found = text("unknown while the kiosk does not run")
        return Diagnosis(Part.LIGHTS, Verdict.WARNING, found)
    if not trouble:
        found = plural("{count} pin in use", "{count} pins in use", planned)
        return Diagnosis(Part.LIGHTS, Verdict.WELL, found)
    advice = text("Pins need a Raspberry Pi and rpi-lgpio; else take `pins` out of kiosk.toml.")
    unwatched = text("nobody watches the case: {error}", error=trouble)
    found = unwatched if tamper else text("they failed: {error}", error=trouble)
    return Diagnosis(Part.LIGHTS, Verdict.FAILED, found, advice)


def firewall(trouble: str | None) -> Diagnosis:
    """Check that the firewall is in force and filled; `trouble` is its service's last status."""
    if trouble is None:
        return Diagnosis(Part.FIREWALL, Verdict.ABSENT, text("none of ours on this machine"))
    if not trouble:
        return Diagnosis(Part.FIREWALL, Verdict.WELL, text("in force"))
    advice = text("`journalctl -b -u nftables -u kiosk-firewall` says what it lacks.")
    return Diagnosis(Part.FIREWALL, Verdict.FAILED, Verbatim(trouble), advice)


def disk(state_directory: Path) -> Diagnosis:
    """Check that the state directory can be read and has room to grow."""
    try:
        free = shutil.disk_usage(state_directory).free
    except OSError as error:
        advice = text("The state's partition is missing: see `journalctl -b -u local-fs.target`.")
        return Diagnosis(Part.DISK, Verdict.FAILED, Verbatim(error.strerror or "-"), advice)
    found = text("{megabytes} MB free", megabytes=free >> 20)
    if free < _LEAST_FREE:
        advice = text("The outbox is full where central was away for long: look at the sync.")
        return Diagnosis(Part.DISK, Verdict.WARNING, found, advice)
    return Diagnosis(Part.DISK, Verdict.WELL, found)


def supply(root: Path = ROOT) -> Diagnosis:
    """Check that the Pi's power supply was never too weak since the start."""
    alarms = list(root.glob("sys/class/hwmon/hwmon*/in0_lcrit_alarm"))
    if not alarms:
        return Diagnosis(Part.SUPPLY, Verdict.ABSENT, text("not measured by this machine"))
    if any(alarm.read_text().strip() == "1" for alarm in alarms):
        advice = text("Use the supply that is made for this Pi, and a short cable.")
        return Diagnosis(Part.SUPPLY, Verdict.WARNING, text("under-voltage"), advice)
    return Diagnosis(Part.SUPPLY, Verdict.WELL, text("good"))

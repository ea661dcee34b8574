# SPDX-License-Identifier: Apache-2.0
"""The display's backlight: the kiosk's requests, and how the helper carries them out."""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path

import pytest

from kiosk.devices import backlight

SYSTEMD = Path(__file__).parents[2] / "systemd"


@pytest.fixture
def asked(folder: Path) -> Path:
    made = folder / "asks"
    made.mkdir()
    return made


def panel(folder: Path, name: str, most: int) -> Path:
    """Make a panel's brightness files below `folder`, as in sysfs; return them."""
    made = folder / "sys/class/backlight" / name
    made.mkdir(parents=True)
    (made / "max_brightness").write_text(f"{most}\n")
    (made / "brightness").write_text("3\n")
    return made / "brightness"


def help_along(folder: Path, asked: Path) -> subprocess.CompletedProcess[str]:
    """Run the helper unit's commands on a simulated tree instead of /sys."""
    unit = (SYSTEMD / "system/kiosk-backlight.service").read_text()
    for line in unit.splitlines():
        if not line.startswith("ExecStart="):
            continue
        command = line.removeprefix("ExecStart=").replace("/run/smartcard-kiosk-asks", str(asked))
        command = command.replace("/usr/lib/smartcard-kiosk", str(SYSTEMD))
        done = subprocess.run(
            command.replace(" /sys ", f" {folder / 'sys'} ").split(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            break
    return done


def test_every_panel_is_dimmed_and_lit_again(folder: Path, asked: Path) -> None:
    panels = [panel(folder, "10-0045", 255), panel(folder, "rpi_backlight", 31)]
    backlight.ask(asked, dim=True)
    assert help_along(folder, asked).returncode == 0
    assert [each.read_text() for each in panels] == ["51\n", "6\n"]
    backlight.ask(asked, dim=False)
    assert help_along(folder, asked).returncode == 0
    assert [each.read_text() for each in panels] == ["255\n", "31\n"]


def test_dim_is_never_dark(folder: Path, asked: Path) -> None:
    on_or_off = panel(folder, "gpio", 1)
    backlight.ask(asked, dim=True)
    help_along(folder, asked)
    assert on_or_off.read_text() == "1\n"


def test_a_display_without_a_backlight_is_not_an_error(folder: Path, asked: Path) -> None:
    backlight.ask(asked, dim=True)
    assert help_along(folder, asked).returncode == 0


def test_a_panel_that_cannot_be_set_is_reported(folder: Path, asked: Path) -> None:
    brightness = panel(folder, "broken", 255)
    brightness.unlink()
    brightness.mkdir()
    backlight.ask(asked, dim=True)
    assert help_along(folder, asked).returncode != 0


def test_the_unit_waits_for_the_request_file_and_its_group_reads_it(asked: Path) -> None:
    before = os.umask(0o077)
    try:
        backlight.ask(asked, dim=True)
    finally:
        os.umask(before)
    (left,) = asked.iterdir()
    unit = (SYSTEMD / "system/kiosk-backlight.path").read_text()
    assert f"PathExists=/run/smartcard-kiosk-asks/{left.name}\n" in unit
    assert left.stat().st_mode & 0o777 == 0o640


def test_without_a_request_directory_nothing_is_requested(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        backlight.ask(folder / "nowhere", dim=True)
    assert caplog.text == ""

# SPDX-License-Identifier: Apache-2.0
"""The doctor's findings about a machine, from files as a Pi's kernel shows them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kiosk.doctor import machine_checks, status_files
from kiosk.flow.diagnosis import Diagnosis, Part, Verdict
from kiosk.flow.text import in_english

# From a Raspberry Pi 4 with its 7-inch touch display.
PI: Mapping[str, str] = {
    "sys/class/drm/card1-DSI-1/status": "connected\n",
    "sys/class/drm/card1-HDMI-A-1/status": "disconnected\n",
    "sys/class/input/input0/properties": "0\n",
    "sys/class/input/input0/name": "vc4-hdmi-0\n",
    "sys/class/input/input1/properties": "2\n",
    "sys/class/input/input1/name": "10-0038 generic ft5x06 (79)\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
}
Grown = Callable[..., Path]


@pytest.fixture
def grown(folder: Path) -> Grown:
    """Return a function that makes a root folder with these files; None leaves one out."""

    def grow(**changed: str | None) -> Path:
        for name, content in {
            **PI,
            **{k.replace("__", "/"): v for k, v in changed.items()},
        }.items():
            if content is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(content)
        return folder

    return grow


def test_a_complete_pi_passes_every_check(grown: Grown) -> None:
    root = grown()
    found = [machine_checks.screen(root), machine_checks.touch(root), machine_checks.lights(3, "")]
    found.append(machine_checks.supply(root))
    assert [each.verdict for each in found] == [Verdict.WELL] * 4
    assert in_english(found[0].found) == "card1-DSI-1"
    assert in_english(found[1].found) == "10-0038 generic ft5x06 (79)"


def without(root: Path, *patterns: str) -> Path:
    for pattern in patterns:
        for path in root.glob(pattern):
            path.unlink()
    return root


@pytest.mark.parametrize(
    ("look", "lost", "found"),
    [
        (machine_checks.screen, "sys/class/drm/*/status", "no graphics driver"),
        (machine_checks.touch, "sys/class/input/input1/*", "no touch screen"),
    ],
)
def test_a_finding_names_the_missing_part_and_the_remedy(
    grown: Grown, look: Callable[[Path], Diagnosis], lost: str, found: str
) -> None:
    root = without(grown(), lost)
    seen = look(root)
    assert (seen.verdict, in_english(seen.found)) == (Verdict.FAILED, found)
    assert seen.advice


def test_an_unplugged_display_has_a_finding_of_its_own(grown: Grown) -> None:
    root = grown()
    (root / "sys/class/drm/card1-DSI-1/status").write_text("disconnected\n")
    seen = machine_checks.screen(root)
    assert (seen.verdict, in_english(seen.found)) == (Verdict.FAILED, "no display is connected")


def test_the_lights_status_is_read_from_the_running_kiosk() -> None:
    assert machine_checks.lights(0, None).verdict is Verdict.ABSENT
    unknown = machine_checks.lights(2, None)
    assert (unknown.verdict, in_english(unknown.found)) == (
        Verdict.WARNING,
        "unknown while the kiosk does not run",
    )
    broken = machine_checks.lights(2, "No module named 'RPi'")
    assert (broken.verdict, in_english(broken.found)) == (
        Verdict.FAILED,
        "they failed: No module named 'RPi'",
    )
    assert broken.advice
    unwatched = machine_checks.lights(2, "No module named 'RPi'", tamper=True)
    assert in_english(unwatched.found) == "nobody watches the case: No module named 'RPi'"


def test_the_firewalls_status_is_read_from_its_service(folder: Path) -> None:
    assert (
        machine_checks.firewall(status_files.left(folder, Part.FIREWALL)).verdict is Verdict.ABSENT
    )
    for trouble, verdict in (("nft: no such table", Verdict.FAILED), ("", Verdict.WELL)):
        status_files.leave(folder, Part.FIREWALL, trouble)
        found = machine_checks.firewall(status_files.left(folder, Part.FIREWALL))
        assert found.verdict is verdict
        assert in_english(found.found) == trouble or not trouble


def test_an_undervoltage_is_a_warning(grown: Grown) -> None:
    root = grown()
    (root / "sys/class/hwmon/hwmon1/in0_lcrit_alarm").write_text("1\n")
    assert machine_checks.supply(root).verdict is Verdict.WARNING
    without(root, "sys/class/hwmon/hwmon1/*")
    assert machine_checks.supply(root).verdict is Verdict.ABSENT


def test_a_nearly_full_disk_is_a_warning(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.fail("a disk of its own needs root: run as root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    try:
        seen = machine_checks.disk(folder)
    finally:
        subprocess.run(["umount", folder], check=True)
    assert (seen.verdict, in_english(seen.found)) == (Verdict.WARNING, "1 MB free")
    assert machine_checks.disk(folder / "missing").verdict is Verdict.FAILED


def test_the_configured_graphics_driver_has_to_exist(grown: Grown) -> None:
    root = grown()
    card = root / "sys/class/drm/card1/device"
    card.mkdir(parents=True)
    (card / "driver").symlink_to("../../../bus/platform/drivers/vc4-drm")
    assert machine_checks.screen(root, "vc4-drm").verdict is Verdict.WELL
    seen = machine_checks.screen(root, "v3d")
    assert (seen.verdict, in_english(seen.found)) == (Verdict.FAILED, "no graphics card of v3d")
    assert seen.advice is not None
    assert "vc4-drm" in in_english(seen.advice)

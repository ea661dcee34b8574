# SPDX-License-Identifier: Apache-2.0
"""The appliance's units as systemd reads them: clean, and as closed as they are meant to be."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.proofs.appliance.tree import exposure_limit

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "systemd"
UNITS = sorted(path.name for path in (SYSTEMD / "system").iterdir() if path.is_file())
SERVICES = [name for name in UNITS if name.endswith(".service")]
DEBIANS = Path("/usr/lib/systemd/system")
_PROGRAMS = (
    "usr/bin/kiosk",
    "usr/bin/systemctl",
    "usr/bin/mv",
    "usr/bin/rm",
    "usr/bin/sleep",
    "usr/sbin/nft",
    "usr/sbin/pcscd",
    "usr/bin/udevadm",
)
_NEWER = "Unknown key 'RestartMode'"  # Debian 13's systemd knows it, which `make prove` boots


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with Debian's units and ours, as `install` puts them."""
    assert DEBIANS.is_dir(), "needs the Debian package systemd"
    root = tmp_path_factory.mktemp("tree")
    shutil.copytree(DEBIANS, root / "usr/lib/systemd/system", symlinks=True)
    for program in _PROGRAMS:
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        (root / program).write_text("#!/bin/sh\n")
        (root / program).chmod(0o755)
    subprocess.run([SYSTEMD / "install", root], check=True)
    return root


def analyze(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", f"--root={root}", "--no-pager", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def complaints(root: Path, unit: str) -> list[str]:
    told = analyze(root, "verify", "--man=no", unit)
    ours = re.compile(r"kiosk|(pcscd|emergency)\.service\.d")
    lines = (told.stdout + told.stderr).splitlines()
    return [line for line in lines if ours.search(line) and _NEWER not in line]


@pytest.mark.parametrize("unit", [*UNITS, "pcscd.service", "emergency.service"])
def test_systemd_has_nothing_to_complain_about(tree: Path, unit: str) -> None:
    assert (tree / "usr/lib/systemd/system" / unit).exists()
    assert complaints(tree, unit) == []


def test_a_line_that_is_wrong_would_be_found(tree: Path, folder: Path) -> None:
    root = folder / "tree"
    shutil.copytree(tree, root, symlinks=True)
    unit = root / "usr/lib/systemd/system/kiosk.service"
    unit.write_text(unit.read_text() + "\n[Service]\nNoNewPriviliges=yes\n")
    assert any("NoNewPriviliges" in line for line in complaints(root, "kiosk.service"))


@pytest.mark.parametrize("service", [*SERVICES, "pcscd.service"])
def test_no_service_is_more_exposed_than_it_may_be(tree: Path, service: str) -> None:
    """By this machine's systemd and pcscd; `make prove` asks Debian 13's."""
    limit = exposure_limit(service)
    told = analyze(tree, "security", "--offline=true", f"--threshold={limit}", service)
    assert told.returncode == 0, told.stdout.splitlines()[-1:]


def test_a_bare_service_is_over_the_limit(tree: Path, folder: Path) -> None:
    root = folder / "tree"
    shutil.copytree(tree, root, symlinks=True)
    bare = "[Service]\nExecStart=/usr/bin/kiosk sync\n"
    (root / "usr/lib/systemd/system/kiosk-sync.service").write_text(bare)
    assert analyze(
        root, "security", "--offline=true", "--threshold=15", "kiosk-sync.service"
    ).returncode


def test_every_line_of_ours_is_installed(tree: Path) -> None:
    installed = {path.name for path in tree.rglob("*") if path.is_file()}
    ours = {path.name for path in SYSTEMD.rglob("*") if path.is_file()} - {"install", "packages"}
    assert ours <= installed


def test_the_screen_waits_for_no_network() -> None:
    """Of all that comes before it, nothing comes after what may take minutes."""
    waits, seen = ["kiosk.service"], set[str]()
    while waits:
        unit = SYSTEMD / "system" / waits.pop()
        if unit.name in seen or not unit.exists():
            continue
        seen.add(unit.name)
        after = " ".join(re.findall(r"^After=(.*)$", unit.read_text(), re.MULTILINE)).split()
        assert not any(each.startswith("network") for each in after), unit.name
        waits += after
    assert seen == {"kiosk.service", "kiosk-site.service"}


def test_debians_own_timers_write_nothing(tree: Path) -> None:
    daily = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer")
    masks = tree / "etc/systemd/system"
    assert {(masks / each).readlink() for each in daily} == {Path("/dev/null")}


def test_no_key_starts_the_machine_anew_and_no_fault_opens_a_shell(tree: Path) -> None:
    masked = tree / "etc/systemd/system/ctrl-alt-del.target"
    assert masked.readlink() == Path("/dev/null")
    drop_in = (tree / "usr/lib/systemd/system/emergency.service.d/kiosk.conf").read_text()
    assert "\nExecStart=\n" in drop_in, "Debian's own shell would still be started"
    assert "StandardInput=null" in drop_in
    kernel = (tree / "etc/default/raspi-extra-cmdline").read_text().split()
    assert "panic=60" in kernel, "the initramfs would open one where the root cannot be mounted"


def test_the_card_service_hears_of_readers_that_are_plugged_in() -> None:
    """udev tells of them by netlink, and of none in a network name space of the service's own."""
    lines = (SYSTEMD / "system/pcscd.service.d/kiosk.conf").read_text().splitlines()
    assert not any(line.startswith("PrivateNetwork=") for line in lines)
    assert "RestrictAddressFamilies=AF_UNIX AF_NETLINK" in lines
    assert "IPAddressDeny=any" in lines


def test_a_screen_that_hangs_every_time_is_given_up() -> None:
    """Five that hang at their start, or freeze after it, are killed within what is counted."""
    text = (SYSTEMD / "system/kiosk.service").read_text()
    numbers = {k: int(v) for k, v in re.findall(r"^(\w+)=(\d+)$", text, re.MULTILINE)}
    killed = ("TimeoutStartSec", "WatchdogSec", "TimeoutStopSec", "RestartSec")
    longest = sum(numbers[each] for each in killed)
    assert numbers["StartLimitBurst"] * longest < numbers["StartLimitIntervalSec"]


def test_a_further_try_goes_with_the_help_screen_that_asked_for_it() -> None:
    """It would come in the middle of a visit. `make prove` looks at it go."""
    assert "StopWhenUnneeded=yes" in (SYSTEMD / "system/kiosk-retry.timer").read_text()
    starters = [
        unit
        for unit in UNITS
        if "kiosk-retry.timer" in (SYSTEMD / "system" / unit).read_text().split("[Service]")[0]
    ]
    assert starters == ["kiosk-help.service"], "it would be needed for another reason"


def test_what_is_no_reader_is_configured_on_a_pi_3_alone() -> None:
    """By its host controller: the place of the Pi 3's own network is an open port of a Pi 4's."""
    rules = (SYSTEMD / "udev/70-smartcard-kiosk.rules").read_text().splitlines()
    (known,) = [line for line in rules if 'ENV{KIOSK_PI3}="1"' in line]
    assert 'DRIVERS=="dwc2|dwc_otg"' in known
    (let_in,) = [line for line in rules if 'GOTO="kiosk_configured"' in line]
    assert 'ENV{KIOSK_PI3}=="1"' in let_in
    assert rules.index(known) < rules.index(let_in)


def test_why_a_token_makes_no_kiosk_is_written_beside_it() -> None:
    """`make prove` reads it there, and sees it go with the token."""
    lines = (SYSTEMD / "system/kiosk-setup.service").read_text().splitlines()
    beside = "/boot/firmware/enrolment-token.wrong.txt"
    assert f"StandardError=truncate:{beside}" in lines
    (removed,) = [line for line in lines if line.startswith("ExecStartPost=")]
    assert removed.split()[-1] == beside


def test_every_unit_is_explained() -> None:
    told = (SYSTEMD / "README.md").read_text()
    for unit in UNITS:
        stem = unit.partition(".")[0]
        assert f"`{stem}." in told, unit


def test_every_kind_of_line_has_its_reason() -> None:
    told = (SYSTEMD / "README.md").read_text()
    files = [*SYSTEMD.glob("system/*.*"), *SYSTEMD.glob("system/*/*"), *SYSTEMD.glob("*.conf.d/*")]
    texts = [path.read_text() for path in files if path.is_file()]
    kinds = {kind for text in texts for kind in re.findall(r"^([A-Z]\w+)=", text, re.MULTILINE)}
    unexplained = {kind for kind in kinds if not re.search(rf"`{kind}\b", told)}
    assert unexplained == {"Description", "Documentation"}


def test_the_help_screen_has_the_organisations_numbers() -> None:
    assert (
        "BindPaths=-/var/lib/smartcard-kiosk"
        in (SYSTEMD / "system/kiosk-help.service").read_text().splitlines()
    )


@pytest.mark.parametrize("service", SERVICES)
def test_what_every_service_of_ours_has(service: str) -> None:
    lines = (SYSTEMD / "system" / service).read_text().splitlines()
    for needed in (
        "NoNewPrivileges=yes",
        "LimitCORE=0",
        "ProtectSystem=strict",
        "NoExecPaths=/",
        "DevicePolicy=closed",
        "MemoryDenyWriteExecute=yes",
        "SystemCallArchitectures=native",
    ):
        assert needed in lines


def test_programs_that_are_run_may_be_run() -> None:
    for service in SERVICES:
        text = (SYSTEMD / "system" / service).read_text()
        allowed = " ".join(re.findall(r"^ExecPaths=(.*)$", text, re.MULTILINE)).split()
        for program in re.findall(r"^Exec\w+=[-+]*(/\S+)", text, re.MULTILINE):
            assert program in allowed, service

# SPDX-License-Identifier: Apache-2.0
"""The appliance's units as systemd reads them: without faults, and sandboxed as intended."""

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
    """Return a root with Debian's units and ours, as `install` puts them."""
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
    verified = analyze(root, "verify", "--man=no", unit)
    ours = re.compile(r"kiosk|(pcscd|emergency)\.service\.d")
    lines = (verified.stdout + verified.stderr).splitlines()
    return [line for line in lines if ours.search(line) and _NEWER not in line]


@pytest.mark.parametrize("unit", [*UNITS, "pcscd.service", "emergency.service"])
def test_systemd_finds_no_fault_in_the_units(tree: Path, unit: str) -> None:
    assert (tree / "usr/lib/systemd/system" / unit).exists()
    assert complaints(tree, unit) == []


def test_a_wrong_line_is_found(tree: Path, folder: Path) -> None:
    root = folder / "tree"
    shutil.copytree(tree, root, symlinks=True)
    unit = root / "usr/lib/systemd/system/kiosk.service"
    unit.write_text(unit.read_text() + "\n[Service]\nNoNewPriviliges=yes\n")
    assert any("NoNewPriviliges" in line for line in complaints(root, "kiosk.service"))


@pytest.mark.parametrize("service", [*SERVICES, "pcscd.service"])
def test_no_service_is_more_exposed_than_it_may_be(tree: Path, service: str) -> None:
    """By this machine's systemd and pcscd; `make prove` uses Debian 13's."""
    limit = exposure_limit(service)
    rating = analyze(tree, "security", "--offline=true", f"--threshold={limit}", service)
    assert rating.returncode == 0, rating.stdout.splitlines()[-1:]


def test_an_unsandboxed_service_exceeds_the_limit(tree: Path, folder: Path) -> None:
    root = folder / "tree"
    shutil.copytree(tree, root, symlinks=True)
    bare = "[Service]\nExecStart=/usr/bin/kiosk sync\n"
    (root / "usr/lib/systemd/system/kiosk-sync.service").write_text(bare)
    assert analyze(
        root, "security", "--offline=true", "--threshold=15", "kiosk-sync.service"
    ).returncode


def test_every_unit_is_installed(tree: Path) -> None:
    installed = {path.name for path in tree.rglob("*") if path.is_file()}
    ours = {path.name for path in SYSTEMD.rglob("*") if path.is_file()} - {"install", "packages"}
    assert ours <= installed


def test_the_screen_does_not_wait_for_the_network() -> None:
    """No unit that is ordered before the screen waits for one that may take minutes."""
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


def test_no_key_reboots_the_machine_and_no_fault_opens_a_shell(tree: Path) -> None:
    masked = tree / "etc/systemd/system/ctrl-alt-del.target"
    assert masked.readlink() == Path("/dev/null")
    drop_in = (tree / "usr/lib/systemd/system/emergency.service.d/kiosk.conf").read_text()
    assert "\nExecStart=\n" in drop_in, "Debian's own shell is masked"
    assert "StandardInput=null" in drop_in
    kernel = (tree / "etc/default/raspi-extra-cmdline").read_text().split()
    assert "panic=60" in kernel, "the initramfs opens no shell if the root cannot be mounted"


def test_the_card_service_notices_plugged_in_readers() -> None:
    """udev announces readers over netlink, which stays out of a service's own network namespace."""
    lines = (SYSTEMD / "system/pcscd.service.d/kiosk.conf").read_text().splitlines()
    assert not any(line.startswith("PrivateNetwork=") for line in lines)
    assert "RestrictAddressFamilies=AF_UNIX AF_NETLINK" in lines
    assert "IPAddressDeny=any" in lines


def test_a_screen_that_hangs_repeatedly_is_given_up() -> None:
    """Five hangs at the start, or freezes after it, are killed within the counted interval."""
    text = (SYSTEMD / "system/kiosk.service").read_text()
    numbers = {k: int(v) for k, v in re.findall(r"^(\w+)=(\d+)$", text, re.MULTILINE)}
    killed = ("TimeoutStartSec", "WatchdogSec", "TimeoutStopSec", "RestartSec")
    longest = sum(numbers[each] for each in killed)
    assert numbers["StartLimitBurst"] * longest < numbers["StartLimitIntervalSec"]


def test_a_pending_retry_ends_with_the_help_screen_that_requested_it() -> None:
    """A retry would come in the middle of a visit. `make prove` watches it being cancelled."""
    assert "StopWhenUnneeded=yes" in (SYSTEMD / "system/kiosk-retry.timer").read_text()
    starters = [
        unit
        for unit in UNITS
        if "kiosk-retry.timer" in (SYSTEMD / "system" / unit).read_text().split("[Service]")[0]
    ]
    assert starters == ["kiosk-help.service"], "no other reason needs it"


def test_the_network_adapter_is_configured_only_on_a_pi_3() -> None:
    """By its host controller: the place of the Pi 3's own network is an open port of a Pi 4's."""
    rules = (SYSTEMD / "udev/70-smartcard-kiosk.rules").read_text().splitlines()
    (known,) = [line for line in rules if 'ENV{KIOSK_PI3}="1"' in line]
    assert 'DRIVERS=="dwc2|dwc_otg"' in known
    (let_in,) = [line for line in rules if 'GOTO="kiosk_configured"' in line]
    assert 'ENV{KIOSK_PI3}=="1"' in let_in
    assert rules.index(known) < rules.index(let_in)


def test_the_reason_for_a_refused_token_is_written_beside_it() -> None:
    """`make prove` reads it there, and sees it deleted with the token."""
    lines = (SYSTEMD / "system/kiosk-setup.service").read_text().splitlines()
    beside = "/boot/firmware/enrolment-token.wrong.txt"
    assert f"StandardError=truncate:{beside}" in lines
    (removed,) = [line for line in lines if line.startswith("ExecStartPost=")]
    assert removed.split()[-1] == beside


def test_every_unit_is_in_the_readme() -> None:
    readme = (SYSTEMD / "README.md").read_text()
    for unit in UNITS:
        stem = unit.partition(".")[0]
        assert f"`{stem}." in readme, unit


def test_every_setting_of_a_unit_is_explained() -> None:
    readme = (SYSTEMD / "README.md").read_text()
    files = [*SYSTEMD.glob("system/*.*"), *SYSTEMD.glob("system/*/*"), *SYSTEMD.glob("*.conf.d/*")]
    texts = [path.read_text() for path in files if path.is_file()]
    kinds = {kind for text in texts for kind in re.findall(r"^([A-Z]\w+)=", text, re.MULTILINE)}
    unexplained = {kind for kind in kinds if not re.search(rf"`{kind}\b", readme)}
    assert unexplained == {"Description", "Documentation"}


def test_the_help_screen_gets_the_organisations_contacts() -> None:
    assert (
        "BindPaths=-/var/lib/smartcard-kiosk"
        in (SYSTEMD / "system/kiosk-help.service").read_text().splitlines()
    )


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_common_settings(service: str) -> None:
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


def test_services_may_execute_the_programs_that_they_run() -> None:
    for service in SERVICES:
        text = (SYSTEMD / "system" / service).read_text()
        allowed = " ".join(re.findall(r"^ExecPaths=(.*)$", text, re.MULTILINE)).split()
        for program in re.findall(r"^Exec\w+=[-+]*(/\S+)", text, re.MULTILINE):
            assert program in allowed, service


def test_each_service_has_a_folder_for_its_key_that_no_other_enters() -> None:
    lines = (SYSTEMD / "tmpfiles.d/smartcard-kiosk.conf").read_text().splitlines()
    made = {line.split()[1]: line.split()[2:4] for line in lines if line.startswith("d ")}
    assert made["/var/lib/smartcard-kiosk/screen"] == ["0700", "kiosk"]
    assert made["/var/lib/smartcard-kiosk/sync"] == ["0700", "kiosk-sync"]
    for unit in SERVICES:
        text = (SYSTEMD / "system" / unit).read_text()
        assert "StateDirectory" not in text, f"{unit} would own the other's key from its start on"


def test_the_syncs_key_is_made_by_its_user_before_the_set_up() -> None:
    made = (SYSTEMD / "system/kiosk-sync-key.service").read_text()
    assert "\nUser=kiosk-sync\n" in made
    setup = (SYSTEMD / "system/kiosk-setup.service").read_text()
    for order in ("After", "Wants"):
        (line,) = re.findall(rf"^{order}=(.*)$", setup, re.MULTILINE)
        assert "kiosk-sync-key.service" in line.split()

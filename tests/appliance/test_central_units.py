# SPDX-License-Identifier: Apache-2.0
"""Central's units as systemd reads them, and what the bundle brings to a server."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.appliance.test_units import analyze
from tests.central.world import CENTRAL

ROOT = Path(__file__).parents[2]
HERE = ROOT / "provisioning/central"
UNITS = sorted(path.name for path in HERE.glob("kiosk-central*.[st]*"))
DEBIANS = Path("/usr/lib/systemd/system")
_LIMIT = 15  # tenths
_PROGRAM = "opt/kiosk-central/current/bin/kiosk-central"
# Debian 13's systemd knows them, which `make prove` boots.
_NEWER = re.compile(r"Unknown key '(ImportCredential|RestartSteps|RestartMaxDelaySec)'")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root with Debian's units and ours."""
    assert DEBIANS.is_dir(), "needs the Debian package systemd"
    root = tmp_path_factory.mktemp("server")
    shutil.copytree(DEBIANS, root / "usr/lib/systemd/system", symlinks=True)
    for unit in UNITS:
        shutil.copy(HERE / unit, root / "usr/lib/systemd/system")
    program = root / _PROGRAM
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return root


def complaints(root: Path, unit: str) -> list[str]:
    verified = analyze(root, "verify", "--man=no", unit)
    lines = (verified.stdout + verified.stderr).splitlines()
    return [line for line in lines if "kiosk-central" in line and not _NEWER.search(line)]


def test_there_are_a_service_and_a_nightly_backup() -> None:
    assert UNITS == [
        "kiosk-central-backup.service",
        "kiosk-central-backup.timer",
        "kiosk-central.service",
    ]


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_no_fault_in_the_units(tree: Path, unit: str) -> None:
    assert complaints(tree, unit) == []


@pytest.mark.parametrize("unit", [each for each in UNITS if each.endswith(".service")])
def test_no_service_is_more_exposed_than_it_may_be(tree: Path, unit: str) -> None:
    """By this machine's systemd; `make prove` uses Debian 13's."""
    rating = analyze(tree, "security", "--offline=true", f"--threshold={_LIMIT}", unit)
    assert rating.returncode == 0, rating.stdout.splitlines()[-1:]


def test_an_open_service_exceeds_the_limit(tree: Path, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    shutil.copytree(tree, root, symlinks=True)
    unit = root / "usr/lib/systemd/system/kiosk-central.service"
    unit.write_text(f"[Service]\nExecStart=/{_PROGRAM} serve\n")
    arguments = ("security", "--offline=true", f"--threshold={_LIMIT}", unit.name)
    assert analyze(root, *arguments).returncode


def test_the_service_and_its_backup_share_one_sandbox() -> None:
    """They differ only in lines that the README explains."""
    apart = {"NoExecPaths", "ExecPaths", "BindPaths", "LimitNOFILE", "TasksMax"}
    kept = []
    for unit in ("kiosk-central.service", "kiosk-central-backup.service"):
        lines = (HERE / unit).read_text().partition("\nUser=")[2].partition("[Install]")[0]
        kept.append({each for each in lines.splitlines() if each.partition("=")[0] not in apart})
    assert kept[0] == kept[1] - {"Nice=10", "IOSchedulingClass=idle"}


def test_every_setting_of_a_unit_is_explained() -> None:
    readmes = (HERE / "README.md").read_text() + (ROOT / "systemd/README.md").read_text()
    texts = [(HERE / unit).read_text() for unit in UNITS]
    kinds = {kind for text in texts for kind in re.findall(r"^([A-Z]\w+)=", text, re.MULTILINE)}
    unexplained = {kind for kind in kinds if not re.search(rf"`{kind}\b", readmes)}
    assert unexplained == {"Description", "Documentation"}


def test_every_file_of_the_room_is_in_its_readme_and_in_the_bundle() -> None:
    here = {str(path.relative_to(HERE)) for path in HERE.rglob("*") if path.is_file()}
    here = {each for each in here if "__pycache__" not in each}
    readme = (HERE / "README.md").read_text()
    bundle = (HERE / "bundle.py").read_text()
    for each in here - {"README.md"}:
        assert f"`{each}`" in readme or each.endswith(".timer"), each
    for each in here - {"bundle.py"}:
        assert f'"{each}"' in bundle, each


def test_the_bundles_lock_has_what_central_needs_and_no_screen() -> None:
    made = subprocess.run(
        [sys.executable, "-c", "import bundle; print(bundle.central_lock())"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = set(re.findall(r"^([\w-]+)==", made, re.MULTILINE))
    assert {"fastapi", "uvicorn", "sqlmodel", "psycopg", "psycopg-binary", "pynacl"} <= names
    assert not {"kivy", "pyscard", "evdev", "pytest"} & names
    assert made.count("==") == len(names)
    assert "--hash=sha256:" in made


@pytest.mark.parametrize("script", ["install", "command"])
def test_the_scripts_are_posix_shell(script: str) -> None:
    assert subprocess.run(["dash", "-n", HERE / script], check=False).returncode == 0


def test_central_imports_nothing_that_the_bundle_leaves_out() -> None:
    """In a fresh interpreter, with the modules of the kiosk's libraries hidden."""
    program = f"""
import sys
for name in ("kivy", "smartcard", "evdev", "requests"):
    sys.modules[name] = None
import pkgutil, importlib, kiosk.central
for each in pkgutil.walk_packages(kiosk.central.__path__, "kiosk.central."):
    if not each.name.endswith(("__main__", "env")):
        importlib.import_module(each.name)
print({CENTRAL!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == CENTRAL, done.stderr

# SPDX-License-Identifier: Apache-2.0
"""A Debian 13 tree with the project in it, as IT installs it.

Debian's part takes minutes and is made once: it stays in `build`, under a name that depends on its
content. The project's part is put over it each time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.proofs.ward import ROOT

_PACKAGES = ROOT / "systemd/packages"
_OURS = (
    "vsmartcard-vpcd",
    "libfaketime",
)  # for the proof: a virtual reader, and a clock
BROUGHT_ALONG = ("__init__.py", "finger.py")  # of the demonstration, installed by the proof
_PYTHON = Path("usr/lib/python3/dist-packages")
_GUEST = Path(__file__).parent / "guest"
PROOFS = Path("usr/lib/kiosk-proof")  # the proof's own files, below the tree
_NEEDED = ("mmdebstrap", "systemd-nspawn", "nft", "ip", "mke2fs")
_COMMAND = "#!/usr/bin/python3\nimport sys\nfrom kiosk.__main__ import main\nsys.exit(main())\n"


class NotHere(AssertionError):
    """Names what this machine cannot do."""


def exposure_limit(service: str) -> int:
    """Return how exposed a service may be, in tenths, by `systemd-analyze security`."""
    return 20 if service == "kiosk.service" else 15


def needed() -> None:
    """Raise NotHere if this machine cannot boot a tree."""
    if os.geteuid() != 0:
        raise NotHere("needs root, to boot a tree")
    missing = [each for each in _NEEDED if shutil.which(each) is None]
    if missing:
        raise NotHere(f"needs {', '.join(missing)}: run the set-up (make setup)")


def debian(packages: Iterable[str]) -> Path:
    """Return the tree with these packages of Debian's alone; make it if it does not exist."""
    names = sorted(set(packages))
    digest = hashlib.sha256(" ".join(names).encode()).hexdigest()[:12]
    tree = ROOT / f"build/appliance/debian-{digest}"
    if tree.is_dir():
        return tree
    print(f"making a Debian 13 tree in {tree.relative_to(ROOT)} (minutes, once)", file=sys.stderr)
    tree.parent.mkdir(parents=True, exist_ok=True)
    new = tree.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    options = [
        f"--aptopt={line}" for line in _apt("apt-config", "dump", "Acquire") if '""' not in line
    ]
    done = subprocess.run(
        [
            "mmdebstrap",
            "--variant=minbase",
            "--format=directory",
            f"--include={','.join(names)}",
            '--aptopt=APT::Install-Recommends "false";',
            *options,
            *(f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in ("doc", "man", "locale")),
            "trixie",
            str(new),
            *_mirror(),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotHere(f"no Debian tree: {done.stderr[-500:]}")
    new.rename(tree)
    return tree


@contextmanager
def installed(folder: Path) -> Iterator[Path]:
    """Provide the tree with the project installed, to boot from, until the block ends."""
    project = folder / "project"
    project.mkdir()
    _install(project, folder)
    with over(debian([*package_names(_PACKAGES), *_OURS]), project, folder) as tree:
        run("chroot", str(tree), "systemd-sysusers")
        yield tree


@contextmanager
def over(debians: Path, ours: Path, folder: Path) -> Iterator[Path]:
    """Provide a tree of Debian's files with ours over them; neither of the two is changed."""
    layers = {each: folder / each for each in ("written", "work", "tree")}
    for each in layers.values():
        each.mkdir()
    options = f"lowerdir={ours}:{debians},upperdir={layers['written']},workdir={layers['work']}"
    run("mount", "-t", "overlay", "overlay", "-o", options, str(layers["tree"]))
    try:
        yield layers["tree"]
    finally:
        run("umount", "-l", str(layers["tree"]))


def _install(layer: Path, folder: Path) -> None:
    """Install the appliance's wheel, the units, and the proof's own files."""
    build = run(str(ROOT / "provisioning/wheel"), "--appliance", str(folder / "wheel"))
    with zipfile.ZipFile(build.strip()) as packed:
        packed.extractall(layer / _PYTHON)
    command = layer / "usr/bin/kiosk"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(_COMMAND)
    command.chmod(0o755)
    run(str(ROOT / "systemd/install"), str(layer))
    default = layer / "etc/systemd/system/default.target"
    default.parent.mkdir(parents=True, exist_ok=True)
    default.symlink_to("/usr/lib/systemd/system/kiosk.target")
    _bring_along(layer)


def _bring_along(layer: Path) -> None:
    """Install a finger for the screen and the proof's drop-ins, all from `guest`."""
    shutil.copytree(_GUEST, layer / PROOFS)
    (layer / _PYTHON / "kiosk/demo").mkdir()
    for each in BROUGHT_ALONG:
        shutil.copy(ROOT / "kiosk/demo" / each, layer / _PYTHON / "kiosk/demo")
    for conf in _GUEST.glob("*.conf"):
        folder = layer / f"etc/systemd/system/{conf.stem}.service.d"
        folder.mkdir()
        shutil.copy(conf, folder / "proof.conf")


def run(*command: str, **environment: str) -> str:
    """Return a command's output; raises AssertionError with its errors if it fails."""
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr[-1000:]}")
    return done.stdout


def package_names(file: Path) -> list[str]:
    """Return the names in a list of packages, without its comments."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line]


def _mirror() -> list[str]:
    """Return this machine's package mirror, or the public one."""
    sites = _apt("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages")
    return [site for site in sites if "security" not in site][:1]


def _apt(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if line.strip()]

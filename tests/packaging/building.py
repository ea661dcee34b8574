# SPDX-License-Identifier: Apache-2.0
"""Build wheels from a copy of the tracked files, and install them apart from the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
_NAMESPACE = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-rm")
_HIDE_SYSTEM = """
/bin/mount -t tmpfs none /usr/lib/pcsc && /bin/mount -t tmpfs none /usr/sbin && exec "$0" "$@"
"""
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
_INSTALL = ("install", "-q", "--no-deps", "--no-index")


def copy_tracked(folder: Path) -> Path:
    """Copy the tracked files as they are now, without files that git ignores."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def build_wheel(sources: Path, into: Path, *flags: str, **environment: str) -> Path:
    """Run `provisioning/wheel` from another folder."""
    done = subprocess.run(
        [str(sources / "provisioning/wheel"), *flags, str(into)],
        env={**os.environ, "PYTHON": sys.executable, "SOURCE_DATE_EPOCH": "1700000000"}
        | environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=into.parent,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Path(done.stdout.strip())


@dataclass
class Ran:
    """A program's output and exit status."""

    status: int
    out: str
    err: str


class Installation:
    """A virtual environment with a wheel and only those libraries that the wheel requires."""

    def __init__(
        self, folder: Path, wheel: Path, *extras: str, without: Collection[str] = ()
    ) -> None:
        venv.create(folder / "venv", symlinks=True)
        self.folder = folder / "elsewhere"
        self.folder.mkdir()
        self._bin = folder / "venv/bin"
        subprocess.run(
            [*_PIP, "--python", str(self._bin / "python"), *_INSTALL, str(wheel)],
            check=True,
            timeout=100,
        )
        libraries = folder / "libraries"
        libraries.mkdir()
        for each in _needed("smartcard-kiosk", extras) - set(without):
            _link(each, libraries)
        (self.site,) = (folder / "venv").glob("lib/python*/site-packages")
        (self.site / "libraries.pth").write_text(f"{libraries}\n")

    def run(
        self,
        program: str,
        *arguments: str,
        seconds: float = 60,
        folder: Path | None = None,
        bare: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run a program of the environment from a folder outside of the repository.

        `bare` hides this machine's card service with its drivers, and /usr/sbin.
        """
        few = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", "HOME": str(self.folder)}
        command = [str(self._bin / program), *arguments]
        if bare:
            command = [*_NAMESPACE, "sh", "-c", _HIDE_SYSTEM, *command]
        done = subprocess.run(
            command,
            env={**few, "SDL_VIDEODRIVER": "offscreen"} | dict(environment or {}),
            capture_output=True,
            text=True,
            check=False,
            cwd=folder or self.folder,
            timeout=seconds,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def has(self, program: str) -> bool:
        """Return whether the wheel installed a console script of that name."""
        return (self._bin / program).exists()


def _needed(name: str, extras: tuple[str, ...] = ()) -> set[str]:
    """Return the distributions that one requires with these extras, and those that they require."""
    found: set[tuple[str, str]] = set()
    ahead = [(name, extra) for extra in ("", *extras)]
    while ahead:
        one, extra = ahead.pop()
        for line in metadata.requires(one) or ():
            needed = Requirement(line)
            if needed.marker and not needed.marker.evaluate({"extra": extra}):
                continue
            each = re.sub(r"[-_.]+", "-", needed.name).lower()
            more = {(each, more) for more in ("", *needed.extras)} - found
            found |= more
            ahead += more
    return {each for each, _ in found}


def _link(name: str, folder: Path) -> None:
    distribution = metadata.distribution(name)
    tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
    for each in tops:
        link = folder / each
        if not link.exists():
            link.symlink_to(Path(str(distribution.locate_file(each))))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the bundle by which central is installed on a server: one tar file, without any network.

Run by `make central-bundle`. It has our wheel, the wheels of the libraries that central needs, with
the versions and hashes of the lock for Debian 13's Python, and the files beside this one. The
file goes into the FOLDER of the command line.
"""

from __future__ import annotations

import gzip
import hashlib
import platform
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "provisioning"))

import sbom  # noqa: E402 - it stands in the folder above

PYTHON = "3.13"  # Debian 13's
LOCK = TOP / f"requirements/python{PYTHON}.txt"
HERE = Path(__file__).parent
FILES = (
    "README.md",
    "central.toml.example",
    "command",
    "install",
    "kiosk-central-backup.service",
    "kiosk-central-backup.timer",
    "kiosk-central.service",
    "packages",
    "sysusers.conf",
    "tmpfiles.conf",
    "haproxy/kiosk-central.cfg",
)
DOCUMENTS = ("docs/central.md", "LICENSE")


def main(folder: Path) -> int:
    """Write the bundle and print where it is; returns 0."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        root = Path(made) / "kiosk-central"
        (root / "wheels").mkdir(parents=True)
        lock = central_lock()
        (root / "lock.txt").write_text(lock)
        download(root / "lock.txt", root / "wheels")
        wheel = build_wheel(root / "wheels")
        for each in (*(HERE / name for name in FILES), *(TOP / name for name in DOCUMENTS)):
            (root / each.name).write_bytes(each.read_bytes())
            (root / each.name).chmod(0o755 if each.stat().st_mode & 0o100 else 0o644)
        version = wheel.name.split("-")[1]
        digest = hashlib.sha256(lock.encode() + wheel.read_bytes()).hexdigest()[:8]
        (root / "version").write_text(f"{version}-{digest}\n")
        file = folder / f"kiosk-central-{version}-{platform.machine()}.tar.gz"
        write_tar(root, file)
    sys.stdout.write(f"{file}\n")
    return 0


def central_lock() -> str:
    """Return the lines of the lock that central needs, with their hashes."""
    wanted = set(sbom.central_libraries())
    entries = LOCK.read_text().replace("\\\n    --hash", "\0--hash").splitlines()
    kept = [each for each in entries if each.partition("==")[0] in wanted]
    return "".join(f"{each}\n" for each in kept).replace("\0", "\\\n    ")


def download(lock: Path, folder: Path) -> None:
    """Fetch the wheels of a lock, and nothing that would have to be built on the server."""
    _run(
        sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q", "--no-deps",
        "--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp",
        "--platform", f"manylinux_2_34_{platform.machine()}",
        "--platform", f"manylinux_2_28_{platform.machine()}",
        "--platform", f"manylinux2014_{platform.machine()}",
        "--platform", f"manylinux_2_17_{platform.machine()}",
        "--platform", f"manylinux_2_12_{platform.machine()}",
        "--platform", f"manylinux2010_{platform.machine()}",
        "--platform", f"manylinux1_{platform.machine()}",
        "--require-hashes", "-r", str(lock), "-d", str(folder),
    )  # fmt: skip


def build_wheel(folder: Path) -> Path:
    """Build our own wheel into `folder`."""
    return Path(_run(str(TOP / "provisioning/wheel"), str(folder)).strip())


def write_tar(root: Path, file: Path) -> None:
    """Pack a folder: from the same files the same bytes, owned by root."""
    made_at = sbom.epoch()

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mtime = made_at
        return member

    with (
        file.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, made_at) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for each in (root, *sorted(root.rglob("*"))):
            tar.add(each, each.relative_to(root.parent), recursive=False, filter=plain)


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr.strip()[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else TOP / "build/central"))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write central's software bill of materials: CycloneDX 1.6, in JSON.

Run by `make sbom` with the Python of each environment. Versions and hashes come from that
interpreter's lock, dependencies and licences from the metadata of what is installed. The file goes
into the FOLDER of the command line, and has the same bytes for the same commit.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[1]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
LOCK = TOP / f"requirements/python{PYTHON}.txt"
NAME, EXTRA = "smartcard-kiosk", "central"
_KIOSKS = {"evdev", "kivy", "pyscard", "requests", "urllib3"}
"""Libraries of the kiosk, which central never imports."""
_LONGEST_NAME = 60  # what is longer is the licence's text, and no name of it
_PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NAMESPACE = uuid.UUID("6f3f8c0e-7a55-5c1e-9f0a-0f5b4a6c2d11")  # made once, for serial numbers

_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "BSD-3-Clause": "BSD-3-Clause",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "MIT": "MIT",
    "MIT License": "MIT",
    "MPL-2.0": "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""SPDX identifiers by the names in older metadata. A licence that is not here keeps its name."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """A package of the lock: its version, and the SHA-256 of each file that the lock accepts."""

    version: str
    hashes: tuple[str, ...]


def main(folder: Path) -> int:
    """Write the bill into `folder`; 0 if it was written."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{EXTRA}-python{PYTHON}.cdx.json"
    file.write_text(json.dumps(bill(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{file}\n")
    return 0


def bill() -> dict[str, Any]:
    """Return the whole document."""
    locked = _locked(LOCK.read_text())
    project = _project()
    direct, graph = _graph(_roots(project))
    references = {name: _purl(name, locked) for name in sorted(graph)}
    root = {
        "type": "application",
        "bom-ref": NAME,
        "name": NAME,
        "version": _own_version(),
        "description": f"{project['description']} With the extra: {EXTRA}.",
        "licenses": [{"expression": "Apache-2.0 AND OFL-1.1"}],
    }
    depends = [_depends(NAME, direct, references)]
    depends += [_depends(references[name], graph[name], references) for name in references]
    body = {
        "components": [_component(name, locked[name], references[name]) for name in references],
        "dependencies": depends,
        # Libraries in C that a wheel brings along are not listed: see docs/papers/central-sbom.md.
        "compositions": [{"aggregate": "incomplete", "assemblies": [NAME]}],
    }
    about = {"timestamp": _made_at(), "component": root, "properties": _properties()}
    serial = uuid.uuid5(_NAMESPACE, json.dumps([about, body], sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": about,
        **body,
    }


def central_libraries() -> set[str]:
    """Return the canonical names of all libraries that central needs, directly or not."""
    return set(_graph(_roots(_project()))[1])


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    return project


def _roots(project: dict[str, Any]) -> list[str]:
    needed = (each for each in project["dependencies"] if Requirement(each).name not in _KIOSKS)
    return [*needed, *project["optional-dependencies"][EXTRA]]


def _locked(text: str) -> dict[str, Pinned]:
    """Return the packages of a lock by their canonical names."""
    locked: dict[str, Pinned] = {}
    for entry in text.replace("\\\n", " ").splitlines():
        if pinned := _PINNED.match(entry):
            locked[canonicalize_name(pinned[1])] = Pinned(pinned[2], tuple(_HASH.findall(entry)))
    return locked


def _graph(roots: Iterable[str]) -> tuple[set[str], dict[str, set[str]]]:
    """Return the direct dependencies, and those of each package that is reached from them."""
    first = list(_active(roots, ""))
    graph: dict[str, set[str]] = {}
    seen: set[tuple[str, str]] = set()
    ahead = [(each, extra) for each, extras in first for extra in ("", *extras)]
    while ahead:
        name, extra = ahead.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        needed = list(_active(metadata.requires(name) or (), extra))
        graph.setdefault(name, set()).update(each for each, _ in needed if each != name)
        ahead += [(each, more) for each, extras in needed for more in ("", *extras)]
    return {each for each, _ in first}, graph


def _active(lines: Iterable[str], extra: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the requirements that hold here and with `extra`: canonical name and wanted extras."""
    for line in lines:
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": extra}):
            yield canonicalize_name(needed.name), needed.extras


def _purl(name: str, locked: dict[str, Pinned]) -> str:
    if name not in locked:
        sys.exit(f"{name} is not in {LOCK.name}: run make locks")
    here = metadata.version(name)
    if here != locked[name].version:
        sys.exit(f"{name} is {here} here, and {locked[name].version} in the lock: run make setup")
    return f"pkg:pypi/{name}@{here}"


def _component(name: str, pinned: Pinned, purl: str) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": pinned.version,
        "hashes": [{"alg": "SHA-256", "content": each} for each in pinned.hashes],
        "licenses": _licences(metadata.metadata(name), name),
        "purl": purl,
    }


def _licences(about: metadata.PackageMetadata, name: str) -> list[dict[str, Any]]:
    """Return what the package's own metadata says; the program ends if it says nothing."""
    if expression := _field(about, "License-Expression"):
        return [{"expression": expression}]
    said = _field(about, "License")
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in about.get_all("Classifier") or ()
        if each.startswith("License :: ") and not each.endswith(" approved")
    ]
    if said and len(said) <= _LONGEST_NAME and "\n" not in said:
        if " OR " in said or " AND " in said:
            return [{"expression": said}]
        classifiers = [said]
    if not classifiers:
        sys.exit(f"{name} does not say which licence it has")
    return [
        {"license": {"id": _SPDX[each]} if each in _SPDX else {"name": each}}
        for each in classifiers
    ]


def _field(about: metadata.PackageMetadata, name: str) -> str:
    return "".join(about.get_all(name) or ()).strip()


def _depends(reference: str, on: set[str], references: dict[str, str]) -> dict[str, Any]:
    return {"ref": reference, "dependsOn": [references[name] for name in sorted(on)]}


def _properties() -> list[dict[str, str]]:
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    told = {"python": PYTHON, "lock": f"requirements/{LOCK.name}", "lock-sha256": lock}
    return [{"name": f"{NAME}:{name}", "value": value} for name, value in told.items()]


def _own_version() -> str:
    found = re.search(r'^__version__ = "(.+)"$', (TOP / "kiosk/__init__.py").read_text(), re.M)
    return found[1] if found else sys.exit("kiosk/__init__.py has no version")


def _made_at() -> str:
    return datetime.fromtimestamp(epoch(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch() -> int:
    """Return the commit's time, or SOURCE_DATE_EPOCH, in seconds, as the wheel has it."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    if seconds is None:
        command = ["git", "log", "-1", "--format=%ct"]
        said = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
        seconds = said.stdout.strip() or "315532800"
    return int(seconds)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else TOP / "build/sbom"))

# SPDX-License-Identifier: Apache-2.0
"""`make sbom` writes a complete bill of materials of central in the CycloneDX format."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
Bill = dict[str, Any]


def write(folder: Path) -> Path:
    command = [sys.executable, str(ROOT / "provisioning/sbom.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sbom"))


@pytest.fixture(scope="module")
def bill(file: Path) -> Bill:
    found: Bill = json.loads(file.read_text())
    return found


@pytest.fixture(scope="module")
def components(bill: Bill) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in bill["components"]}


def wanted(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def reached(bill: Bill) -> set[str]:
    """Return every component that the root component leads to."""
    depends = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    found: set[str] = set()
    ahead = [bill["metadata"]["component"]["bom-ref"]]
    while ahead:
        reference = ahead.pop()
        if reference not in found:
            found.add(reference)
            ahead += depends[reference]
    return found


def test_the_bill_is_a_cyclonedx_document(bill: Bill) -> None:
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["specVersion"] == "1.6"
    assert bill["version"] == 1
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bill["metadata"]["timestamp"])
    references = [each["bom-ref"] for each in bill["components"]]
    references.append(bill["metadata"]["component"]["bom-ref"])
    assert len(references) == len(set(references))
    assert sorted(each["ref"] for each in bill["dependencies"]) == sorted(references)


def test_every_component_is_described(bill: Bill) -> None:
    assert bill["components"]
    for each in bill["components"]:
        assert each["type"] == "library"
        assert each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}"
        assert each["hashes"]
        for one in each["hashes"]:
            assert one["alg"] == "SHA-256"
            assert re.fullmatch(r"[0-9a-f]{64}", one["content"])
        (first, *others) = each["licenses"]
        if "expression" in first:
            assert others == []
            continue
        for choice in each["licenses"]:
            assert set(choice["license"]) in ({"id"}, {"name"})


def test_versions_and_hashes_are_those_of_the_locks(bill: Bill) -> None:
    lock = ROOT / f"requirements/python{sys.version_info.major}.{sys.version_info.minor}.txt"
    text = lock.read_text()
    for each in bill["components"]:
        (entry,) = re.findall(
            rf"^{each['name']}=={re.escape(each['version'])}\b.*\n(?:    .*\n)*", text, re.M
        )
        assert re.findall(r"sha256:([0-9a-f]{64})", entry) == [
            one["content"] for one in each["hashes"]
        ]


def test_the_bill_lists_every_dependency_of_central(bill: Bill, components: dict[str, Any]) -> None:
    direct = wanted(project()["dependencies"])
    direct |= wanted(project()["optional-dependencies"]["central"])
    direct -= {
        "evdev",
        "kivy",
        "pyscard",
        "requests",
        "urllib3",
    }  # the kiosk's, which no bundle has
    assert direct <= set(components)
    for name in components:
        for line in metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in components, f"{name} needs {needed}"
    assert "psycopg-binary" in components  # an extra of psycopg needs it


def test_the_bill_lists_nothing_else(bill: Bill, components: dict[str, Any]) -> None:
    root = bill["metadata"]["component"]["bom-ref"]
    assert reached(bill) == {root, *(each["bom-ref"] for each in bill["components"])}
    tools = wanted(project()["optional-dependencies"]["test"])
    assert tools & set(components) == set()
    assert {"packaging", "pluggy", "werkzeug"} & set(components) == set()  # these tools need it


def test_the_bill_contains_no_addresses(file: Path) -> None:
    text = file.read_text()
    assert "://" not in text
    assert "repository_url" not in text
    assert str(ROOT) not in text


def test_the_bill_is_reproducible(file: Path, tmp_path: Path) -> None:
    assert write(tmp_path).read_bytes() == file.read_bytes()

# SPDX-License-Identifier: Apache-2.0
"""The content of the wheels, however they are built."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.packaging.building import build_wheel, copy_tracked

pytestmark = pytest.mark.dealt
_LEFT_OUT = ("kiosk/central", "kiosk/simulated", "kiosk/demo")


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as packed:
        return set(packed.namelist())


def _catalogues(names: set[str]) -> set[str]:
    return {name for name in names if name.endswith(".mo")}


def _expected(sources: Path) -> set[str]:
    found = (sources / "kiosk").rglob("*.po")
    return {str(each.relative_to(sources).with_suffix(".mo")) for each in found}


def _hook(sources: Path, name: str, into: Path, **environment: str) -> Path:
    """Call a hook of the build backend as pip does, and return what it built."""
    backend = "import sys, setuptools.build_meta as backend;"
    done = subprocess.run(
        [sys.executable, "-c", f"{backend} print(backend.{name}(sys.argv[1]))", str(into)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=sources,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return into / done.stdout.split()[-1]


def test_the_wheel_has_every_module_and_every_catalogue_compiled(
    sources: Path, wheel: Path
) -> None:
    names = _names(wheel)
    assert _expected(sources), "the sources have catalogues"
    assert _catalogues(names) == _expected(sources)
    modules = {str(each.relative_to(sources)) for each in (sources / "kiosk").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == modules
    assert {name for name in names if name.endswith((".po", ".pot"))} == set()


def test_the_appliances_wheel_has_everything_except_three_folders(
    wheel: Path, appliance_wheel: Path
) -> None:
    whole, names = ({n for n in _names(each) if "/" in n} for each in (wheel, appliance_wheel))
    assert not {name for name in names if name.startswith(_LEFT_OUT)}
    assert names == {name for name in whole if not name.startswith(_LEFT_OUT)}
    assert _catalogues(names), "the screen's catalogues are in the wheel"


def test_a_wheel_built_from_the_sdist_is_the_same(wheel: Path, folder: Path) -> None:
    sources, built = (folder / each for each in ("sources", "built"))
    built.mkdir()
    packed = _hook(copy_tracked(sources), "build_sdist", built)
    with tarfile.open(packed) as archive:
        names = archive.getnames()
        archive.extractall(folder, filter="data")
    assert not [name for name in names if "/tests/" in name or name.endswith(".mo")]
    unpacked = folder / packed.name.removesuffix(".tar.gz")
    assert _names(_hook(unpacked, "build_wheel", built)) == _names(wheel)


def test_an_editable_installation_compiles_beside_the_sources(folder: Path) -> None:
    sources = copy_tracked(folder / "sources")
    (folder / "built").mkdir()
    _hook(sources, "build_editable", folder / "built")
    found = (sources / "kiosk").rglob("*.mo")
    assert {str(each.relative_to(sources)) for each in found} == _expected(sources)


def test_a_wrong_catalogue_stops_the_build_and_is_named(folder: Path) -> None:
    sources = copy_tracked(folder / "sources")
    catalogue = sorted((sources / "kiosk").rglob("*.po"))[0]
    with catalogue.open("a") as file:
        file.write('msgid "no end\n')
    with pytest.raises(AssertionError, match=str(catalogue.relative_to(sources))):
        _hook(sources, "build_wheel", folder)


def test_files_of_an_earlier_build_are_not_packaged(appliance_wheel: Path, folder: Path) -> None:
    """Built in place, as by `pip wheel .`, the full wheel first."""
    sources = copy_tracked(folder / "sources")
    (folder / "built").mkdir()
    _hook(sources, "build_wheel", folder / "built")
    later = _hook(sources, "build_wheel", folder / "built", KIOSK_APPLIANCE="1")
    assert _names(later) == _names(appliance_wheel)


@pytest.mark.parametrize("flags", [(), ("--appliance",)])
def test_a_wheel_is_reproducible_elsewhere(
    flags: tuple[str, ...], wheel: Path, appliance_wheel: Path, folder: Path
) -> None:
    """Built in another time zone, with another umask, from a checkout of another day."""
    sources = copy_tracked(folder / "a folder of another name")
    for each in sources.rglob("*"):
        each.chmod(0o700 if each.is_dir() or os.access(each, os.X_OK) else 0o600)
        os.utime(each, (1_600_000_000, 1_600_000_000))
    (folder / "built").mkdir()
    before = os.umask(0o077)
    try:
        other = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
        again = build_wheel(sources, folder / "built", *flags, **other)
    finally:
        os.umask(before)
    first = appliance_wheel if flags else wheel
    assert again.read_bytes() == first.read_bytes()


def test_the_date_in_a_wheel_is_the_requested_one(sources: Path, folder: Path) -> None:
    (folder / "built").mkdir()
    later = build_wheel(sources, folder / "built", SOURCE_DATE_EPOCH="1800000000")
    with zipfile.ZipFile(later) as packed:
        assert {each.date_time[:3] for each in packed.infolist()} == {(2027, 1, 15)}


def test_a_build_leaves_nothing_among_the_sources(folder: Path) -> None:
    sources = copy_tracked(folder / "sources")
    before = {each: each.stat().st_mtime_ns for each in sources.rglob("*")}
    (folder / "built").mkdir()
    build_wheel(sources, folder / "built")
    assert {each: each.stat().st_mtime_ns for each in sources.rglob("*")} == before

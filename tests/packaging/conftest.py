# SPDX-License-Identifier: Apache-2.0
"""Both wheels and an installation of each, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.building import Installation, build_wheel, copy_tracked


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_tracked(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(sources, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def appliance_wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(sources, tmp_path_factory.mktemp("appliance"), "--appliance")


@pytest.fixture(scope="session")
def whole(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return an installation of the full wheel with its extra `central`."""
    return Installation(tmp_path_factory.mktemp("whole"), wheel, "central")


@pytest.fixture(scope="session")
def plain(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return an installation of the full wheel without an extra."""
    return Installation(tmp_path_factory.mktemp("plain"), wheel)


@pytest.fixture(scope="session")
def appliance(appliance_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return an installation of the appliance's wheel."""
    return Installation(tmp_path_factory.mktemp("kiosk"), appliance_wheel)

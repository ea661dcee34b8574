# SPDX-License-Identifier: Apache-2.0
"""Readers and cards: the tests of this folder run on each driver and over each family."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.values import Family
from tests.devices.bench import Bench, InProcessBench, PcscBench
from tests.devices.cards import Issued, issue


@pytest.fixture(params=["simulated", "pcsc"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Return a bench for each driver."""
    made: Bench = (
        InProcessBench()
        if request.param == "simulated"
        else PcscBench(request.getfixturevalue("pcscd"))
    )
    yield made
    made.close()


@pytest.fixture(scope="session")
def printed() -> dict[Family, Issued]:
    """Issue one card of each family, once, because an RSA key takes time."""
    issuer = SimulatedIssuer.make()
    return {family: issue(issuer, family) for family in Family}


@pytest.fixture
def piv(printed: dict[Family, Issued]) -> Issued:
    """Return a locked PIV card."""
    return printed[Family.PIV].locked()


@pytest.fixture
def iso(printed: dict[Family, Issued]) -> Issued:
    """Return a locked ISO 7816 card."""
    return printed[Family.ISO7816].locked()


@pytest.fixture
def gids(printed: dict[Family, Issued]) -> Issued:
    """Return a locked GIDS card."""
    return printed[Family.GIDS].locked()


@pytest.fixture(params=Family)
def issued(request: pytest.FixtureRequest, printed: dict[Family, Issued]) -> Issued:
    """Return a locked card of each family."""
    return printed[request.param].locked()

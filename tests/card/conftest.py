# SPDX-License-Identifier: Apache-2.0
"""Cards and connections for the card tests."""

from __future__ import annotations

import pytest

from kiosk.simulated.issuing import SimulatedIssuer


@pytest.fixture(scope="session")
def issuer() -> SimulatedIssuer:
    return SimulatedIssuer.make()

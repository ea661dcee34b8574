# SPDX-License-Identifier: Apache-2.0
"""Whether the private card service listens can be seen without a card."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from kiosk.simulated import pcscd


@pytest.mark.parametrize("tables", [pcscd._LISTENING, (Path("/proc/net/tcp"), Path("/proc/none"))])
def test_the_service_is_found_with_and_without_ip_version_6(
    tables: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pcscd, "_LISTENING", tables)
    with socket.socket() as service:
        service.bind(("127.0.0.1", 0))
        port = service.getsockname()[1]
        assert not pcscd._listens(port)
        service.listen()
        assert pcscd._listens(port)

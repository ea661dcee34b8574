# SPDX-License-Identifier: Apache-2.0
"""Whether the private card service listens, seen without inserting a card."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from kiosk.simulated import pcscd


@pytest.mark.parametrize("tables", [pcscd._LISTENING, (Path("/proc/net/tcp"), Path("/proc/none"))])
def test_it_is_seen_with_version_6_and_without(
    tables: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pcscd, "_LISTENING", tables)
    with socket.socket() as service:
        service.bind(("127.0.0.1", 0))
        port = service.getsockname()[1]
        assert not pcscd._listens(port)
        service.listen()
        assert pcscd._listens(port)

# SPDX-License-Identifier: Apache-2.0
"""The kiosk's request for a restart of its card service."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from kiosk.devices.reader import reset


def test_the_request_is_a_file_that_a_unit_waits_for(folder: Path) -> None:
    reset.ask(folder)
    unit = Path(__file__).parents[2] / "systemd/system/kiosk-reader-reset.path"
    (asked,) = folder.iterdir()
    assert f"PathExists=/run/smartcard-kiosk-asks/{asked.name}\n" in unit.read_text()


def test_the_kiosk_continues_if_nobody_handles_the_request(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        reset.ask(folder / "nowhere")
    assert "cannot ask for a restart" in caplog.text

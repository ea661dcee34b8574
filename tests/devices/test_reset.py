# SPDX-License-Identifier: Apache-2.0
"""How the kiosk asks for its card service to be started anew."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from kiosk.devices.reader import reset


def test_what_is_asked_is_a_file_that_a_unit_waits_for(folder: Path) -> None:
    reset.ask(folder)
    unit = Path(__file__).parents[2] / "systemd/system/kiosk-reader-reset.path"
    (asked,) = folder.iterdir()
    assert f"PathExists=/run/smartcard-kiosk-asks/{asked.name}\n" in unit.read_text()


def test_where_nobody_listens_the_kiosk_goes_on(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        reset.ask(folder / "nowhere")
    assert "cannot ask for a restart" in caplog.text

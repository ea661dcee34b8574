# SPDX-License-Identifier: Apache-2.0
"""The demonstration asks another program whether the card takes its passcode."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.demo.launch import card_takes
from kiosk.demo.premises import Premises


@pytest.mark.dealt
def test_another_program_rejects_a_wrong_passcode(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Premises(folder) as premises:
        monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(premises.pcscd.socket_path))
        memory = premises.card.chip.memory
        memory.passcode_left = 3
        assert not card_takes(premises)  # the card still has its old one
        memory.passcode = b"7391520\xff"
        memory.passcode_left = 3
        assert card_takes(premises)

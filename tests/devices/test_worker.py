# SPDX-License-Identifier: Apache-2.0
"""The worker's own code, in this process and on a real pcscd."""

from __future__ import annotations

import socket

import pytest

from kiosk.devices.reader import worker, worker_messages
from kiosk.errors import CardError, CardRemoved, ReaderUnavailable
from kiosk.simulated.pcscd import PrivatePcscd
from kiosk.values import CardIdentity, Family, Secret


@pytest.mark.parametrize("error", [CardRemoved, ReaderUnavailable])
def test_secrets_are_wiped_if_there_is_no_card(pcscd: PrivatePcscd, error: type[CardError]) -> None:
    old, new = Secret(b"246802"), Secret(b"135790")
    identity = worker_messages.from_identity(CardIdentity(Family.PIV, "00112233"))
    request = {"operation": "change", "identity": identity, "old": old, "new": new}
    if error is ReaderUnavailable:
        pcscd.unplug()
    ours, theirs = socket.socketpair()
    try:
        with ours, theirs, pytest.raises(error):
            worker.perform(request, theirs)
    finally:
        if error is ReaderUnavailable:
            pcscd.plug()
    assert not any((*old.reveal(), *new.reveal()))

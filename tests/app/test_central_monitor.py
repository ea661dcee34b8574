# SPDX-License-Identifier: Apache-2.0
"""The central monitor continues after an unexpected error."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.central_monitor import CentralMonitor
from kiosk.devices.reader.process import PcscReader
from kiosk.flow import events as ev
from kiosk.flow.text import Verbatim
from kiosk.flow.view import Contact
from kiosk.link import CentralClient
from kiosk.store.files import open_replica, open_store
from kiosk.store.outbox import Outbox
from kiosk.store.replica import ReplicaReader
from kiosk.visits import Parties, VisitContext
from tests.leases.world import BootClock, Rounds
from tests.link.server import Standing, answering

DESK = Contact(Verbatim("Service desk"), Verbatim("ext. 2222"))


def test_a_failed_check_is_not_the_last(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    contacts = iter(((), (DESK,)))

    def known() -> tuple[Contact, ...]:
        if not (now := next(contacts)):
            raise ZeroDivisionError("what nobody reckons with")
        return now

    seen: list[ev.Event] = []
    with answering(body=b'{"central": "ours"}') as server:
        context = VisitContext(
            reader=PcscReader(),
            central=CentralClient(server.url, Standing()),
            outbox=Outbox(open_store(folder)),
            parties=Parties(central="ours", kiosk="ward 7"),
            replica=ReplicaReader(open_replica(folder)),
        )
        CentralMonitor(context, seen.append, known, ()).keep(Rounds(2, BootClock()))
    there = ev.CentralSeen(reachable=True)
    assert seen == [there, there, ev.ContactsSeen((DESK,))]
    assert "unexpected ZeroDivisionError" in caplog.text
    assert "nobody reckons" not in caplog.text

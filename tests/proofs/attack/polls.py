# SPDX-License-Identifier: Apache-2.0
"""No attack, but a hospital: the long polls of all its kiosks come from one address (NAT)."""

from __future__ import annotations

import hashlib
import selectors
import socket
import threading
import time
from uuid import uuid4

from sqlmodel import select

from kiosk.central.service import authentication
from kiosk.central.tables import AccessRow, ChangeCounter, Installation, Kiosk, Organisation
from kiosk.contract.replication import Cursor
from tests.proofs.attack.stage import (
    ATTACKER_ADDRESS,
    Stage,
    Victim,
    allow_sockets,
    stage,
    unlocking,
)


def attack(count: int = 600, wait: int = 8, database: str = "") -> str:
    """All of them wait at once and hear at the end, and one of them unlocks meanwhile."""
    allow_sockets(count + 200)
    with stage(database) as central:
        central.kiosk("ward 1", "Trust A")
        tokens = _enrol(central, count)
        victim = Victim(central, wait, ATTACKER_ADDRESS)
        answered: list[bytes] = []
        polling = threading.Thread(target=_poll, args=(central, tokens, wait, answered))
        polling.start()
        time.sleep(2.0)
        with unlocking(victim) as served:
            polling.join()
    well = sum(each.startswith(b"HTTP/1.1 200") for each in answered)
    assert well == count, (well, len(answered))
    assert not served.failed, served.failed[:3]
    return f"{well} of {count} long polls of one address answered; {served}"


def _poll(
    central: Stage, tokens: list[tuple[str, Cursor]], wait: int, answered: list[bytes]
) -> None:
    with selectors.DefaultSelector() as chosen:
        for token, cursor in tokens:
            opened = socket.create_connection(central.address, 30, (ATTACKER_ADDRESS, 0))
            opened.sendall(
                f"GET /v1/changes?limit=100&wait={wait}&cursor={cursor} HTTP/1.1\r\n"
                f"Host: central\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            )
            chosen.register(opened, selectors.EVENT_READ)
        end = time.monotonic() + 60
        while len(answered) < len(tokens) and time.monotonic() < end:
            for key, _ in chosen.select(1.0):
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                answered.append(connection.recv(65536))
                chosen.unregister(connection)
                connection.close()


def _enrol(central: Stage, count: int) -> list[tuple[str, Cursor]]:
    """Return the access tokens of so many kiosks, and where each is that has heard everything."""
    tokens = [authentication.new_token() for _ in range(count)]
    now = central.services.clock()
    with central.services.database.transaction() as database:
        trust = database.exec(select(Organisation).where(Organisation.name == "Trust A")).one()
        rows = [
            Kiosk(
                organisation_id=trust.id,
                name=f"kiosk {number}",
                subject=uuid4(),
                public_key=hashlib.sha256(str(number).encode()).digest(),
                heard_at=now,
            )
            for number in range(count)
        ]
        database.add_all(rows)
        database.flush()
        for row, token in zip(rows, tokens, strict=True):
            hashed = authentication.token_hash(token)
            expires = now + authentication.ACCESS_LIFE
            database.add(
                AccessRow(token_hash=hashed, kiosk_id=row.id, expires_at=expires, nonce_at=now)
            )
        kiosks = [row.id for row in rows]
    with central.services.database.reading() as database:
        epoch = database.exec(select(Installation.epoch)).one()
        counted = select(ChangeCounter.position).where(ChangeCounter.organisation_id == trust.id)
        head = database.exec(counted).one()
    cursors = [Cursor(trust.id, kiosk, epoch, head, head) for kiosk in kiosks]
    return list(zip(tokens, cursors, strict=True))

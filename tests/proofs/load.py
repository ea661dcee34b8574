# SPDX-License-Identifier: Apache-2.0
"""The load of a whole trust on one central process, with figures.

A thousand kiosks follow, report and wait for changes while fifty unlocks run: no error, no lost
event, bounded in time.

The kiosks' access tokens come directly from central, and the cards sign in software. Everything
else is the kiosks' real traffic, over real connections to a real process.
"""

from __future__ import annotations

import hashlib
import json
import resource
import selectors
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from sqlmodel import col, func, select

from kiosk.central import settings
from kiosk.central.operations import seed
from kiosk.central.operations.seed import Personalisation
from kiosk.central.service import assembly, authentication
from kiosk.central.service.assembly import Services
from kiosk.central.tables import (
    AccessRow,
    Card,
    FactRow,
    Kiosk,
    KioskEventRow,
    Organisation,
)
from kiosk.contract.messages import CardCommand
from kiosk.demo import cardholders
from kiosk.demo.service import CentralProcess
from tests.central.world import CENTRAL, KioskClient, PersonalCard, item
from tests.heartbeat import beat

_AT_ONCE = 64
_BOUND_SECONDS = 240.0
_TOKEN_LIFE = timedelta(hours=1)


@dataclass
class Seconds:
    """The times of one kind of request, measured by the caller."""

    taken: list[float] = field(default_factory=list)

    @contextmanager
    def one(self) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.taken.append(time.perf_counter() - begun)

    def __str__(self) -> str:
        ordered = sorted(self.taken)
        middle, late = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
        return f"{1000 * middle:.0f} ms, 95 % in {1000 * late:.0f} ms"


@dataclass
class Trust:
    """A central process with kiosks and cards."""

    central: CentralProcess
    service: Services
    tokens: dict[str, str]
    cards: list[PersonalCard]


def prove() -> str:
    """Run the load of a thousand kiosks and fifty unlocks."""
    return run(kiosks=1000, unlocks=50)


def run(kiosks: int, unlocks: int) -> str:
    """Run the load; raises AssertionError for an error, a lost event, or if it takes too long."""
    _allow_sockets(kiosks + 200)
    with _trust(kiosks, unlocks) as trust:
        begun = time.monotonic()
        reports, follows, visits = Seconds(), Seconds(), Seconds()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            syncs = [
                pool.submit(_sync, trust, name, token, follows, reports)
                for name, token in trust.tokens.items()
            ]
            unlocking = [
                pool.submit(_unlock, trust, card, name, visits)
                for card, name in zip(trust.cards, trust.tokens, strict=False)
            ]
            for each in (*syncs, *unlocking):
                each.result()
                beat("a kiosk or an unlock")
        seconds = time.monotonic() - begun
        polls = _long_polls(trust)
        _nothing_is_lost(trust, kiosks, unlocks)
    if seconds > _BOUND_SECONDS:
        raise AssertionError(f"{seconds:.0f} s for {kiosks} kiosks and {unlocks} unlocks")
    return (
        f"{kiosks} kiosks followed and reported, {unlocks} unlocks meanwhile: 0 errors, 0 events"
        f" lost, {seconds:.1f} s (at most {_BOUND_SECONDS:.0f});"
        f" a page {follows}; a report {reports}; an unlock's requests {visits}; {polls}"
    )


# ---------------------------------------------------------------- kiosk traffic


def _sync(trust: Trust, name: str, token: str, follows: Seconds, reports: Seconds) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        with follows.one():
            page = session.get(f"{trust.central.url}/v1/changes?limit=100", timeout=120)
        assert page.status_code == 200, page.text
        with reports.one():
            sent = session.post(f"{trust.central.url}/v1/reports", json=_event(name), timeout=120)
        assert sent.status_code == 200, sent.text
        assert sent.json()["items"][0]["status"] == "applied"


def _event(name: str) -> dict[str, Any]:
    fact = {"kind": "audit", "deed": "sync started", "detail": name}
    return {"items": [{"id": str(uuid4()), "recorded_at": "2026-01-01T00:00:00Z", "fact": fact}]}


def _unlock(trust: Trust, card: PersonalCard, name: str, visits: Seconds) -> None:
    client = _Client(trust, name)
    with visits.one():
        grant = client.granted(card)
        commands = [(CardCommand.UNBLOCK, 0), (CardCommand.VERIFY, 0), (CardCommand.CHANGE, 1)]
        facts = [
            item(grant, 2 * n + bool(status), command, generation, status)
            for n, (command, generation) in enumerate(commands)
            for status in (None, "9000")
        ]
        assert set(client.report(*facts)) == {"applied"}


class _Client(KioskClient):
    """A kiosk of the trust, connected to a process."""

    def __init__(self, trust: Trust, name: str) -> None:
        super().__init__(_At(trust), name, cardholders.ORGANISATION)  # type: ignore[arg-type]
        self._given = trust.tokens[name]

    @property
    def token(self) -> str:
        return self._given


class _At:
    """The part of `tests.central.world.Service` that a client needs."""

    def __init__(self, trust: Trust) -> None:
        self.url = trust.central.url
        self.services = trust.service


# ---------------------------------------------------------------- long polls of all at once


def _long_polls(trust: Trust) -> str:
    """Let every kiosk wait for changes and make one; return how long until all got it."""
    host, port = trust.central.url.removeprefix("http://").split(":")
    cursor = _cursor(trust)
    chosen = selectors.DefaultSelector()
    for name, token in trust.tokens.items():
        opened = socket.create_connection((host, int(port)), timeout=60)
        opened.sendall(_waiting(host, cursor[name], token))
        opened.setblocking(False)
        chosen.register(opened, selectors.EVENT_READ, bytearray())
    time.sleep(2.0)  # until the last of them waits
    begun = time.monotonic()
    with trust.service.database.transaction() as database:
        card = database.exec(select(Card).order_by(col(Card.id))).first()
        assert card is not None
        card.frozen = not card.frozen
    heard = _hear(chosen, len(trust.tokens), begun)
    assert len(heard) == len(trust.tokens)
    return f"{len(heard)} waited at once, the last heard of a change after {max(heard):.1f} s"


def _hear(chosen: selectors.BaseSelector, count: int, begun: float) -> list[float]:
    heard: list[float] = []
    while len(heard) < count and time.monotonic() - begun < 60:
        for key, _ in chosen.select(timeout=1.0):
            opened = key.fileobj
            assert isinstance(opened, socket.socket)
            piece = opened.recv(65536)
            if piece:
                key.data.extend(piece)
                continue
            chosen.unregister(opened)
            opened.close()
            assert key.data.startswith(b"HTTP/1.1 200"), key.data[:200]
            assert b'"kind":"card"' in key.data
            heard.append(time.monotonic() - begun)
    return heard


def _waiting(host: str, cursor: str, token: str) -> bytes:
    return (
        f"GET /v1/changes?limit=100&wait=50&cursor={cursor} HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    ).encode()


def _cursor(trust: Trust) -> dict[str, str]:
    """Return the position of each kiosk: the head."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda token: _next(trust, token), trust.tokens.values())
    return dict(zip(trust.tokens, found, strict=True))


def _next(trust: Trust, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(
        f"{trust.central.url}/v1/changes?limit=1000", headers=headers, timeout=120
    )
    following: str = json.loads(answer.text)["next"]
    return following


# ---------------------------------------------------------------- nothing is lost


def _nothing_is_lost(trust: Trust, kiosks: int, unlocks: int) -> None:
    with trust.service.database.reading() as database:
        events = database.exec(select(func.count()).select_from(KioskEventRow)).one()
        facts = database.exec(select(func.count()).select_from(FactRow)).one()
    assert (events, facts) == (kiosks, 6 * unlocks)


# ---------------------------------------------------------------- the trust


@contextmanager
def _trust(kiosks: int, unlocks: int) -> Iterator[Trust]:
    with tempfile.TemporaryDirectory() as folder:
        central = _Process(Path(folder))
        seed.ensure_master_key(Path(folder) / "master.key")
        environment = central.environment()
        names = {
            name.removeprefix(settings.PREFIX).lower(): value for name, value in environment.items()
        }
        service = assembly.assemble(settings.read(**names))
        cards = [PersonalCard() for _ in range(unlocks)]
        for card in cards:
            document = card.document(cardholders.ORGANISATION)
            seed.sow(service, Personalisation.model_validate(document))
        tokens = _enrol(service, kiosks)
        central.start()
        try:
            yield Trust(central, service, tokens, cards)
        finally:
            central.stop()
            service.database.close()


class _Process(CentralProcess):
    """A central process with the name that the tests' cards sign for."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "KIOSK_CENTRAL_NAME": CENTRAL}


def _enrol(service: Services, count: int) -> dict[str, str]:
    tokens = {f"kiosk {number}": authentication.new_token() for number in range(count)}
    with service.database.transaction() as database:
        trust = database.exec(
            select(Organisation).where(Organisation.name == cardholders.ORGANISATION)
        ).one()
        rows = [
            Kiosk(
                organisation_id=trust.id,
                name=name,
                subject=uuid4(),
                public_key=hashlib.sha256(name.encode()).digest(),
                heard_at=service.clock(),
            )
            for name in tokens
        ]
        database.add_all(rows)
        database.flush()
        until = service.clock() + _TOKEN_LIFE
        database.add_all(
            AccessRow(
                token_hash=authentication.token_hash(tokens[row.name]),
                kiosk_id=row.id,
                expires_at=until,
                nonce_at=until,
            )
            for row in rows
        )
    return tokens


def _allow_sockets(count: int) -> None:
    """Raise the limit of open sockets for this process and the service that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, count) if hard == resource.RLIM_INFINITY else min(max(soft, count), hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

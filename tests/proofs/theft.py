# SPDX-License-Identifier: Apache-2.0
"""The thief's kit: the worth of a copy of each place, tried and timed.

Three places: the disk of a kiosk, central's database without its master key, and the memory file
system of a running kiosk. The kit takes everything that it can. It searches thoroughly for what it
must not get, and a planted secret shows that the search would find it.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session as Database
from sqlmodel import create_engine, select

from kiosk.central.fleet import kiosks
from kiosk.central.tables import Card, Cardholder, SealedEnvelope
from kiosk.contract.packs import Pack, SignedPack, addressed
from kiosk.contract.replication import card_hash
from kiosk.errors import VaultClosed
from kiosk.leases.available_packs import open_with_answers
from kiosk.leases.memory import _KEY as KEY_FILE
from kiosk.leases.pack_store import PackStore
from kiosk.leases.shown_keys import ShownKeys
from kiosk.store.files import read_replica
from kiosk.store.replica import ReplicaReader
from kiosk.values import CardIdentity, Family, Secret
from kiosk.vault import pack as sealing
from kiosk.vault import sealed_answers
from tests.central.borrower import Borrower
from tests.central.world import ANSWERS, CENTRAL, IMPORTED_KEY, Clock, PersonalCard, Service
from tests.leases.world import Borrowing
from tests.secrets_search import search

_LIKELY = 100  # answers that a thief thinks likely, for each question
_YEAR = 365 * 24 * 3600


@dataclass
class Haul:
    """Copies of the three places, and the secrets in them that would open the card."""

    disk: Path
    database: Path
    memory: Path
    card: PersonalCard
    kiosk: Borrowing
    service: Service

    @property
    def secrets(self) -> dict[str, bytes]:
        found = {"unblocking key": IMPORTED_KEY.encode()}
        for number, answer in enumerate(ANSWERS):
            found[f"answer {number}"] = answer.encode()
            found[f"normalised answer {number}"] = sealed_answers.normalise(answer).encode()
        return found


def prove() -> str:
    """Return what each place gives, with figures; raises AssertionError if it gives too much."""
    with _haul() as haul:
        return "; ".join((disk(haul), database(haul), memory(haul), copied(haul), after(haul)))


def disk(haul: Haul) -> str:
    """A kiosk's disk has hashes of card numbers, with their key, and nothing that opens a card."""
    _nothing_in(haul.disk, haul)
    replica = ReplicaReader(read_replica(haul.disk))
    key = replica.state().key
    assert replica.find(haul.card.identity) is not None  # a known number can be found
    begun, tried = time.perf_counter(), 20_000
    for number in range(tried):
        card_hash(key, CardIdentity(Family.PIV, f"{number:032X}"))
    return f"disk: 0 keys, 0 answers, 0 packs; {_rate(tried, begun)} card numbers tried a second"


def database(haul: Haul) -> str:
    """Central's database: people, but no envelope and no key opens without the master key."""
    _nothing_in(haul.database, haul)
    engine = create_engine(f"sqlite:///{haul.database / 'central.db'}")
    with Database(engine) as opened:
        people = opened.exec(select(Cardholder.name)).all()
        envelopes = opened.exec(select(SealedEnvelope)).all()
    engine.dispose()
    right = [Secret(answer.encode()) for answer in ANSWERS]
    wrapped = tuple(
        sealed_answers.Envelope(
            tuple(each.answers), each.salt, each.operations, each.memory, each.nonce, each.wrapped
        )
        for each in envelopes
    )
    assert people == ["Nora Nurse"]
    assert wrapped
    recovery = sealed_answers.SealedRecovery(bytes(32), sealed_answers.NORMALISER, wrapped)
    with pytest.raises(VaultClosed):  # not even with the right answers
        sealed_answers.open_recovery(recovery, right, b"registration")
    return f"database: {len(people)} names, 0 of {len(wrapped)} envelopes opened by right answers"


def memory(haul: Haul) -> str:
    """A running kiosk's memory: packs, which answers open; guessing them is all that is left."""
    _nothing_in(haul.memory, haul)
    packs = list(_packs(haul))
    (pack,) = packs
    begun, tried = time.perf_counter(), 3
    for number in range(tried):
        with pytest.raises(VaultClosed):
            open_with_answers(pack, (f"guess {number}", "guess", "guess", None))
    seconds = (time.perf_counter() - begun) / tried
    # Three right answers are enough, and none of it needs the card.
    assert open_with_answers(pack, (*ANSWERS[:3], None)).reveal() == IMPORTED_KEY.encode()
    likely, wild = _LIKELY**3 * seconds, 1000**3 * seconds
    return (
        f"running memory: {len(packs)} pack, opened by three right answers and by nothing else;"
        f" a guess at three takes {1000 * seconds:.0f} ms of a core: {likely / 3600:.1f} h for"
        f" {_LIKELY} likely answers each, {wild / _YEAR:.1f} years for 1000 each"
    )


def copied(haul: Haul) -> str:
    """Ask central with the disk's keys: it lends what it lends the kiosk, until the kiosk asks."""
    client = haul.kiosk.follower.client
    copy = ShownKeys(haul.disk / "screen")
    thief = Borrower(client)
    thief.shown = list(copy.show(thief.sealing_key))
    lent = {pack.serial for pack in thief.ask(anew=True)}
    assert lent == {haul.card.serial}  # the cards that the kiosk has
    haul.service.clock.pass_time(60)
    client.authenticate()
    haul.kiosk.start()  # as the kiosk does that asks again
    haul.kiosk.renewer.round()
    assert thief.ask(anew=True) == []
    with haul.service.services.database.reading() as opened:
        named = kiosks.named(opened, haul.kiosk.follower.name)
        assert named is not None
        assert named.copied_at is not None
        marked = sum(card.renewal_due for card in opened.exec(select(Card)))
    assert marked == len(lent)
    return (
        f"disk's key: packs of {len(lent)} card, as the kiosk has, until the kiosk asks for packs;"
        f" then lending stops, 0 packs more, {marked} card marked"
    )


def after(haul: Haul) -> str:
    """Revoke the kiosk and unlock the card once more: the stolen packs open nothing."""
    other = haul.service.kiosk("ward 8")
    assert other.token
    with haul.service.services.database.transaction() as opened:
        named = kiosks.named(opened, haul.kiosk.follower.name)
        assert named is not None
        kiosks.revoke(opened, named)
        marked = [card for card in opened.exec(select(Card)) if card.renewal_due]
    grant = other.granted(haul.card)
    assert grant.renew
    assert grant.next is not None
    assert grant.next.key != IMPORTED_KEY.encode()
    return f"revoked: {len(marked)} card told to the RA, renewed by its next unlock"


# ---------------------------------------------------------------- the kit


def _packs(haul: Haul) -> Iterator[Pack]:
    """Open the packs with the key beside them."""
    key = Secret((haul.memory / KEY_FILE).read_bytes())
    pack_store = PackStore(haul.memory)
    try:
        for kept in pack_store.everything():
            to_whom = addressed(CENTRAL, haul.kiosk.leases._addressee.kiosk)
            signed = SignedPack.model_validate_json(sealing.unseal(kept.sealed, key, to_whom))
            yield Pack.model_validate_json(signed.pack)
    finally:
        pack_store.close()


def _nothing_in(place: Path, haul: Haul) -> None:
    assert search([place], haul.secrets) == []
    planted = place / "planted"
    for name, secret in itertools.islice(haul.secrets.items(), 2):
        planted.write_bytes(b"..." + secret + b"...")
        assert search([place], {name: secret}), f"{name} would not have been found"
    planted.unlink()


def _rate(count: int, begun: float) -> str:
    return f"{count / (time.perf_counter() - begun):,.0f}"


@contextmanager
def _haul() -> Iterator[Haul]:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        (folder / "central").mkdir()
        ram = Path(tempfile.mkdtemp(dir="/dev/shm"))
        service = Service(folder / "central", Clock(), f"sqlite:///{folder / 'central'}/central.db")
        service.start()
        try:
            card = service.kiosk("ward 7").know(PersonalCard())
            kiosk = Borrowing(service, folder / "state", ram, patch)
            kiosk.round()
            copies = {
                each: Path(shutil.copytree(place, folder / f"copy of {each}"))
                for each, place in (
                    ("disk", folder / "state"),
                    ("database", folder / "central"),
                    ("memory", ram),
                )
            }
            (copies["database"] / "master.key").unlink()  # it is in another place
            yield Haul(copies["disk"], copies["database"], copies["memory"], card, kiosk, service)
            kiosk.close()
            kiosk.follower.close()
        finally:
            service.stop()
            shutil.rmtree(ram)


if __name__ == "__main__":
    print(prove().replace("; ", "\n"))

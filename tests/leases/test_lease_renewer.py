# SPDX-License-Identifier: Apache-2.0
"""A kiosk's packs, from its start to the end of their leases, against a real central."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import Session, delete, select

from kiosk.central.evidence import epochs
from kiosk.central.tables import Card, Organisation, PackRow, Registration, SealedEnvelope
from kiosk.contract.messages import ProblemType
from kiosk.contract.packs import PacksRequest
from kiosk.errors import CentralBusy, CentralRefused, SettingsError
from kiosk.leases import PackStore, memory
from kiosk.rows import carry_out
from tests.central.world import PersonalCard, Service
from tests.leases.world import Away, Borrowing, Rounds

pytestmark = pytest.mark.dealt

HOUR = 3600


def ended(service: Service) -> list[bool]:
    with service.services.database.reading() as database:
        rows = database.exec(select(PackRow).order_by(PackRow.number))  # type: ignore[arg-type]
        return [row.ended_at is not None for row in rows]


def test_a_kiosk_is_lent_the_packs_that_it_may_have(kiosk: Borrowing, card: PersonalCard) -> None:
    assert not kiosk.holds(card)
    kiosk.round()
    assert kiosk.holds(card)
    assert kiosk.pack_store.count_ready() == 1
    assert not kiosk.leases.find(PersonalCard().identity)


def test_a_lease_runs_from_its_request_by_the_boot_clock(
    kiosk: Borrowing, card: PersonalCard
) -> None:
    begun = kiosk.clock.seconds
    kiosk.round()
    (kept,) = kiosk.pack_store.everything()
    assert kept.ends == begun + 12 * HOUR
    kiosk.cut()
    kiosk.clock.seconds = kept.ends - 1
    assert kiosk.holds(card)
    kiosk.clock.seconds = kept.ends
    assert not kiosk.holds(card)
    kiosk.renewer.round()
    assert (kiosk.pack_store.everything(), kiosk.outbox_kinds()) == ([], ["pack end"])


def test_a_lease_is_renewed_while_central_answers(
    kiosk: Borrowing, service: Service, card: PersonalCard
) -> None:
    kiosk.round()
    for _ in range(5):
        kiosk.clock.seconds += 4 * HOUR
        service.clock.pass_time(4 * HOUR)
        kiosk.follower.client.token  # noqa: B018
        kiosk.round()
        assert kiosk.holds(card)
    assert ended(service) == [False]


def test_after_a_power_cut_packs_are_gone_until_central_answers(
    kiosk: Borrowing, service: Service, card: PersonalCard
) -> None:
    kiosk.round()
    before = kiosk.leases.sealing_key
    kiosk.power_cut()
    assert kiosk.leases.sealing_key != before
    assert not kiosk.holds(card)
    kiosk.round()
    assert kiosk.holds(card)
    assert ended(service) == [False, False]  # its word alone ends no lease


def test_a_restarted_process_still_has_its_packs(
    kiosk: Borrowing, service: Service, card: PersonalCard
) -> None:
    kiosk.round()
    (kept,) = kiosk.pack_store.everything()
    assert kiosk.pack_store.count(kept.pack) == 1
    kiosk.close()
    kiosk.start()
    assert kiosk.holds(card)
    (again,) = kiosk.pack_store.everything()
    assert (again.pack, again.attempts) == (kept.pack, 1)


@pytest.mark.parametrize("why", ["registered anew", "suspended", "stopped", "offline", "epoch"])
def test_a_withdrawn_pack_is_not_used_and_is_given_back(
    kiosk: Borrowing, service: Service, card: PersonalCard, why: str
) -> None:
    kiosk.round()
    with service.services.database.transaction() as database:
        if why == "registered anew":
            _anew(database, database.exec(select(Registration)).one())
        elif why == "suspended":
            database.exec(select(Card)).one().status = "suspended"  # type: ignore[assignment]
        elif why == "epoch":
            epochs.begin(database, service.clock.now)
        else:
            trust = database.exec(select(Organisation)).one()
            trust.stopped, trust.offline = why == "stopped", why != "offline"
    kiosk.follower.follow()
    if why == "epoch":
        kiosk.follower.follow()
    assert not kiosk.holds(card)
    kiosk.renewer.round()
    assert "pack end" in kiosk.outbox_kinds()


def _anew(database: Session, registered: Registration) -> None:
    renewed = {**registered.model_dump(), "id": uuid4()}
    carry_out(database, delete(SealedEnvelope))
    database.delete(registered)
    database.flush()
    database.add(Registration(**renewed))


def test_a_failed_round_is_not_the_last(kiosk: Borrowing, caplog: pytest.LogCaptureFixture) -> None:
    away = Away(ZeroDivisionError("what nobody reckons with"))
    kiosk.cut(away)
    # Three seconds each. It waits for 20 to 30 seconds.
    kiosk.renewer.keep(Rounds(12, kiosk.clock))
    assert away.asked == 2, "central is asked again, after a while"
    assert "unexpected ZeroDivisionError" in caplog.text
    assert "nobody reckons" not in caplog.text


def test_it_asks_again_no_earlier_than_central_said(kiosk: Borrowing) -> None:
    away = Away(CentralBusy("answer 429", 120))
    kiosk.cut(away)
    begun = kiosk.clock.seconds
    while away.asked < 2:
        kiosk.renewer.round()
        kiosk.clock.seconds += 1
    assert 120 <= kiosk.clock.seconds - begun <= 182


def test_no_pack_is_requested_while_facts_are_pending(kiosk: Borrowing, card: PersonalCard) -> None:
    kiosk.round()
    (kept,) = kiosk.pack_store.everything()
    kiosk.pack_store.spend(kept.pack)
    kiosk.renewer.round()  # gives the pack back, and so has something to report
    assert kiosk.outbox_kinds() == ["pack end"]
    kiosk.renewer.round()
    assert kiosk.pack_store.everything() == []
    kiosk.round()
    assert kiosk.holds(card)


def test_a_replayed_page_of_packs_is_rejected(
    kiosk: Borrowing, card: PersonalCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page was recorded on its way, and its lease may be over by now."""
    key = kiosk.leases.sealing_key
    asked = PacksRequest(sealing_key=key, made=(key,), nonce=secrets.token_bytes(16))
    recorded = kiosk.follower.central.lend_packs(asked)
    monkeypatch.setattr(kiosk.follower.central, "lend_packs", lambda _: recorded)
    kiosk.renewer.round()
    assert kiosk.pack_store.everything() == []


# ---------------------------------------------------------------- where it lies


@pytest.fixture
def disk_directory() -> Iterator[Path]:
    """Return a folder on a disk, wherever the tests' own folders are: beside their sources."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parents[2] / "build") as folder:
        yield Path(folder)


def test_packs_are_stored_only_in_memory(disk_directory: Path, memory_directory: Path) -> None:
    memory.prepare(memory_directory, swap_tolerated=True)
    with pytest.raises(SettingsError, match="must be kept in memory"):
        memory.prepare(disk_directory, swap_tolerated=True)
    memory_directory.chmod(0o750)
    with pytest.raises(SettingsError, match="alone"):
        memory.prepare(memory_directory, swap_tolerated=True)


def test_a_machine_with_swap_stores_no_packs(
    tmp_path: Path, memory_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swaps = tmp_path / "swaps"
    monkeypatch.setattr(memory, "_SWAPS", swaps)
    for content, refused in (
        ("Filename\n", False),
        ("Filename\n/dev/zram0 partition\n", False),
        ("Filename\n/dev/sda2 partition\n", True),
    ):
        swaps.write_text(content)
        if refused:
            with pytest.raises(SettingsError, match="swaps"):
                memory.prepare(memory_directory, swap_tolerated=False)
        else:
            memory.prepare(memory_directory, swap_tolerated=False)


def test_the_key_is_made_once_a_boot_and_is_private(memory_directory: Path) -> None:
    first = memory.sealing_key(memory_directory)
    assert memory.sealing_key(memory_directory).same_as(first)
    file = memory_directory / "pack.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"half")
    assert not memory.sealing_key(memory_directory).same_as(first)


def test_a_spent_pack_is_removed(kiosk: Borrowing, card: PersonalCard) -> None:
    kiosk.round()
    (kept,) = kiosk.pack_store.everything()
    assert any(kept.sealed in file.read_bytes() for file in kiosk.memory.iterdir())
    kiosk.pack_store.spend(kept.pack)
    assert not any(kept.sealed[:64] in file.read_bytes() for file in kiosk.memory.iterdir())
    assert kiosk.pack_store.count(kept.pack) is None
    assert not kiosk.holds(card)


def test_attempts_are_counted_with_growing_waits(kiosk: Borrowing) -> None:
    kiosk.round()
    (kept,) = kiosk.pack_store.everything()
    waits = []
    for number in (1, 2):
        assert kiosk.pack_store.count(kept.pack) == number
        now = kiosk.pack_store.get(kept.pack)
        assert now is not None
        waits.append(now.not_before - kiosk.clock.seconds)
    assert kiosk.pack_store.count(kept.pack) is None
    assert waits == [60.0, 300.0]
    assert PackStore(kiosk.memory, kiosk.clock).count(kept.pack) is None


def test_opening_the_case_removes_all_packs(kiosk: Borrowing, card: PersonalCard) -> None:
    kiosk.round()
    (kept,) = kiosk.pack_store.everything()
    kiosk.leases.end()
    kiosk.round()
    assert not kiosk.holds(card)
    assert [file.name for file in kiosk.memory.iterdir()] == ["packs.sqlite3"]
    assert not any(kept.sealed[:64] in file.read_bytes() for file in kiosk.memory.iterdir())


def test_a_revoked_kiosk_removes_its_packs(kiosk: Borrowing, card: PersonalCard) -> None:
    kiosk.round()
    kiosk.cut(Away(CentralRefused(ProblemType.NOT_AUTHENTICATED, 401)))
    kiosk.renewer.round()
    assert kiosk.pack_store.everything() == []

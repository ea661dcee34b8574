# SPDX-License-Identifier: Apache-2.0
"""The sealing keys that the kiosk has shown central are on its disk before it shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from kiosk.central.tables import Kiosk
from kiosk.contract.messages import ProblemType
from kiosk.contract.packs import MOST_KEYS, PacksRequest
from kiosk.errors import CentralRefused, CentralUnavailable, StoreFailed
from kiosk.leases import ShownKeys
from kiosk.leases.shown_keys import FILE
from tests.central.world import PersonalCard, Service
from tests.leases.world import Away, Borrowing

A, B, C = (bytes([number]) * 32 for number in range(3))


def test_keys_are_named_until_a_later_one_is_answered(tmp_path: Path) -> None:
    assert ShownKeys(tmp_path).show(A) == (A,)
    ShownKeys(tmp_path).answered(A)
    assert ShownKeys(tmp_path).show(B) == (A, B)
    assert ShownKeys(tmp_path).show(C) == (A, B, C)  # nothing was heard of B
    assert ShownKeys(tmp_path).show(C) == (A, B, C)
    ShownKeys(tmp_path).answered(C)
    assert ShownKeys(tmp_path).show(C) == (C,)


def test_the_folder_and_the_file_are_the_services_own(tmp_path: Path) -> None:
    ShownKeys(tmp_path / "screen").show(A)
    assert (tmp_path / "screen").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "screen" / FILE).stat().st_mode & 0o777 == 0o600


def test_of_too_many_keys_the_answered_one_and_the_newest_are_named(tmp_path: Path) -> None:
    keys = [number.to_bytes(32, "big") for number in range(MOST_KEYS + 5)]
    for key in keys:
        named = ShownKeys(tmp_path).show(key)
    assert named == (keys[0], *keys[6:])
    assert PacksRequest(sealing_key=keys[-1], made=named, nonce=bytes(16)).made == named


@pytest.mark.parametrize("broken", ["content", "folder"])
def test_a_disk_that_fails_is_reported(tmp_path: Path, broken: str) -> None:
    if broken == "content":
        (tmp_path / FILE).write_text("what is this?")
    else:
        (tmp_path / FILE).mkdir()
    with pytest.raises(StoreFailed, match=FILE):
        ShownKeys(tmp_path).show(A)


def test_a_key_that_cannot_be_written_is_not_shown(kiosk: Borrowing) -> None:
    away = Away()
    kiosk.cut(away)
    (kiosk.state / "screen" / FILE).mkdir(parents=True)
    kiosk.renewer.round()
    assert away.asked == 0


def copied(service: Service) -> bool:
    with service.services.database.reading() as database:
        return any(row.copied_at for row in database.exec(select(Kiosk)))


def test_power_cuts_and_lost_answers_make_no_kiosk_a_copy(
    kiosk: Borrowing, service: Service, card: PersonalCard
) -> None:
    kiosk.round()
    for _ in range(2):
        kiosk.power_cut()
        lend = kiosk.follower.central.lend_packs

        def lose(request: PacksRequest, ask: object = lend) -> object:
            ask(request)  # type: ignore[operator]
            raise CentralUnavailable("the answer was lost")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kiosk.follower.central, "lend_packs", lose)
            kiosk.renewer.round()
        assert not kiosk.holds(card)
        service.clock.pass_time(60)
    kiosk.power_cut()
    kiosk.round()
    assert kiosk.holds(card)
    assert not copied(service)


def test_a_request_with_an_old_token_is_followed_by_one_with_a_new_one(kiosk: Borrowing) -> None:
    tokens = kiosk.follower.central.tokens
    before = tokens.current()
    away = Away(CentralRefused(ProblemType.EXPIRED, 410))
    refused: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "refused", refused.append)
        patch.setattr(kiosk.follower.central, "lend_packs", away.lend_packs)
        kiosk.renewer.round()
    assert away.asked == 1
    assert refused == [before]


def test_the_disk_of_before_makes_the_kiosk_a_copy(
    kiosk: Borrowing, service: Service, card: PersonalCard
) -> None:
    """Nobody can tell a disk that was rolled back from a copy of it."""
    kiosk.round()
    file = kiosk.state / "screen" / FILE
    before = file.read_bytes()
    kiosk.power_cut()
    kiosk.round()
    file.write_bytes(before)
    kiosk.power_cut()
    service.clock.pass_time(60)
    kiosk.follower.client.authenticate()
    kiosk.round()
    assert copied(service)
    assert not kiosk.holds(card)

# SPDX-License-Identifier: Apache-2.0
"""No secret that opens a card is left in the database, its log, or what is printed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.contract.messages import CardCommand
from kiosk.vault.sealed_answers import normalise
from tests.central.world import (
    ANSWERS,
    IMPORTED_KEY,
    Clock,
    KioskClient,
    PersonalCard,
    Service,
    item,
)
from tests.secrets_search import search

TYPED_WRONG = ("wrong-first", "wrong-second", "wrong-third", "wrong-fourth")


@pytest.mark.parametrize("encode", ["raw", "hex", "base64", "json"])
def test_the_search_finds_what_is_planted(tmp_path: Path, encode: str) -> None:
    planted = b"a planted secret"
    content = {
        "raw": planted,
        "hex": planted.hex().encode(),
        "base64": base64.b64encode(b"xx" + planted + b"yyy"),
        "json": json.dumps({"answer": planted.decode()}).encode(),
    }[encode]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(bytes(1000) + content + bytes(1000))
    assert search([tmp_path], {"planted": planted})
    assert not search([tmp_path], {"planted": b"another secret!!"})


def test_neither_answers_nor_keys_are_left_behind(
    service: Service,
    kiosk: KioskClient,
    card: PersonalCard,
    clock: Clock,
    *,
    capfd: pytest.CaptureFixture[str],
    database_files: Callable[[], list[Path]],
) -> None:
    kiosk.answer(card, kiosk.opened(card), TYPED_WRONG)
    clock.pass_time(10)
    grant = kiosk.granted(card)
    kiosk.report(
        item(grant, 1, CardCommand.UNBLOCK, 0, "9000"),
        item(grant, 4, CardCommand.CHANGE, 1, "9000"),
    )
    kiosk.post(f"/unlocks/{grant.session}/answers", {"answers": [*TYPED_WRONG, "one too many"]})
    renewed = kiosk.granted(card)

    secrets = {"imported key": IMPORTED_KEY.encode(), "token": kiosk.token.encode()}
    secrets |= {
        f"generation {key.generation}": key.key
        for key in (grant.next, renewed.current, renewed.next)
        if key is not None and key.key is not None
    }
    assert len(secrets) == 4
    for number, answer in enumerate((*ANSWERS, *TYPED_WRONG)):
        secrets[f"answer {number}"] = answer.encode()
        secrets[f"normalised answer {number}"] = normalise(answer).encode()
    (service.folder / "printed").write_text("".join(capfd.readouterr()))
    places = [service.folder, *database_files()]
    assert search(places, {"serial": card.serial.encode(), "holder": b"Nora Nurse"})
    assert search(places, secrets) == []

    (service.folder / "planted").write_bytes(b"..." + secrets["generation 1"])
    assert len(search([service.folder], secrets)) == 1

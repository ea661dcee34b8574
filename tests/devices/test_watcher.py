# SPDX-License-Identifier: Apache-2.0
"""The watcher turns reader states into notices, each given once."""

from __future__ import annotations

from kiosk.devices.reader import Sight
from kiosk.devices.reader.watcher import Watcher
from kiosk.values import ReaderTrouble

READER = "Some Reader 00 00"
EMPTY, PRESENT, MUTE = 0x10, 0x20, 0x220


def sights(watcher: Watcher, state: int) -> list[Sight]:
    return [notice.sight for notice in watcher.see([READER], {READER: state})]


def test_a_card_comes_and_goes() -> None:
    watcher = Watcher()
    assert sights(watcher, EMPTY) == [Sight.READY]
    assert sights(watcher, 1 << 16 | PRESENT) == [Sight.INSERTED]
    assert sights(watcher, 1 << 16 | PRESENT) == []
    assert sights(watcher, 2 << 16 | EMPTY) == [Sight.REMOVED]


def test_a_card_swapped_between_two_polls_is_another_card() -> None:
    watcher = Watcher()
    sights(watcher, 1 << 16 | PRESENT)
    assert sights(watcher, 3 << 16 | PRESENT) == [Sight.REMOVED, Sight.INSERTED]


def test_a_card_that_does_not_answer_is_reported_too() -> None:
    """If it was inserted the wrong way round, the user needs an explanation."""
    assert sights(Watcher(), MUTE) == [Sight.READY, Sight.INSERTED]


def test_trouble_is_reported_once_and_forgets_the_card() -> None:
    watcher = Watcher()
    sights(watcher, 1 << 16 | PRESENT)
    notices = watcher.fail(ReaderTrouble.NO_SERVICE)
    assert [notice.sight for notice in notices] == [Sight.FAILED]  # nobody removed the card
    assert watcher.fail(ReaderTrouble.NO_SERVICE) == []
    assert [notice.trouble for notice in watcher.see([], {})] == [ReaderTrouble.NO_READER]
    assert sights(watcher, PRESENT) == [Sight.READY, Sight.INSERTED]

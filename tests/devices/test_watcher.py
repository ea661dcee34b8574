# SPDX-License-Identifier: Apache-2.0
"""From reader states to notices, each told once."""

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


def test_a_card_that_was_swapped_between_two_looks_is_another() -> None:
    watcher = Watcher()
    sights(watcher, 1 << 16 | PRESENT)
    assert sights(watcher, 3 << 16 | PRESENT) == [Sight.REMOVED, Sight.INSERTED]


def test_a_card_that_does_not_answer_is_one_too() -> None:
    """Pushed in the wrong way round, it is to be explained, not ignored."""
    assert sights(Watcher(), MUTE) == [Sight.READY, Sight.INSERTED]


def test_trouble_is_told_once_and_takes_the_card_with_it() -> None:
    watcher = Watcher()
    sights(watcher, 1 << 16 | PRESENT)
    told = watcher.fail(ReaderTrouble.NO_SERVICE)
    assert [notice.sight for notice in told] == [Sight.FAILED]  # nobody took the card out
    assert watcher.fail(ReaderTrouble.NO_SERVICE) == []
    assert [notice.trouble for notice in watcher.see([], {})] == [ReaderTrouble.NO_READER]
    assert sights(watcher, PRESENT) == [Sight.READY, Sight.INSERTED]

# SPDX-License-Identifier: Apache-2.0
"""The proof of the interruptions at a smaller size: one of each kind, and two rows of them."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.proofs.interrupting import CardPoint, NetworkPoint
from tests.proofs.interruptions import Story, Tally, change, walk, walk_new
from tests.proofs.scene import scene

# By count of commands in a visit: 9 for the report, 3 for the proof, and then the unlock.
_UNBLOCK, _CHANGE = 15, 17
_CHANGE_PASSCODE = 14  # after the report: select, counter, identity, its own signature, the change

STORIES: list[Story] = [
    (CardPoint(_UNBLOCK, acted=True, deed="kill kiosk"),),
    (CardPoint(_CHANGE, acted=True, deed="pull"), CardPoint(_UNBLOCK, acted=False, deed="pull")),
    (CardPoint(_CHANGE, acted=False, deed="kill worker"),),
    (CardPoint(_CHANGE, acted=False, deed="tear"),),
    (CardPoint(_UNBLOCK, acted=True, deed="fill disk"),),
    (NetworkPoint("/grant", "after", "kill central"),),
    (NetworkPoint("/grant", "after", "cut"), NetworkPoint("/v1/reports", "after", "kill kiosk")),
]

CHANGES = [
    CardPoint(_CHANGE_PASSCODE, acted=True, deed="pull"),
    CardPoint(_CHANGE_PASSCODE + 1, acted=True, deed="pull"),
    CardPoint(_CHANGE_PASSCODE, acted=False, deed="kill kiosk"),
]


@pytest.mark.dealt
@pytest.mark.timeout(280)
def test_no_interruption_loses_a_card(folder: Path) -> None:
    with scene(folder) as stage:
        assert stage.count_commands() == 18
        stories = [
            story
            for story in STORIES
            if stage.can_fill or not any(point.deed == "fill disk" for point in story)
        ]
        tally = walk(stage, stories, random.Random(3))
        tally += walk_new(stage, [CardPoint(_UNBLOCK, acted=False, deed="tear")])
        stage.count_commands_of_change()
        tally += change(stage, CHANGES)
    assert tally.deeds.total() >= len(stories)
    assert tally.first == 1
    assert tally.changes == len(CHANGES)
    assert tally.kills >= 3


def test_a_tally_survives_the_way_from_another_process() -> None:
    tally = Tally(stories=3, deeds=Counter({"pull": 2, "kill kiosk": 1}), kills=1, filled=False)
    assert Tally.from_line(tally.to_line()) == tally
    assert Tally.from_line(Tally().to_line()) + tally == Tally(
        stories=3, deeds=tally.deeds, kills=1, filled=False
    )

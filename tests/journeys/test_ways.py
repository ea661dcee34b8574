# SPDX-License-Identifier: Apache-2.0
"""The ways combine each pair of choices, and are few."""

from __future__ import annotations

from itertools import combinations

import pytest

from kiosk.flow.preferences import Language, TextSize
from tests.journeys.mishaps import AT_FULL_SIZE, EVERY_STORY
from tests.journeys.walk import assigned
from tests.journeys.ways import Hand, Way, pairs_of, pairwise
from tests.proofs.everybody import SIZES, turn_at


def test_few_ways_combine_every_pair_of_choices() -> None:
    ways = pairwise()
    sizes = [len(Language), len(TextSize), 2, 2, len(Hand)]
    met = set().union(*map(pairs_of, ways))
    assert len(met) == sum(one * other for one, other in combinations(sizes, 2))
    assert ways[0] == Way()
    assert len(ways) <= 16


@pytest.mark.parametrize("turn", [turn_at(place) for place, _ in enumerate(SIZES)])
def test_the_walked_stories_combine_every_pair_of_choices(turn: int) -> None:
    met = set().union(*(pairs_of(way) for _, _, way in assigned(turn)))
    assert met == set().union(*map(pairs_of, pairwise()))


def test_the_stories_left_to_the_proof_exist() -> None:
    assert set(EVERY_STORY) > AT_FULL_SIZE

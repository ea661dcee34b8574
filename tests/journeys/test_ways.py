"""The ways meet pairwise, and are few."""

from __future__ import annotations

from itertools import combinations

from kiosk.flow.access import Language, TextSize
from tests.journeys.ways import Way, pairs_of, pairwise


def test_every_two_choices_meet_in_few_ways() -> None:
    ways = pairwise()
    sizes = [len(Language), len(TextSize), 2, 2, 2]
    met = set().union(*map(pairs_of, ways))
    assert len(met) == sum(one * other for one, other in combinations(sizes, 2))
    assert ways[0] == Way()
    assert len(ways) <= 16

# SPDX-License-Identifier: Apache-2.0
"""Hostile cards at a size for every day; `make prove` runs the full size."""

from __future__ import annotations

import contextlib
import functools
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.card.recognition import recognise
from kiosk.card.session import CardIncapable
from kiosk.errors import CardError
from tests.card import transcript
from tests.card.hostile import (
    OneLie,
    Target,
    attack,
    attack_unlock,
    mutated,
    operations,
    reshapings,
    targets,
)
from tests.examples import examples

pytestmark = pytest.mark.dealt


@pytest.mark.filterwarnings("ignore")  # of mutated certificates
def test_only_this_projects_errors_are_raised() -> None:
    outcome = attack(3000, seed=11)
    assert outcome.replies >= 3000
    assert outcome.rounds > outcome.refused > outcome.rounds // 3


@pytest.mark.filterwarnings("ignore")
def test_no_secret_goes_to_a_card_that_did_not_prove_itself() -> None:
    outcome = attack_unlock(400, seed=12)
    assert (outcome.refused, outcome.unlocked) == (400, 0)


# ---------------------------------------------------------------- one lie at a time

TARGETS = targets()
OTHERS = [answer for each in transcript.every() for _, answer in each]
PLACES = [(each, number) for each in TARGETS for number in range(len(operations(each)))]


@functools.cache
def honest(target: Target, number: int) -> list[bytes]:
    """Return an honest card's answers to an operation."""
    card = OneLie(target.make())
    with contextlib.suppress(CardIncapable):
        operations(target)[number](card)
    return card.replies


@pytest.mark.filterwarnings("ignore")
def test_every_object_of_an_answer_may_be_missing_or_wrong() -> None:
    """Each parsed BER-TLV object in turn is missing, empty, cut, longer, zero, or another.

    An answer that several operations ask for is changed in the first of them.
    """
    tried = set()
    for target, number in PLACES:
        for at, reply in enumerate(honest(target, number)):
            for lie in reshapings(reply[:-2]):
                if (target, lie) in tried:
                    continue
                tried.add((target, lie))
                with contextlib.suppress(CardError):
                    operations(target)[number](OneLie(target.make(), at, lie + reply[-2:]))
    assert len(tried) > 500


# ---------------------------------------------------------------- by Hypothesis

# Each lie is told at a command of the operation, so that no example consists of the truth alone.
_LIES = st.sampled_from(
    [(each, number, at) for each, number in PLACES for at in range(len(honest(each, number)))]
)
_small = settings(
    max_examples=examples(400), deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.filterwarnings("ignore")
@_small
@given(_LIES, st.randoms(use_true_random=False))
def test_a_mutated_answer_is_refused_or_parsed(
    place: tuple[Target, int, int], chosen: random.Random
) -> None:
    target, number, at = place
    lie = mutated(honest(target, number)[at], chosen, OTHERS)
    with contextlib.suppress(CardError):
        operations(target)[number](OneLie(target.make(), at, lie))


class MadeUp:
    """Gives the answers that Hypothesis makes up, then is removed."""

    def __init__(self, atr: bytes, replies: list[bytes]) -> None:
        self.atr = atr
        self._replies = replies

    def exchange(self, _command: bytes, /) -> bytes:
        return self._replies.pop(0) if self._replies else b""


_DATA = st.binary(max_size=24)
_LENGTHS = st.sampled_from([b"\x00", b"\x05", b"\x7f", b"\x80", b"\x81\x05", b"\x82\xff\xff"])
_TLV = st.builds(
    lambda tags, length, value: tags + length + value,
    st.sampled_from([b"\x53", b"\x61", b"\x7c", b"\x7f\x71", b"\xdf\x1f", b"\x30", b"\x06"]),
    _LENGTHS,
    _DATA,
)
_STATUS = st.sampled_from([b"\x90\x00", b"\x61\x00", b"\x63\xc1", b"\x6a\x82", b"\x69\x83"])
_REPLY = st.builds(lambda data, status: data + status, st.one_of(_DATA, _TLV), _STATUS)


@_small
@given(
    st.sampled_from(PLACES), st.binary(max_size=33), st.lists(_REPLY, max_size=12), st.booleans()
)
def test_random_answers_are_refused_or_parsed(
    place: tuple[Target, int], atr: bytes, replies: list[bytes], selected: bool
) -> None:
    target, number = place
    if selected:  # so that the family whose operation it is gets reached
        atr, replies = target.make().atr, [*_selections(target), *replies]
    with contextlib.suppress(CardError):
        operations(target)[number](MadeUp(atr, replies))


def _selections(target: Target) -> list[bytes]:
    """Return the answers of the card until its application is selected."""
    card = OneLie(target.make())
    recognise(card)
    return card.replies

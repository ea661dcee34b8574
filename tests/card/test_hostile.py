"""Cards that lie, at a size for every day; `make prove` has the full one."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.card.recognition import inspect, recognise
from kiosk.errors import CardError
from kiosk.values import Family, Secret
from tests.card.hostile import attack, attack_unlock


@pytest.mark.filterwarnings("ignore")  # of certificates that were mutated
def test_only_our_own_errors_come_out() -> None:
    outcome = attack(3000, seed=11)
    assert outcome.replies >= 3000
    assert outcome.rounds > outcome.refused > outcome.rounds // 3


@pytest.mark.filterwarnings("ignore")
def test_no_secret_goes_to_a_card_that_did_not_prove_itself() -> None:
    outcome = attack_unlock(400, seed=12)
    assert (outcome.refused, outcome.unlocked) == (400, 0)


class Made:
    """Answers with what Hypothesis makes up, then goes away."""

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


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from([*Family, None]),
    st.binary(max_size=33),
    st.lists(_REPLY, max_size=12),
)
def test_made_up_answers_are_refused_or_understood(
    family: Family | None, atr: bytes, replies: list[bytes]
) -> None:
    for operation in (
        inspect,
        lambda card: recognise(card, family).identity(),
        lambda card: recognise(card, family).unblock(Secret(bytes(24)), Secret(b"135790")),
    ):
        with contextlib.suppress(CardError):
            operation(Made(atr, list(replies)))

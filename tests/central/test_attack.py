# SPDX-License-Identifier: Apache-2.0
"""The attacks of `make prove PROOF=attack`, smaller, on either kind of database.

Here others are served; how quickly, the proof says.
"""

from __future__ import annotations

import math

import pytest

from tests.proofs.attack import (
    addresses,
    clocks,
    connections,
    copied,
    journals,
    lying,
    polls,
    reports,
    revocations,
)

pytestmark = pytest.mark.dealt


@pytest.fixture(autouse=True)
def _cheap_answers() -> None:
    """Do nothing: another process opens no cheaper envelope than its own."""


def test_idle_and_half_sent_connections_stop_nobody(database_url: str) -> None:
    told = connections.attack(300, seconds=2.0, most_seconds=math.inf, database=database_url)
    assert "300 idle and half-sent" in told
    assert "closed by central 0 times" not in told


def test_the_long_polls_of_a_hospital_are_answered(database_url: str) -> None:
    assert polls.attack(150, wait=3, database=database_url).startswith("150 of 150 ")


def test_a_kiosk_that_reports_without_end_stops_nobody(database_url: str) -> None:
    assert "answered 429" in reports.attack(database_url, seconds=2.0, most_seconds=math.inf)


def test_reports_under_a_live_grant_are_taken_and_stop_nobody(database_url: str) -> None:
    told = reports.attack_under_a_grant(database_url, 2.0, math.inf, items=10)
    assert "answered 200" in told


def test_a_copied_key_is_lent_what_its_kiosk_is_and_is_noticed(database_url: str) -> None:
    told = copied.attack(database_url, numbers=10, seen=2)
    assert "packs of 2 cards, the 2 that the kiosk had; 0 more" in told


@pytest.mark.drawn
def test_a_lying_kiosk_makes_no_key_unknown(database_url: str) -> None:
    assert "no card's key was unknown" in lying.attack(6, 20, database_url)


@pytest.mark.drawn
def test_no_order_of_full_torn_and_restored_files_loses_a_grant(database_url: str) -> None:
    assert "no grant and no key was lost" in journals.attack(6, 12, database_url)


@pytest.mark.drawn
def test_a_letter_goes_to_the_mailbox_that_was_typed_or_nowhere(database_url: str) -> None:
    told = addresses.attack(60, database_url)
    assert "each to the one mailbox that was typed" in told


def test_no_jump_of_a_clock_makes_a_card_wait_too_long(database_url: str) -> None:
    told = clocks.attack(6, database_url)
    assert "no wait was longer than 600 s, and each ended" in told


def test_lists_that_say_less_replace_no_full_one(database_url: str) -> None:
    told = revocations.attack(database_url, every=5)
    assert "3 lists and 1 authorities offered by command, 6 cards' certificates" in told

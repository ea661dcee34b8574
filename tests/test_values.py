# SPDX-License-Identifier: Apache-2.0
"""Secrets and passcode rules."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.values import PasscodeRules, Rule, Secret


def test_a_secret_is_never_shown_and_is_wiped() -> None:
    secret = Secret(b"246802")
    assert "246802" not in f"{secret} {secret!r}" + str([secret])
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(secret)
    secret.wipe()
    assert secret.reveal() == b""
    assert not secret


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_secrets_are_equal_if_their_bytes_are(one: bytes, other: bytes) -> None:
    assert Secret(one).same_as(Secret(other)) == (one == other)


@given(st.binary(max_size=12))
def test_only_six_to_eight_digits_are_accepted(typed: bytes) -> None:
    wanted = 6 <= len(typed) <= 8 and all(chr(each) in "0123456789" for each in typed)
    assert PasscodeRules().accepts(Secret(typed)) == wanted


@given(st.text("0123456789", max_size=12))
def test_the_shown_rules_agree_with_the_accepted_passcodes(digits: str) -> None:
    rules = PasscodeRules()
    assert (rules.met(digits.encode()) == frozenset(Rule)) == rules.accepts(Secret(digits.encode()))

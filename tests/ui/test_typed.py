# SPDX-License-Identifier: Apache-2.0
"""The buffers of what is typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.typed import TypedText
from kiosk.values import PasscodeRules, Rule

KEYS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))


@given(st.lists(st.one_of(KEYS, st.none()), max_size=80), st.integers(1, 64))
def test_a_buffer_holds_text_up_to_its_maximum(keys: list[str | None], maximum: int) -> None:
    typed, expected = TypedText(), ""
    for key in keys:
        if key is None:
            assert typed.delete("a") == bool(expected)
            expected = expected[:-1]
        else:
            assert typed.add("a", key, maximum) == (len(expected) < maximum)
            expected = (expected + key)[:maximum]
        assert typed.length("a") == len(expected)
        assert list(typed.characters("a")) == list(expected)
    assert typed.copy("a").reveal() == expected.encode()
    assert typed.copy("b").reveal() == b""


def test_deleted_and_forgotten_text_is_overwritten() -> None:
    typed = TypedText()
    for character in "abc":
        typed.add("a", character, 8)
    held = typed._buffers["a"].bytes
    typed.delete("a")
    assert bytes(held) == b"ab" + bytes(30)
    typed.forget()
    assert bytes(held) == bytes(32)
    assert typed.length("a") == 0


def test_forgetting_named_fields_keeps_the_others() -> None:
    typed = TypedText()
    typed.add("a", "x", 8)
    typed.add("b", "y", 8)
    typed.forget(("a", "never typed"))
    assert typed.length("a") == 0
    assert typed.copy("b").reveal() == b"y"


def test_rules_are_checked_against_the_typed_text() -> None:
    typed = TypedText()
    assert typed.met("a", PasscodeRules()) == frozenset()
    for digit in "123456":
        typed.add("a", digit, 8)
    assert typed.met("a", PasscodeRules()) == frozenset(Rule)
    assert typed.met("a", None) == frozenset()

# SPDX-License-Identifier: Apache-2.0
"""Sealed answers and envelopes, at the real cost of Argon2id, which makes guessing expensive."""

from __future__ import annotations

import contextlib
import itertools
import traceback
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_scalarmult_base

from kiosk.errors import VaultClosed
from kiosk.values import Secret
from kiosk.vault import sealed_answers
from kiosk.vault.sealed_answers import (
    SealedRecovery,
    normalise,
    open_recovery,
    seal_recovery,
)
from tests.examples import examples

ANSWERS = ("Zoë Müller", "Rex", "Łódź", "O'Brien-Smith")
FORGIVEN = ("  zoe muller", "REX!", "lodz", "o brien smith")
CONTEXT = b"registration 1"


@pytest.fixture(scope="module")
def recovery() -> SealedRecovery:
    return seal_recovery([Secret(answer.encode()) for answer in ANSWERS], CONTEXT)


# ---------------------------------------------------------------- envelopes


@pytest.mark.parametrize("kinds", [*itertools.product(["right", "wrong", "blank"], repeat=4)])
def test_three_right_answers_open_and_fewer_do_not(
    recovery: SealedRecovery, kinds: tuple[str, ...]
) -> None:
    given_answers = [
        {"right": right, "wrong": "wrong", "blank": None}[kind]
        for kind, right in zip(kinds, FORGIVEN, strict=True)
    ]
    if kinds.count("right") >= sealed_answers.REQUIRED:
        opened = open_recovery(recovery, given_answers, CONTEXT)
        assert crypto_scalarmult_base(opened.reveal()) == recovery.public_key
    else:
        with pytest.raises(VaultClosed):
            open_recovery(recovery, given_answers, CONTEXT)


def test_answers_belong_to_their_questions(recovery: SealedRecovery) -> None:
    with pytest.raises(VaultClosed):
        open_recovery(recovery, FORGIVEN[::-1], CONTEXT)


def test_the_boundary_between_two_answers_counts(recovery: SealedRecovery) -> None:
    moved = ("zoemullerr", "ex", "lodz", None)
    with pytest.raises(VaultClosed):
        open_recovery(recovery, moved, CONTEXT)


def test_every_applicable_envelope_is_tried_whatever_the_others_give(
    recovery: SealedRecovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[int, ...]] = []
    derive = sealed_answers._key

    def counted(envelope: sealed_answers.Envelope, given: list[bytearray]) -> bytes:
        tried.append(envelope.answers)
        return derive(envelope, given)

    monkeypatch.setattr(sealed_answers, "_key", counted)
    for answers, envelopes in (
        (FORGIVEN, 4),
        (("x", *FORGIVEN[1:]), 4),
        (("x",) * 4, 4),
        ((None, *FORGIVEN[1:]), 1),
        (("...", *FORGIVEN[1:]), 1),
        ((None, None, *FORGIVEN[2:]), 0),
    ):
        tried.clear()
        with contextlib.suppress(VaultClosed):
            open_recovery(recovery, answers, CONTEXT)
        assert len(tried) == envelopes


def test_an_envelope_opens_in_its_own_context_only(recovery: SealedRecovery) -> None:
    with pytest.raises(VaultClosed):
        open_recovery(recovery, FORGIVEN, b"registration 2")


def test_an_envelope_with_another_registrations_key_stays_shut(
    recovery: SealedRecovery,
) -> None:
    other = seal_recovery(ANSWERS, CONTEXT)
    assert other.public_key != recovery.public_key
    with pytest.raises(VaultClosed):
        open_recovery(replace(recovery, public_key=other.public_key), FORGIVEN, CONTEXT)
    with pytest.raises(VaultClosed):
        open_recovery(replace(recovery, envelopes=other.envelopes), FORGIVEN, CONTEXT)


@pytest.mark.parametrize(
    "change",
    [
        {"operations": 1},
        {"memory": sealed_answers.MEMORY - 1},
        {"memory": 2**40},
        {"operations": 2**40},
        {"operations": sealed_answers.OPERATIONS + 1},
        {"salt": bytes(16)},
        {"nonce": bytes(24)},
        {"answers": (0, 1, 3)},
        {"answers": (0,)},
        {"answers": (0, 0, 0)},
        {"answers": (0, 1, 9)},
        {"sealed": b""},
    ],
)
def test_an_envelope_that_was_tampered_with_stays_shut(
    recovery: SealedRecovery, change: dict[str, object]
) -> None:
    tampered = replace(recovery.envelopes[0], **change)  # type: ignore[arg-type]
    with pytest.raises(VaultClosed):
        open_recovery(replace(recovery, envelopes=(tampered,)), FORGIVEN, CONTEXT)


def test_a_cheap_envelope_is_not_even_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cheap envelope would let a writer of the database set the cost of guessing answers."""
    monkeypatch.setattr(sealed_answers, "OPERATIONS", 1)
    cheap = seal_recovery(ANSWERS, CONTEXT)
    open_recovery(cheap, ANSWERS, CONTEXT)
    monkeypatch.undo()
    with pytest.raises(VaultClosed):
        open_recovery(cheap, ANSWERS, CONTEXT)


def test_registrations_with_the_same_answers_share_no_bytes(
    recovery: SealedRecovery,
) -> None:
    other = seal_recovery(ANSWERS, CONTEXT)
    mine, theirs = (
        {part for e in r.envelopes for part in (e.salt, e.nonce, e.sealed)}
        for r in (recovery, other)
    )
    assert len(mine) == 12
    assert not mine & theirs


@pytest.mark.parametrize("answers", [("a", "b", "c"), ("a", "b", "c", " ?! "), ("a",) * 5])
def test_a_registration_needs_four_answers_that_are_not_empty(answers: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="four answers"):
        seal_recovery(answers, CONTEXT)


def test_answers_are_neither_stored_nor_in_errors(recovery: SealedRecovery) -> None:
    answers = ("planted answer", *("x",) * 3)
    with pytest.raises(VaultClosed) as raised:
        open_recovery(recovery, answers, CONTEXT)
    told = "".join(traceback.format_exception(raised.value)) + repr(recovery)
    assert answers[0] not in told
    assert "zoe" not in told.casefold()
    assert raised.value.__context__ is None


# ---------------------------------------------------------------- the normaliser


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Zoë", "zoe"),
        ("Łódź", "lodz"),
        ("Ærøskøbing", "aeroskobing"),
        ("Đorđe", "dorde"),
        ("Cœur", "coeur"),
        ("STRASSE", "straße"),
        ("ẞ", "ss"),
        ("İstanbul", "istanbul"),
        ("ISTANBUL", "\u0131stanbul"),
        ("St. John's  Road", "stjohnsroad"),
        ("12\u00bd", "1212"),
        ("\u0663\u0664", "34"),
        ("ﬁancé", "fiance"),
        ("Ёлка", "елка"),
        ("ΆΣ", "ας"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("\uff54\uff4f\uff4b\uff59\uff4f", "Tokyo"),
    ],
)
def test_spelling_variants_of_an_answer_are_accepted(typed: str, meant: str) -> None:
    assert normalise(typed) == normalise(meant) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("दिल", "दल"),  # Devanagari's vowels are marks
        ("がっこう", "かっこう"),  # kana's voicing marks are marks too
        ("北京", "東京"),
        ("ไทย", "ทย"),
        ("서울", "부산"),
    ],
)
def test_marks_of_other_scripts_are_kept(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)
    assert normalise(one)


@settings(max_examples=examples(300), deadline=None)
@given(st.text())
def test_normalising_is_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@settings(max_examples=examples(200), deadline=None)
@given(st.text(st.sampled_from("abcåéßłØ 1'"), max_size=12), st.sampled_from(" .,-'!\t"))
def test_case_and_punctuation_never_count(text: str, extra: str) -> None:
    assert normalise(extra.join(text.upper())) == normalise(text)


@settings(max_examples=examples(100), deadline=None)
@given(st.text())
def test_any_text_can_be_typed_as_an_answer(text: str) -> None:
    normalise(text).encode(errors="replace")


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="normaliser"):
        normalise("x", 2)

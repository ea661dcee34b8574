# SPDX-License-Identifier: Apache-2.0
"""Colours with enough contrast, and letters of the size that the user asked for."""

from __future__ import annotations

from dataclasses import fields

import pytest

from kiosk.flow.preferences import Access, TextSize
from kiosk.ui.palette import EDGES, HIGH_CONTRAST, NHS, TEXTS, Palette, colour, contrast
from kiosk.ui.theme import LARGEST_LETTERS, Size, theme_for

PALETTES = {"NHS": NHS, "high contrast": HIGH_CONTRAST}


def test_contrast_is_computed_as_in_wcag() -> None:
    assert contrast(colour("#ffffff"), colour("#000000")) == pytest.approx(21)
    assert contrast(colour("#777777"), colour("#ffffff")) == pytest.approx(4.48, abs=0.01)
    assert contrast(colour("#003087"), colour("#003087")) == 1


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("pair", TEXTS)
def test_every_text_has_a_contrast_of_seven_to_one(name: str, pair: tuple[str, str]) -> None:
    one, other = (getattr(PALETTES[name], each) for each in pair)
    assert contrast(one, other) >= 7


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("pair", EDGES)
def test_every_edge_has_a_contrast_of_three_to_one(name: str, pair: tuple[str, str]) -> None:
    one, other = (getattr(PALETTES[name], each) for each in pair)
    assert contrast(one, other) >= 3


def test_every_colour_of_a_text_is_in_a_tested_pair() -> None:
    """Colours of shades, pictures and presses need no pair: they are no text, edge or ground."""
    free = {"line", "scrim", "gold", "gold_line", "reader", "reader_dark", "title_line"}
    paired = {each for pair in (*TEXTS, *EDGES) for each in pair}
    assert {each.name for each in fields(Palette)} - paired == free | {"primary_edge"}


@pytest.mark.parametrize("size", TextSize)
def test_letters_grow_with_the_text_size(size: TextSize) -> None:
    theme = theme_for(800, 480, Access(text_size=size))
    for step in Size:
        grown = step * size / 100
        assert theme.letters(step) == round(grown if grown <= LARGEST_LETTERS else LARGEST_LETTERS)
    assert theme.large is (size > 100)
    assert theme_for(1280, 800, Access(text_size=size)).letters(20) == round(32 * size / 100)

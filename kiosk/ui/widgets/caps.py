# SPDX-License-Identifier: Apache-2.0
"""The keys of each keyboard and their places: two alphabets, digits, signs and accents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.flow.text import Text, text

SHIFT, DELETE, SPACE, NOTHING = "shift", "delete", " ", ""
LATIN, CYRILLIC, SIGNS = "latin", "cyrillic", "signs"

KEY_ROWS = 4


@dataclass(frozen=True, slots=True)
class Cap:
    """A key: the character it types, or one of the names above; those have a sign and words.

    The words are read aloud. A key with the name of a layer changes to that layer.
    """

    key: str
    columns: float = 1
    sign: str = ""
    words: Text | None = None


Rows = Sequence[Sequence[Cap]]

SHIFT_KEY = Cap(SHIFT, 1.5, "⇧", text("Shift"))
DELETE_KEY = Cap(DELETE, 1.5, "⌫", text("Delete"))
SPACE_KEY = Cap(SPACE, 5, "␣", text("Space"))
TO_SIGNS = Cap(SIGNS, 1.5, "123", text("Digits and signs"))
TO_LATIN = Cap(LATIN, 1.5, "ABC", text("Latin letters"))
TO_CYRILLIC = Cap(CYRILLIC, 1.5, "АБВ", text("Ukrainian letters"))


def keys(characters: str) -> list[Cap]:
    """Return one key for each character."""
    return [Cap(character) for character in characters]


def letters(*, cyrillic: bool) -> dict[str, Rows]:
    """Return the layers for an answer, with a second alphabet if `cyrillic`."""
    other = [TO_CYRILLIC] if cyrillic else []
    space = Cap(SPACE, 4 if cyrillic else 5.5, SPACE_KEY.sign, SPACE_KEY.words)
    shift, delete = (Cap(one.key, 1, one.sign, one.words) for one in (SHIFT_KEY, DELETE_KEY))
    layers: dict[str, Rows] = {
        LATIN: (
            keys("qwertyuiop"),
            keys("asdfghjkl"),
            [SHIFT_KEY, *keys("zxcvbnm"), DELETE_KEY],
            [TO_SIGNS, *other, *keys("'"), space, *keys("-.")],
        ),
        SIGNS: (
            keys("1234567890"),
            keys("-/:;()&@+"),
            [*keys("'’\".,?!_"), DELETE_KEY],
            [TO_LATIN, *other, SPACE_KEY],
        ),
    }
    if cyrillic:
        layers[CYRILLIC] = (
            # Eleven in a row, so that each is as wide as a finger; the twelfth is below.
            keys("йцукенгшщзх"),
            keys("фівапролджє"),
            [shift, *keys("ячсмитьбю"), delete],
            [TO_SIGNS, TO_LATIN, *keys("'ї"), space, *keys("-.")],
        )
    return layers


AT_COLUMNS = 1.5


def address(endings: Sequence[str], *, divided: bool) -> dict[str, Rows]:
    """Return the layers for an email address, with `endings` that take one touch each.

    If texts are large, the endings are `divided`: the more likely half is on the layer of the
    letters.
    """
    half = -(-len(endings) // 2) if divided else len(endings)
    delete = Cap(DELETE, 1, DELETE_KEY.sign, DELETE_KEY.words)
    return {
        LATIN: (
            keys("qwertyuiop"),
            keys("asdfghjkl-"),
            [*keys("zxcvbnm._"), delete],
            _last_row(TO_SIGNS, endings[:half]),
        ),
        SIGNS: (
            keys("1234567890"),
            keys("-_.'+&/=!?"),
            [*keys("#$%*{}~^|"), delete],
            _last_row(TO_LATIN, endings[half:] or endings),
        ),
    }


def _last_row(other: Cap, endings: Sequence[str]) -> list[Cap]:
    """Return the last row; each ending gets width by its length, at least that of a key."""
    lengths = [len(ending) + 3 for ending in endings]
    share = (10 - other.columns - AT_COLUMNS) / max(sum(lengths), 1)
    ends = [Cap(ending, share * length) for ending, length in zip(endings, lengths, strict=True)]
    return [other, Cap("@", AT_COLUMNS), *ends]


def digits(order: str = "1234567890") -> Rows:
    """Return a keypad: nine digits, then Delete and the last digit."""
    delete = Cap(DELETE, 1, DELETE_KEY.sign, DELETE_KEY.words)
    return (
        keys(order[0:3]),
        keys(order[3:6]),
        keys(order[6:9]),
        [Cap(NOTHING), Cap(order[9]), delete],
    )


ACCENTS = {
    "a": "âàáäąåãæ",
    "c": "ćçč",
    "d": "ďđ",
    "e": "êèéëęě",
    "g": "ğ",
    "i": "îìíï",
    "l": "ł",
    "n": "ńñň",
    "o": "ôòóöõøœ",
    "r": "ř",
    "s": "śšşß",
    "t": "ť",
    "u": "ûùúüů",
    "w": "ŵẁẃẅ",
    "y": "ŷỳýÿ",
    "z": "źżž",
    "г": "ґ",
    "і": "ї",
}
"""The accents that a held letter offers: first the Welsh and Polish ones, then others."""

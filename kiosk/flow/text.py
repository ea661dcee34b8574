# SPDX-License-Identifier: Apache-2.0
"""Texts on the screen, as values: a message of the catalogue and the values to fill in.

The flow names messages; the widgets translate them. The catalogue's extractor finds messages by
`text(...)` and `plural(...)`, so their first arguments are literals.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

from kiosk.questions import SecurityQuestion


@dataclass(frozen=True, slots=True)
class Text:
    """A message of the catalogue, its plural if it counts something, and the values to fill in."""

    message: str
    values: tuple[tuple[str, str | int], ...] = ()
    plural: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Data that is shown as it is, such as a telephone number."""

    content: str


Words = Text | Verbatim | SecurityQuestion


def text(message: str, **values: str | int) -> Text:
    """Return a message of the catalogue; `values` fill its `{name}`."""
    return Text(message, tuple(sorted(values.items())))


def plural(singular: str, several: str, count: int, **values: str | int) -> Text:
    """Return a message that counts; the language chooses the form, and `{count}` is filled in."""
    return Text(singular, tuple(sorted({**values, "count": count}.items())), several, count)


def in_english(words: Words) -> str:
    """Return `words` in English, the language of the sources; raise as `fill` does."""
    if isinstance(words, Verbatim):
        return words.content
    if isinstance(words, SecurityQuestion):
        return words.in_language("en")
    counted = bool(words.plural) and words.count != 1
    return fill(words.plural if counted else words.message, words)


def fill(template: str, text: Text) -> str:
    """Return `template` with each `{name}` filled in; a name cannot reach an attribute.

    Raises LookupError for an unknown name, ValueError for anything but a plain name.
    """
    values = dict(text.values)
    parts = []
    for literal, name, layout, conversion in string.Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            if layout or conversion:
                raise ValueError(name)
            parts.append(str(values[name]))
    return "".join(parts)

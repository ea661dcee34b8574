# SPDX-License-Identifier: Apache-2.0
"""Texts on the screen, as values: a message of the catalogue and what to fill in.

The flow names messages; the widgets translate them. `text(...)` and `plural(...)` are also the
marks by which the catalogue's extractor finds every message: what they are given is a literal.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

from kiosk.questions import SecurityQuestion


@dataclass(frozen=True, slots=True)
class Text:
    """A catalogue message, its plural where it counts something, and the values in its braces."""

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
    """A message of the catalogue, with `{name}` replaced by `values`."""
    return Text(message, tuple(sorted(values.items())))


def plural(singular: str, several: str, count: int, **values: str | int) -> Text:
    """A message that counts: the catalogue's language chooses the form; `{count}` is filled in."""
    return Text(singular, tuple(sorted({**values, "count": count}.items())), several, count)


def in_english(words: Words) -> str:
    """What `words` say in the sources' own language; raises as `fill` does."""
    if isinstance(words, Verbatim):
        return words.content
    if isinstance(words, SecurityQuestion):
        return words.in_language("en")
    counted = bool(words.plural) and words.count != 1
    return fill(words.plural if counted else words.message, words)


def fill(template: str, text: Text) -> str:
    """`template` with its `{name}` filled; plain names only, so no attribute can be reached.

    Raises LookupError for a name that is not there, ValueError for anything but a name.
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

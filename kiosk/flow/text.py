"""Texts on the screen, as values: a message of the catalogue and what to fill in.

The flow names messages; the widgets translate them. `text(...)` and `plural(...)` are also the
marks by which the catalogue's extractor finds every message: what they are given is a literal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A catalogue message, its plural where it counts something, and the values in its braces."""

    message: str
    values: tuple[tuple[str, str | int], ...] = ()
    plural: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Data that is shown as it is: a question from the central service, a telephone number."""

    content: str


Words = Text | Verbatim


def text(message: str, **values: str | int) -> Text:
    """A message of the catalogue, with `{name}` replaced by `values`."""
    return Text(message, tuple(sorted(values.items())))


def plural(singular: str, several: str, count: int, **values: str | int) -> Text:
    """A message that counts: the catalogue's language chooses the form; `{count}` is filled in."""
    return Text(singular, tuple(sorted({**values, "count": count}.items())), several, count)

# SPDX-License-Identifier: Apache-2.0
"""The preferences of the user: the language, and the settings for access, as plain values.

When the user leaves, those of the site return.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import Any


class Language(StrEnum):
    """The languages of the screen, by their ISO 639-1 codes."""

    ENGLISH = "en"
    WELSH = "cy"
    POLISH = "pl"
    UKRAINIAN = "uk"


OWN_NAMES = {
    Language.ENGLISH: "English",
    Language.WELSH: "Cymraeg",
    Language.POLISH: "Polski",
    Language.UKRAINIAN: "Українська",
}
"""The name of each language in that language; it is never translated."""


class TextSize(IntEnum):
    """The size of texts in per cent."""

    NORMAL = 100
    LARGER = 150
    LARGEST = 200


@dataclass(frozen=True, slots=True)
class Access:
    """The settings for access.

    `low_reach` moves everything that is touched into the lower half of the screen. `scrambled`
    shows the digits of keypads in random places. `more_time` makes the limits three times as long.
    """

    text_size: TextSize = TextSize.NORMAL
    high_contrast: bool = False
    low_reach: bool = False
    speech: bool = False
    scrambled: bool = False
    more_time: bool = False

    def toggled(self, setting: str) -> Access:
        """Return these settings with one toggled, by its name."""
        other: dict[str, Any] = {setting: not getattr(self, setting)}
        return replace(self, **other)


class Menu(StrEnum):
    """An overlay on a page: a menu, or a question.

    `CLOSING` asks before Close loses answers, `RETURNING` before Back does.
    """

    LANGUAGES = "languages"
    ACCESS = "access"
    CLOSING = "closing"
    RETURNING = "returning"

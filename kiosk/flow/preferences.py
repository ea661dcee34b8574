# SPDX-License-Identifier: Apache-2.0
"""How somebody wants to be spoken to: the language, and the settings for access. Plain values.

They are hers alone: when she leaves, the site's own are back.
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
"""What each language is called by those who read it: never translated."""


class TextSize(IntEnum):
    """How large texts are, in per cent."""

    NORMAL = 100
    LARGER = 150
    LARGEST = 200


@dataclass(frozen=True, slots=True)
class Access:
    """The settings for access.

    `low_reach` puts all that is touched into the lower half of the screen; `scrambled` has the
    digits of keypads at other places each time; `more_time` makes the limits three times as long.
    """

    text_size: TextSize = TextSize.NORMAL
    high_contrast: bool = False
    low_reach: bool = False
    speech: bool = False
    scrambled: bool = False
    more_time: bool = False

    def toggled(self, setting: str) -> Access:
        """The same with one of the settings that are on or off, by its name, the other way."""
        other: dict[str, Any] = {setting: not getattr(self, setting)}
        return replace(self, **other)


class Menu(StrEnum):
    """What lies over a page: how somebody wants to be spoken to, or whether she means it.

    `CLOSING` asks that after Close, `RETURNING` after Back where nothing comes before.
    """

    LANGUAGES = "languages"
    ACCESS = "access"
    CLOSING = "closing"
    RETURNING = "returning"

# SPDX-License-Identifier: Apache-2.0
"""From the flow's texts to words of a language: gettext, with braces filled after translation."""

from __future__ import annotations

import gettext
import logging
from collections.abc import Mapping
from pathlib import Path

from kiosk.flow.preferences import Language
from kiosk.flow.text import Text, Verbatim, Words, fill, in_english

DOMAIN = "kiosk"
LOCALE = Path(__file__).parent.parent / "locale"

logger = logging.getLogger(__name__)


class Catalogue:
    """The translations of one language; messages are English, so English needs no file."""

    def __init__(self, translations: gettext.NullTranslations | None = None) -> None:
        self._translations = translations or gettext.NullTranslations()

    @classmethod
    def load(cls, language: str = "en", folder: Path = LOCALE) -> Catalogue:
        """The compiled catalogue of `language`, or plain English where there is none."""
        return cls(gettext.translation(DOMAIN, folder, [language], fallback=True))

    def say(self, words: Words) -> str:
        """What to write on the screen; a malformed translation falls back to English."""
        if isinstance(words, Verbatim):
            return words.content
        try:
            return fill(self._translate(words), words)
        except (LookupError, ValueError):
            logger.warning("malformed translation of %r", words.message)
            return in_english(words)

    def _translate(self, text: Text) -> str:
        if text.plural:
            return self._translations.ngettext(text.message, text.plural, text.count)
        return self._translations.gettext(text.message)


Catalogues = Mapping[Language, Catalogue]


def load_all(folder: Path = LOCALE) -> Catalogues:
    """The catalogues of every language of the screen, by language."""
    return {each: Catalogue.load(each.value, folder) for each in Language}

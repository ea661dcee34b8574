# SPDX-License-Identifier: Apache-2.0
"""Translations by gettext, from the flow's texts to words; braces are filled afterwards."""

from __future__ import annotations

import gettext
import logging
from collections.abc import Mapping
from pathlib import Path

from kiosk.flow.preferences import Language
from kiosk.flow.text import Text, Verbatim, Words, fill, in_english
from kiosk.questions import SecurityQuestion

DOMAIN = "kiosk"
LOCALE = Path(__file__).parent.parent / "locale"

logger = logging.getLogger(__name__)


class Catalogue:
    """The translations of one language; messages are in English, so English needs no file."""

    def __init__(
        self, translations: gettext.NullTranslations | None = None, language: str = "en"
    ) -> None:
        self._translations = translations or gettext.NullTranslations()
        self._language = language

    @classmethod
    def load(cls, language: str = "en", folder: Path = LOCALE) -> Catalogue:
        """Return the compiled catalogue of `language`, or plain English if there is none."""
        return cls(gettext.translation(DOMAIN, folder, [language], fallback=True), language)

    def say(self, words: Words) -> str:
        """Return the words to show on the screen.

        If the translation is malformed, log it and return the English message.
        """
        if isinstance(words, Verbatim):
            return words.content
        if isinstance(words, SecurityQuestion):
            return words.in_language(self._language)
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
    """Return the catalogue of each language of the screen, by language."""
    return {each: Catalogue.load(each.value, folder) for each in Language}

# SPDX-License-Identifier: Apache-2.0
"""Central's own words in a cardholder's language: gettext, with braces filled after translation.

Messages are English, and are marked where they are made by `text("…")` of a `Wording`.
"""

from __future__ import annotations

import gettext
import logging
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

DOMAIN = "central"
LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("en", "cy", "pl", "uk")
_log = logging.getLogger(__name__)


class Wording:
    """The words of one language; what is missing there is said in English."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._translations = gettext.translation(DOMAIN, LOCALE, [self.language], fallback=True)

    def text(self, message: str, **values: object) -> str:
        """The message with its `{name}` filled in. A malformed translation is said in English."""
        try:
            return self._translations.gettext(message).format(**values)
        except (LookupError, ValueError, AttributeError):
            _log.error("malformed translation into %s of %r", self.language, message)
            return message.format(**values)

    def moment(self, at: datetime) -> str:
        """A date and a time, in UTC: names of months only where they are English."""
        pattern = self.text("%d %B %Y at %H:%M UTC")
        return at.astimezone(UTC).strftime(pattern).lstrip("0")


@cache
def wording(language: str) -> Wording:
    """The wording of a language: English for one that is not known."""
    return Wording(language)

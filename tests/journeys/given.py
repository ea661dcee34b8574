# SPDX-License-Identifier: Apache-2.0
"""All input and personal data of the stories: none of it may be left anywhere."""

from __future__ import annotations

from collections.abc import Iterator

from babel.messages.pofile import read_po

from kiosk.demo import cardholders
from kiosk.demo.journey import Write
from kiosk.flow.preferences import Language
from kiosk.ui.catalogue import DOMAIN, LOCALE
from kiosk.vault.sealed_answers import normalise
from tests.journeys.mishaps import EVERY_STORY, steps_of

_SHORTEST = 5  # shorter texts occur everywhere

HOLDERS = tuple(
    each for each in vars(cardholders).values() if isinstance(each, cardholders.DemoHolder)
)


def given() -> set[str]:
    """Return all answers, passcodes and typed texts of the stories, and the answers normalised."""
    answers = [words for holder in HOLDERS for _, words in holder.answers]
    answers += [normalise(words) for words in answers]
    passcodes = [each for holder in HOLDERS for each in (holder.passcode, holder.new_passcode)]
    steps = [step for story in EVERY_STORY.values() for step in steps_of(story)]
    typed = [step.characters for step in steps if isinstance(step, Write)]
    return {words for words in (*answers, *passcodes, *typed) if len(words) >= _SHORTEST}


def theirs() -> frozenset[str]:
    """Return all input and personal data in lower case, without what the kiosk's texts contain."""
    known = [words for holder in HOLDERS for words in (holder.name, holder.email)]
    known += [
        words for holder in HOLDERS for post in holder.posts for words in (post.code, post.name)
    ]
    texts = [text.lower() for text in own_texts()]
    every = {words.lower() for words in (*given(), *known)}
    return frozenset(words for words in every if not any(words in text for text in texts))


def own_texts() -> Iterator[str]:
    """Yield each message of the kiosk, and its translation in each language."""
    for language in Language:
        path = LOCALE / language.value / "LC_MESSAGES" / f"{DOMAIN}.po"
        with path.open("rb") as file:
            for message in read_po(file):
                for text in (message.id, message.string or ""):
                    yield from [text] if isinstance(text, str) else text

# SPDX-License-Identifier: Apache-2.0
"""Letters in the language of the cardholder."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from sqlmodel import select

from kiosk import questions
from kiosk.central.addresses import Sender
from kiosk.central.mail import letters, transport, wording
from kiosk.central.service import notices
from kiosk.central.tables import Cardholder
from tests.central.world import WRONG, KioskClient, PersonalCard

FOREIGN = [language for language in wording.LANGUAGES if language != "en"]
ROOM = Path(wording.__file__).parent
AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@dataclass
class Somebody:
    language: str
    name: str = "Zoë <Nurse>"


def every_letter(to: Somebody) -> list[letters.Letter]:
    quarter = timedelta(minutes=15)
    return [
        letters.unlock_code(to, "042042", "ward 7", quarter),
        letters.registration_code(to, "042042", quarter),
        letters.registered(to, "ward 7", AT),
        letters.registration_removed(to, "ward 7", AT),
        letters.address_changed(to, "n…@nhs.net", "ward 7", AT),
        letters.unlocked(to, "ward 7", AT),
        letters.passcode_changed(to, "ward 7", AT),
        letters.attempt_failed(to, "ward 7", AT, locked=False),
        letters.attempt_failed(to, "ward 7", AT, locked=True),
    ]


@pytest.mark.parametrize("language", FOREIGN)
def test_every_letter_is_in_the_readers_language(language: str) -> None:
    english = [each.subject for each in every_letter(Somebody("en"))]
    theirs = every_letter(Somebody(language))
    assert not {each.subject for each in theirs} & set(english)
    for plain, letter in zip(every_letter(Somebody("en")), theirs, strict=True):
        assert not set(plain.paragraphs) & set(letter.paragraphs)
        assert f'<html lang="{language}">' in letter.html
        assert "{" not in letter.text
        assert "Zoë &lt;Nurse&gt;" in letter.html
        assert letter.code == plain.code


def test_an_unknown_language_falls_back_to_english() -> None:
    assert every_letter(Somebody("xx")) == every_letter(Somebody("en"))
    assert "2 January 2026 at 03:04 UTC" in letters.unlocked(Somebody("en"), "w", AT).text


@pytest.mark.parametrize("language", FOREIGN)
def test_the_catalogues_have_every_message_with_its_placeholders(language: str) -> None:
    sources = (ROOM / "letters.py", ROOM / "wording.py")
    wanted = {
        message
        for source in sources
        for _, message, _, _ in extract_from_file("python", source, keywords={"text": None})
    }
    with (wording.LOCALE / language / "LC_MESSAGES" / "central.po").open("rb") as file:
        catalogue = read_po(file)
    assert wanted == {each.id for each in catalogue if each.id}
    for message in catalogue:
        if message.id:
            assert _names(message.id) == _names(message.string), message.id


def _names(template: object) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(str(template))}


def test_a_message_in_any_alphabet_arrives_whole() -> None:
    for language in wording.LANGUAGES:
        letter = letters.unlocked(Somebody(language), "ward 7", AT)
        sent = transport.compose("n@nhs.net", letter, Sender("", "kiosk@trust.example"))
        body = sent.get_body(("plain",))
        assert body is not None
        assert body.get_content() == letter.text
        assert sent["Subject"] == letter.subject


def test_a_cardholder_gets_letters_in_their_language(
    kiosk: KioskClient, card: PersonalCard
) -> None:
    services = kiosk.service.services
    with services.database.transaction() as database:
        holder = database.exec(select(Cardholder)).one()
        holder.language = "cy"
    kiosk.answer(card, kiosk.opened(card), WRONG)
    notices.deliver(services)
    ((_, letter),) = kiosk.service.mailbox.letters
    assert (letter.language, letter.subject[:7]) == ("cy", "Atebion")


@pytest.mark.parametrize("language", FOREIGN)
def test_every_question_is_translated(
    kiosk: KioskClient, card: PersonalCard, language: str
) -> None:
    assert questions.LANGUAGES[language].keys() == questions.ENGLISH.keys()
    assert not set(questions.LANGUAGES[language].values()) & set(questions.ENGLISH.values())
    opened = kiosk.opened(card, language=language)
    assert [each.text for each in opened.questions] == [
        questions.LANGUAGES[language][each.id] for each in opened.questions
    ]

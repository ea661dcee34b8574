# SPDX-License-Identifier: Apache-2.0
"""The messages: the files hold all messages of the sources, and screens show no other text."""

from __future__ import annotations

import gettext
import logging
import string
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from PIL import ImageFont

from kiosk import questions
from kiosk.flow.preferences import OWN_NAMES, Language
from kiosk.flow.text import Text, Verbatim, Words, plural, text
from kiosk.flow.view import ChoicePage, EntryPage, Notice, ProfilePage, View
from kiosk.questions import SecurityQuestion
from kiosk.ui.catalogue import LOCALE, Catalogue
from kiosk.ui.sample import SAMPLES
from tests.ui.conftest import Desk

KIOSK = LOCALE.parent
MARKS: dict[str, tuple[int, ...] | None] = {"text": None, "plural": (1, 2)}

Message = str | tuple[str, ...]


def messages_in_sources() -> set[Message]:
    return {
        message
        for room in ("doctor", "flow", "ui")
        for _, _, message, _, _ in extract_from_dir(KIOSK / room, keywords=MARKS)
    }


def messages_in(path: Path) -> set[Message]:
    with path.open("rb") as file:
        catalogue: Catalog = read_po(file)
    return {
        tuple(message.id) if isinstance(message.id, list | tuple) else message.id
        for message in catalogue
        if message.id
    }


FILES = ["kiosk.pot", *(f"{each.value}/LC_MESSAGES/kiosk.po" for each in Language)]
TRANSLATED = [each for each in Language if each is not Language.ENGLISH]


@pytest.mark.parametrize("name", FILES)
def test_the_files_hold_exactly_the_messages_of_the_sources(name: str) -> None:
    """If this fails, run the commands of kiosk/locale/README.md."""
    assert messages_in(LOCALE / name) == messages_in_sources()


def test_the_braces_of_every_message_can_be_filled() -> None:
    for message in messages_in_sources():
        for form in (message,) if isinstance(message, str) else message:
            for _, name, layout, conversion in string.Formatter().parse(form):
                assert name is None or (name.isidentifier() and not layout and not conversion)


# ---------------------------------------------------------------- translations


def catalogue_of(language: Language) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "kiosk.po").open("rb") as file:
        return read_po(file, locale=language.value)


def forms_of(words: object) -> tuple[str, ...]:
    """Return the forms of a message or translation of babel: one, or several if it has plurals."""
    if isinstance(words, list | tuple):
        return tuple(str(each) for each in words)
    return (str(words or ""),)


def names_in(form: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(form) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_missing_fuzzy_or_has_other_placeholders(language: Language) -> None:
    catalogue = catalogue_of(language)
    for message in catalogue:
        if not message.id:
            continue
        english, forms = forms_of(message.id)[-1], forms_of(message.string)
        counted = len(forms_of(message.id)) > 1
        assert not message.fuzzy, message.id
        assert len(forms) == (catalogue.num_plurals if counted else 1), message.id
        for form in forms:
            assert form.strip(), f"{language} has no {message.id!r}"
            assert names_in(form) == names_in(english), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_translations_match_the_po_files(language: Language) -> None:
    """Each number has its form: the numbers are those at which a language changes the form."""
    said, written = Catalogue.load(language), catalogue_of(language)
    for message in written:
        if not message.id or isinstance(message.id, list | tuple):
            continue
        assert said._translate(Text(message.id)) == message.string, "run provisioning/setup"
    tries = {said.say(plural("expires in {count} day", "expires in {count} days", one)) for one in
             (1, 2, 3, 5, 6, 11, 12, 21, 22, 25, 90)}  # fmt: skip
    assert len(tries) == 11
    assert all(any(sign.isdigit() for sign in each) for each in tries)


def test_numbers_take_the_plural_form_of_their_language() -> None:
    def left(language: Language, count: int) -> str:
        said = plural("expires in {count} day", "expires in {count} days", count)
        return Catalogue.load(language).say(said)

    assert left(Language.POLISH, 1) == "wygasa za 1 dzień"
    assert left(Language.POLISH, 22) == "wygasa za 22 dni"
    assert left(Language.UKRAINIAN, 21) == "строк минає за 21 день"
    assert left(Language.UKRAINIAN, 23) == "строк минає за 23 дні"
    assert left(Language.UKRAINIAN, 12) == "строк минає за 12 днів"
    assert left(Language.WELSH, 2) == "yn dod i ben ymhen 2 ddiwrnod"


def test_the_font_has_every_letter_of_every_language_and_key() -> None:
    from kiosk.ui.widgets import caps  # noqa: PLC0415

    written = {
        sign
        for language in Language
        for message in catalogue_of(language)
        for form in forms_of(message.string)
        for sign in form
    }
    written |= set("".join(OWN_NAMES.values())) | set("".join(caps.ACCENTS.values()))
    written |= set("".join(caps.ACCENTS.values()).upper())
    for layers in (caps.letters(cyrillic=True), caps.address([], divided=False)):
        keys = [cap for rows in layers.values() for row in rows for cap in row]
        written |= {sign for cap in keys for sign in cap.sign or cap.key}
    for name in ("Inter-Regular.otf", "Inter-SemiBold.otf"):
        font = ImageFont.truetype(str(KIOSK / "ui" / "fonts" / name), 40)
        nothing = bytes(font.getmask("\U0010ffff"))
        missing = {sign for sign in written - {" ", "\n"} if bytes(font.getmask(sign)) == nothing}
        assert missing == set(), name


@pytest.mark.parametrize("language", Language)
def test_a_question_is_shown_by_its_id_in_the_language_of_the_screen(language: Language) -> None:
    catalogue = Catalogue.load(language)
    for each in questions.IDS:
        asked = SecurityQuestion(each, "What central says")
        assert catalogue.say(asked) == questions.LANGUAGES[language][each]


@pytest.mark.parametrize("language", Language)
def test_a_question_missing_from_the_list_is_shown_as_central_sent_it(language: Language) -> None:
    asked = SecurityQuestion("of-a-newer-list", "A question of a newer list?")
    assert Catalogue.load(language).say(asked) == "A question of a newer list?"


# ---------------------------------------------------------------- saying


class Fixed(gettext.NullTranslations):
    """A catalogue with one translation for every message."""

    def __init__(self, translation: str) -> None:
        super().__init__()
        self._translation = translation

    def gettext(self, message: str) -> str:  # noqa: ARG002
        return self._translation

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:  # noqa: ARG002
        return self._translation


def test_english_needs_no_file(tmp_path: Path) -> None:
    catalogue = Catalogue.load("en", tmp_path)
    assert catalogue.say(text("Question {number} of {total}", number=2, total=4)) == (
        "Question 2 of 4"
    )
    assert catalogue.say(plural("{count} try", "{count} tries", 1)) == "1 try"
    assert catalogue.say(plural("{count} try", "{count} tries", 0)) == "0 tries"
    assert catalogue.say(Verbatim("{as} it is")) == "{as} it is"


def test_braces_in_values_are_not_filled() -> None:
    assert Catalogue().say(text("Call {name}", name="{0}{name}")) == "Call {0}{name}"


@pytest.mark.parametrize(
    "malformed", ["{nothing}", "{", "{name.__class__}", "{name!r}", "{name:>9}", "{}", "{0}"]
)
def test_a_malformed_translation_falls_back_to_english(
    malformed: str, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = Catalogue(Fixed(malformed))
    with caplog.at_level(logging.WARNING):
        assert catalogue.say(text("Call {name}", name="Ann")) == "Call Ann"
    assert "Call {name}" in caplog.text
    assert "Ann" not in caplog.text
    assert catalogue.say(plural("{name}", "many", 2, name="Ann")) == "many"


# ---------------------------------------------------------------- the pseudo-locale


class Bracketed(gettext.NullTranslations):
    """A catalogue that puts every message in ⟦…⟧, so that other text on the screen stands out."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{super().ngettext(msgid1, msgid2, n)}⟧"


@pytest.mark.dealt
@pytest.mark.parametrize("name", SAMPLES)
def test_no_text_on_the_screen_bypasses_the_catalogue(
    make_desk: Callable[[Catalogue], Desk], name: str
) -> None:
    desk = make_desk(Catalogue(Bracketed()))
    from kivy.uix.label import Label  # noqa: PLC0415 - only after the gallery is open

    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

    view = SAMPLES[name]
    desk.show(view)
    data = set(_data(view))
    labels = [
        widget
        for widget in desk.gallery.app.stage.walk(restrict=True)
        if isinstance(widget, Label) and widget.text
    ]
    assert labels
    for label in labels:
        if isinstance(label, KeyCap) and (label.cap.sign or len(label.text) == 1):
            continue
        assert label.text in data or (label.text[0], label.text[-1]) == ("⟦", "⟧")


def _data(view: View) -> Iterable[str]:
    words: list[Words] = [button.label for button in view.frame.tools]
    words += view.frame.corner
    if isinstance(view, EntryPage | ProfilePage):
        words.append(view.heading)
    if isinstance(view, EntryPage):
        yield from view.entry.endings
    if isinstance(view, ProfilePage):
        words += [value for section in view.sections for pair in section.rows for value in pair]
    if isinstance(view, ChoicePage):
        words += [one for choice in view.choices for one in (choice.label, choice.detail) if one]
    yield from (str(number) for number in range(1, len(view.frame.steps) + 1))
    if isinstance(view, Notice):
        yield view.reference
        for contact in view.contacts:
            words += [contact.name, contact.detail]
    yield from (one.content for one in words if isinstance(one, Verbatim))
    if view.frame.countdown is not None:
        yield str(view.frame.countdown.seconds)


def test_the_samples_are_not_in_the_catalogue() -> None:
    assert isinstance(SAMPLES["done"], Notice)
    assert isinstance(SAMPLES["done"].heading, Text)
    assert "Please take your smartcard." not in messages_in_sources()

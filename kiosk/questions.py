# SPDX-License-Identifier: Apache-2.0
"""The security questions by id, in every language, for kiosk and central alike.

Cardholders choose from a list and do not write their own questions (OWASP). Registrations name
their questions by id, so an id never gets another meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ENGLISH = {
    "first-friend": "What was the first name of your first friend?",
    "first-pet": "What was the name of your first pet?",
    "first-teacher": "What was the surname of the first teacher you remember?",
    "first-street": "What was the name of the first street you lived in?",
    "first-job": "In which town was your first job?",
    "first-concert": "Whose was the first concert you went to?",
    "first-flight": "Where did your first flight take you?",
    "first-car": "What was the make and model of your first car?",
    "childhood-hero": "Who was your hero when you were a child?",
    "childhood-book": "Which book did you like best as a child?",
    "childhood-nickname": "What were you called by your family as a child?",
    "oldest-cousin": "What is the first name of your oldest cousin?",
    "grandmother-town": "In which town was your mother's mother born?",
    "parents-met": "In which town did your parents meet?",
}
WELSH = {
    "first-friend": "Beth oedd enw cyntaf eich ffrind cyntaf?",
    "first-pet": "Beth oedd enw eich anifail anwes cyntaf?",
    "first-teacher": "Beth oedd cyfenw'r athro neu'r athrawes gyntaf yr ydych yn ei gofio?",
    "first-street": "Beth oedd enw'r stryd gyntaf i chi fyw ynddi?",
    "first-job": "Ym mha dref oedd eich swydd gyntaf?",
    "first-concert": "Cyngerdd pwy oedd y cyntaf i chi fynd iddo?",
    "first-flight": "I ble yr aeth eich hediad cyntaf â chi?",
    "first-car": "Beth oedd gwneuthuriad a model eich car cyntaf?",
    "childhood-hero": "Pwy oedd eich arwr pan oeddech yn blentyn?",
    "childhood-book": "Pa lyfr oedd orau gennych yn blentyn?",
    "childhood-nickname": "Beth oedd eich teulu'n eich galw yn blentyn?",
    "oldest-cousin": "Beth yw enw cyntaf eich cefnder neu gyfnither hynaf?",
    "grandmother-town": "Ym mha dref y ganwyd mam eich mam?",
    "parents-met": "Ym mha dref y cyfarfu eich rhieni?",
}
POLISH = {
    "first-friend": "Jak miał na imię Twój pierwszy przyjaciel lub przyjaciółka?",
    "first-pet": "Jak wabiło się Twoje pierwsze zwierzę?",
    "first-teacher": "Jakie nazwisko nosił pierwszy nauczyciel, którego pamiętasz?",
    "first-street": "Jak nazywała się pierwsza ulica, przy której mieszkałeś lub mieszkałaś?",
    "first-job": "W jakim mieście była Twoja pierwsza praca?",
    "first-concert": "Czyj był pierwszy koncert, na którym byłeś lub byłaś?",
    "first-flight": "Dokąd był Twój pierwszy lot samolotem?",
    "first-car": "Jaka była marka i model Twojego pierwszego samochodu?",
    "childhood-hero": "Kto był Twoim bohaterem w dzieciństwie?",
    "childhood-book": "Którą książkę najbardziej lubiłeś lub lubiłaś w dzieciństwie?",
    "childhood-nickname": "Jak nazywała Cię rodzina w dzieciństwie?",
    "oldest-cousin": "Jak ma na imię Twój najstarszy kuzyn lub kuzynka?",
    "grandmother-town": "W jakim mieście urodziła się matka Twojej matki?",
    "parents-met": "W jakim mieście poznali się Twoi rodzice?",
}
UKRAINIAN = {
    "first-friend": "Як звали вашого першого друга чи подругу?",
    "first-pet": "Як звали вашого першого домашнього улюбленця?",
    "first-teacher": "Яке прізвище першого вчителя, якого ви пам'ятаєте?",
    "first-street": "Як називалася перша вулиця, де ви жили?",
    "first-job": "У якому місті була ваша перша робота?",
    "first-concert": "На чиєму концерті ви були вперше?",
    "first-flight": "Куди ви летіли вперше?",
    "first-car": "Якої марки й моделі була ваша перша машина?",
    "childhood-hero": "Хто був вашим героєм у дитинстві?",
    "childhood-book": "Яка книжка подобалася вам найбільше в дитинстві?",
    "childhood-nickname": "Як вас називали вдома в дитинстві?",
    "oldest-cousin": "Як звати вашого найстаршого двоюрідного брата чи сестру?",
    "grandmother-town": "У якому місті народилася мати вашої матері?",
    "parents-met": "У якому місті познайомилися ваші батьки?",
}

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": ENGLISH,
    "cy": WELSH,
    "pl": POLISH,
    "uk": UKRAINIAN,
}
"""The texts by language and id. A text that a language lacks is shown in English."""

IDS = tuple(ENGLISH)
"""The ids in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class SecurityQuestion:
    """A question by its id.

    `text` is what the other side sent for it. It is shown if the list lacks the id, which happens
    if the other side has a newer list.
    """

    id: str
    text: str = ""

    @property
    def is_listed(self) -> bool:
        """Return whether the list has this id."""
        return self.id in ENGLISH

    def in_language(self, language: str) -> str:
        """Return the text in `language`, else in English, else as it was sent, else the id."""
        listed = LANGUAGES.get(language, ENGLISH).get(self.id) or ENGLISH.get(self.id)
        return listed or self.text or self.id.replace("-", " ")

    def in_every_language(self) -> tuple[str, ...]:
        """Return the texts of all languages; what was sent alone if the list lacks the id."""
        listed = tuple(words[self.id] for words in LANGUAGES.values() if self.id in words)
        return listed or (self.in_language("en"),)

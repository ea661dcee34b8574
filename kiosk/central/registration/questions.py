# SPDX-License-Identifier: Apache-2.0
"""The questions a cardholder chooses from: lists, not people's own (OWASP).

An id is never given another meaning: registrations name their questions by it.
"""

from __future__ import annotations

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

# In the languages of the kiosk; what is missing in one is asked in English.
LANGUAGES: dict[str, dict[str, str]] = {
    "en": ENGLISH,
    "cy": WELSH,
    "pl": POLISH,
    "uk": UKRAINIAN,
}


def text(question: str, language: str = "en") -> str:
    """The question as it is asked. KeyError if there is none of that id."""
    return LANGUAGES.get(language, ENGLISH).get(question) or ENGLISH[question]


def texts(question: str) -> tuple[str, ...]:
    """The question in every language; nothing if there is none of that id."""
    return tuple(words[question] for words in LANGUAGES.values() if question in words)

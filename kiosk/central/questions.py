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


# In the languages of the kiosk; what is missing in one is asked in English.
LANGUAGES: dict[str, dict[str, str]] = {"en": ENGLISH}


def text(question: str, language: str = "en") -> str:
    """The question as it is asked. KeyError if there is none of that id."""
    return LANGUAGES.get(language, ENGLISH).get(question) or ENGLISH[question]


def texts(question: str) -> tuple[str, ...]:
    """The question in every language; nothing if there is none of that id."""
    return tuple(words[question] for words in LANGUAGES.values() if question in words)

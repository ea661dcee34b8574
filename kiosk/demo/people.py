"""Who the demonstration is about. Nobody of that name is registered anywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kiosk.demo.cards import IssuedCard


@dataclass(frozen=True)
class Holder:
    """A cardholder with the answers she registered: question id and answer, in order."""

    name: str
    email: str
    answers: tuple[tuple[str, str], ...]
    passcode: str
    new_passcode: str


NURSE = Holder(
    name="Marta Demo",
    email="marta.demo@nhs.net",
    answers=(
        ("first-friend", "Zofia"),
        ("first-street", "Mill Lane"),
        ("first-job", "Llandudno"),
        ("childhood-book", "The Hobbit"),
    ),
    passcode="246802",
    new_passcode="7391520",
)

COLLEAGUE = Holder(
    name="Tomos Demo",
    email="tomos.demo@nhs.net",
    answers=(),  # he has not registered
    passcode="135791",
    new_passcode="",
)

ORGANISATION = "Demonstration Trust"
CENTRAL = "demo-central"
KIOSK = "demo-kiosk"


def personalisation(holder: Holder, card: IssuedCard, token: str, kiosk: str = KIOSK) -> bytes:
    """The document that `kiosk-central seed-demo` reads from its standard input."""
    document = {
        "organisation": ORGANISATION,
        "kiosk": {"name": kiosk, "token": token},
        "cardholder": {"name": holder.name, "email": holder.email},
        "card": card.document(),
        "answers": [
            {"question": question, "answer": answer} for question, answer in holder.answers
        ],
    }
    return json.dumps(document).encode()

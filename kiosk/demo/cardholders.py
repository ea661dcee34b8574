# SPDX-License-Identifier: Apache-2.0
"""The cardholders of the demonstration. Nobody of these names is registered anywhere."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass

from kiosk.demo.issued_cards import IssuedCard
from kiosk.simulated.issuing import SimulatedIssuer

ORGANISATION = "Demonstration Trust"
CENTRAL = "demo-central"
KIOSK = "demo-kiosk"


@dataclass(frozen=True)
class Post:
    """A position of a cardholder, and its organisation."""

    code: str
    name: str
    organisation_code: str
    organisation_name: str


@dataclass(frozen=True)
class DemoHolder:
    """A cardholder with the registered answers: question id and answer, in order."""

    name: str
    email: str
    answers: tuple[tuple[str, str], ...]
    passcode: str
    new_passcode: str
    posts: tuple[Post, ...] = ()


NURSE = DemoHolder(
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

COLLEAGUE = DemoHolder(
    name="Tomos Demo",
    email="tomos.demo@nhs.net",
    answers=(),  # not registered
    passcode="135791",
    new_passcode="",
    posts=(  # two organisations: Tomos chooses one when he logs in
        Post("S8000:G8000:R8001", "Nurse Access Role", "Z9901", ORGANISATION),
        Post("S8000:G8000:R8003", "Health Professional Access Role", "Z9902", "Coed Hospice"),
    ),
)


def personalisation(holder: DemoHolder, card: IssuedCard, issuer: SimulatedIssuer) -> bytes:
    """Return the document that `kiosk-central seed-demo` reads from its standard input."""
    document = {
        "organisation": ORGANISATION,
        "cardholder": {"name": holder.name, "email": holder.email},
        "card": card.document(),
        "answers": [
            {"question": question, "answer": answer} for question, answer in holder.answers
        ],
        "positions": [asdict(post) for post in holder.posts],
        "trust": {"authority": _base64(issuer.der), "revocations": _base64(issuer.revocations())},
    }
    return json.dumps(document).encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()

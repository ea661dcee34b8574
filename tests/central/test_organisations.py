# SPDX-License-Identifier: Apache-2.0
"""A kiosk learns nothing of another organisation: its objects are answered like missing ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from kiosk.contract.messages import CardCommand, Grant
from tests.central.conftest import NewDatabase
from tests.central.loggedin import CHOSEN, EMAIL, FRESH, Desk, TrustedCard, trust_authority
from tests.central.world import (
    ANSWERS,
    Clock,
    KioskClient,
    PersonalCard,
    Service,
    b64,
    item,
)
from tests.contract.document import assert_conforms, document
from tests.patience import PATIENCE


@dataclass
class Things:
    """Objects that a request may name: an unlock's session and grant, a login session, a card."""

    unlock: UUID
    login: UUID
    grant: Grant
    card: PersonalCard
    trusted: TrustedCard


@dataclass
class Two:
    """A kiosk, the objects of another organisation, and ids that exist nowhere."""

    kiosk: KioskClient
    theirs: Things
    nobodys: Things


@pytest.fixture(scope="module")
def two(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("central")
    with new_database(folder) as url:
        service = Service(folder, Clock(), url)
        service.start()
        ours, others = service.kiosk("ward 7"), service.kiosk("ward 8", "Trust B")
        ours.know(PersonalCard())
        card, trusted = others.know(PersonalCard()), TrustedCard()
        others.know(trusted)
        trust_authority(service, trusted.authority)
        desk = Desk(others, trusted)
        desk.log_in()
        grant = others.granted(card)
        theirs = Things(grant.session, desk.session, grant, card, trusted)
        fresh = grant.model_copy(update={"grant": uuid4(), "session": uuid4()})
        unknown = TrustedCard(authority=trusted.authority)
        nobodys = Things(uuid4(), uuid4(), fresh, PersonalCard(), unknown)
        yield Two(ours, theirs, nobodys)
        service.stop()


def presented(card: PersonalCard) -> dict[str, Any]:
    return {
        "family": card.family,
        "serial": card.serial,
        "passcode_tries": 0,
        "unblocking_tries": None,
    }


def opening(thing: Things) -> Any:
    return {"session": str(uuid4()), "card": presented(thing.card), "reason": "locked"}


def opening_login(thing: Things) -> Any:
    certificates = {
        "authentication_certificate": b64(thing.trusted.certificate),
        "card_authentication_certificate": b64(thing.trusted.card_certificate),
    }
    return {"session": str(uuid4()), "card": presented(thing.trusted) | certificates}


def reporting(thing: Things) -> Any:
    facts = item(thing.grant, 1, CardCommand.UNBLOCK, 0, "9000")
    end = {"kind": "visit end", "session": str(thing.unlock), "facts": 1}
    change = {"kind": "passcode change", "family": "piv", "serial": thing.card.serial}
    bare = {"id": str(uuid4()), "recorded_at": "2025-01-01T03:00:00Z"}
    return {"items": [facts, {**bare, "fact": end}, {**bare, "fact": change}]}


Body = Callable[[Things], Any]
SIGNATURE = b64(bytes(64))

# The session that the path names, and the body.
REQUESTS: dict[str, tuple[str, Body | None]] = {
    "open_unlock": ("", opening),
    "give_answers": ("unlock", lambda _: {"answers": ANSWERS, "proof": SIGNATURE}),
    "send_code": ("unlock", None),
    "issue_grant": ("unlock", None),
    "open_challenge": ("unlock", None),
    "respond": ("unlock", lambda _: {"challenge": b64(bytes(16))}),
    "judge": ("unlock", lambda _: {"reply": b64(bytes(16))}),
    "open_login": ("", opening_login),
    "prove_login": ("login", lambda _: {"signature": SIGNATURE}),
    "registration_requirements": ("login", None),
    "send_registration_code": ("login", lambda _: {"email": EMAIL}),
    "register": (
        "login",
        lambda _: {
            "signature": SIGNATURE,
            "questions": CHOSEN,
            "answers": FRESH,
            "code": "000000",
        },
    ),
    "remove_registration": ("login", lambda _: {"signature": SIGNATURE}),
    "report": ("", reporting),
}
NAMES_NOTHING = {
    *("health", "nonce", "enrol", "token", "retire", "question_list", "follow_changes"),
    "lend_packs",
}
OPERATIONS = {
    described["operationId"]: (method, path)
    for path, operations in document()["paths"].items()
    for method, described in operations.items()
}


def ask(two: Two, name: str, thing: Things) -> tuple[int, Any]:
    """Return the status and body of the answer, without the ids that the request made up."""
    which, body = REQUESTS[name]
    method, path = OPERATIONS[name]
    url = two.kiosk.service.url + path.replace("{number}", "1")
    answer = requests.request(
        method,
        url.replace("{session}", str(getattr(thing, which)) if which else ""),
        json=body and body(thing),
        headers={"Authorization": f"Bearer {two.kiosk.token}"},
        timeout=PATIENCE,
    )
    assert_conforms(answer)
    content = answer.json()
    for each in content.get("items", ()):
        del each["id"]
    return answer.status_code, content


def test_every_operation_is_tested() -> None:
    assert set(REQUESTS) | NAMES_NOTHING == set(OPERATIONS)


@pytest.mark.parametrize("name", REQUESTS)
def test_another_organisations_objects_are_answered_like_missing_ones(two: Two, name: str) -> None:
    theirs = ask(two, name, two.theirs)
    assert theirs == ask(two, name, two.nobodys)
    assert theirs[0] in {403, 404} or name == "report"


@pytest.mark.parametrize("name", REQUESTS)
def test_another_kiosks_visits_are_answered_like_missing_ones(two: Two, name: str) -> None:
    """Objects that a visit made, that is: a card may be used at any kiosk of its organisation."""
    if name in {"open_unlock", "open_login", "report"}:
        return
    neighbour = Two(two.kiosk.service.kiosk("ward 9", "Trust B"), two.theirs, two.nobodys)
    assert ask(neighbour, name, two.theirs) == ask(neighbour, name, two.nobodys)


def test_the_same_requests_succeed_for_their_owner(two: Two) -> None:
    """Otherwise the table above would prove nothing."""
    own = Two(two.kiosk.service.kiosk("ward 8", "Trust B"), two.theirs, two.nobodys)
    differing = {
        name for name in REQUESTS if ask(own, name, two.theirs) != ask(own, name, two.nobodys)
    }
    assert differing == set(REQUESTS)

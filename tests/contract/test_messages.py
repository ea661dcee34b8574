# SPDX-License-Identifier: Apache-2.0
"""Messages are frozen and strict, and their text contains no secrets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from kiosk.central import settings
from kiosk.contract import messages
from kiosk.contract.message import Message
from kiosk.contract.messages import (
    AnswersRequest,
    AnswersResponse,
    Grant,
    Report,
    UnblockingKey,
    UnlockResponse,
)
from kiosk.contract.registration import RegistrationRequirements
from kiosk.errors import SettingsError

SESSION = UUID(int=7)


def test_bytes_are_decoded_as_they_were() -> None:
    opened = UnlockResponse(
        session=SESSION,
        nonce=bytes(range(240, 256)),
        questions=tuple(messages.Question(id=str(n), text="?") for n in range(4)),
    )
    assert UnlockResponse.model_validate_json(opened.model_dump_json()) == opened
    assert '"8PHy8/T19vf4+fr7/P3+/w=="' in opened.model_dump_json()


@pytest.mark.parametrize("count", [0, 3, 5])
def test_exactly_four_answers_are_required(count: int) -> None:
    with pytest.raises(ValidationError):
        AnswersRequest(answers=("x",) * count)


@pytest.mark.parametrize("kind", Message.__subclasses__())
def test_unknown_fields_are_refused_and_never_shown(kind: type[Message]) -> None:
    with pytest.raises(ValidationError) as refused:
        kind.model_validate({"planted": "a planted value"})
    assert "a planted value" not in str(refused.value)


def test_messages_are_frozen() -> None:
    accepted = AnswersResponse(session=SESSION)
    with pytest.raises(ValidationError):
        accepted.session = UUID(int=8)  # type: ignore[misc]


def test_a_secret_is_not_in_a_repr() -> None:
    key = UnblockingKey(generation=1, key=b"planted1")
    grant = Grant(
        grant=SESSION,
        session=SESSION,
        current=key,
        next=key,
        first=1,
        second_allowed=False,
        renew=True,
        card_authentication_key=None,
        receipt=b"planted receipt",
    )
    given = AnswersRequest(answers=("planted", None, "x", "y"), proof=b"p")
    messages: list[BaseModel] = [key, grant, given]
    for message in messages:
        assert "planted" not in repr(message)
        assert "planted" not in str(message)
    assert grant.second_needs_tries_left == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"generation": -1},
        {"status": "9"},
        {"status": "90 0"},
        {"status": "6d00"},
        {"sequence": 65},
        {"command": "erase"},
        {"kind": "other"},
    ],
)
def test_a_fact_is_limited_to_what_a_card_can_answer(wrong: dict[str, Any]) -> None:
    fact = {
        "kind": "card",
        "grant": str(SESSION),
        "sequence": 0,
        "command": "unblock",
        "generation": 0,
        "status": "9000",
    }
    item = {"id": str(SESSION), "recorded_at": "2025-01-01T00:00:00Z"}
    Report.model_validate({"items": [item | {"fact": fact}]})
    with pytest.raises(ValidationError):
        Report.model_validate({"items": [item | {"fact": fact | wrong}]})


@pytest.mark.parametrize(
    "wrong",
    [
        "nhs", "NHS.net", "@nhs.net", "nora@nhs.net", "nhs.net.", "..nhs.uk", "a b.uk", "nhs.net\n",
        "-nhs.uk", "nhs-.uk", "nhs.1", "nh\u015b.net", "", ".", "[markup].uk", "a" * 64 + ".uk",
        "a." * 126 + "net",
    ],
)  # fmt: skip
def test_a_mail_domain_has_to_be_valid_in_addresses(wrong: str) -> None:
    right = ("nhs.net", ".nhs.uk", "x-1.gov.uk", "xn--bcher-kva.example", "a." * 125 + "net")
    needed = RegistrationRequirements(former_questions=(), mail_domains=right)
    assert RegistrationRequirements.model_validate_json(needed.model_dump_json()) == needed
    for domains in ((wrong,), ("nhs.net",) * 33):
        with pytest.raises(ValidationError):
            RegistrationRequirements(former_questions=(), mail_domains=domains)
    with pytest.raises(SettingsError) as refused:
        settings.read(database="x", name="x", master_key_file="x", mail_domains=(wrong,))
    assert refused.value.place == "KIOSK_CENTRAL_MAIL_DOMAINS_0"


@pytest.mark.parametrize("wrong", [{"facts": -1}, {"facts": 65}, {"facts": None}, {"grant": "x"}])
def test_the_end_of_a_visit_has_the_number_of_its_facts(wrong: dict[str, Any]) -> None:
    end = {"kind": "visit end", "session": str(SESSION), "facts": 0}
    item = {"id": str(SESSION), "recorded_at": "2025-01-01T00:00:00Z"}
    report = Report.model_validate({"items": [item | {"fact": end}]})
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert isinstance(report.items[0].fact, messages.VisitEnd)
    with pytest.raises(ValidationError):
        Report.model_validate({"items": [item | {"fact": end | wrong}]})


@pytest.mark.parametrize(
    "moment", ["2025-01-01T00:00:00", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"]
)
def test_a_time_has_to_be_expressible_in_utc(moment: str) -> None:
    end = {"kind": "visit end", "session": str(SESSION), "facts": 0}
    item = {"id": str(SESSION), "recorded_at": "1970-01-01T02:00:00+02:00", "fact": end}
    recorded = Report.model_validate({"items": [item]}).items[0].recorded_at
    assert recorded == datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(ValidationError):
        Report.model_validate({"items": [item | {"recorded_at": moment}]})

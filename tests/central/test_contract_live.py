# SPDX-License-Identifier: Apache-2.0
"""Requests that are made from the contract's document, right ones and wrong ones, are answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kiosk.contract.messages import Grant
from tests.central.conftest import NewDatabase
from tests.central.loggedin import Desk, TrustedCard, believe
from tests.central.world import Clock, KioskClient, PersonalCard, Service
from tests.contract.document import document
from tests.examples import examples

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
Operation = APIOperation[Any, Any, Any, Any]
Request = Case[Any]
OPERATIONS: list[Operation] = []
for _found in schemathesis.openapi.from_dict(document()).get_all_operations():
    assert isinstance(_found, Ok)
    OPERATIONS.append(_found.ok())
pytestmark = pytest.mark.drawn
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
FOR_ANYBODY = {"GET /v1/health", "GET /v1/nonce", "POST /v1/enrolments"}
a_few = settings(
    max_examples=examples(20),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Ground:
    """What there is at central for a request to hit upon."""

    kiosk: KioskClient
    card: PersonalCard
    grant: Grant
    login: UUID

    def aim(self, case: Request, *, session: UUID) -> None:
        """Have a request, made of nothing but the document, name something that is there."""
        if "session" in case.path_parameters:
            case.path_parameters["session"] = str(session)
        match case.body:
            case {"card": dict() as card}:
                card.update(family="piv", serial=self.card.serial)
            case {"items": list() as items}:
                for item in items:
                    if about := {"card": "grant", "visit end": "session"}.get(item["fact"]["kind"]):
                        item["fact"][about] = str(getattr(self.grant, about))

    def ask(self, case: Request, token: str) -> int:
        """The status of the answer, which is one that the document has."""
        answer = case.call_and_validate(
            base_url=self.kiosk.service.url,
            headers={"Authorization": f"Bearer {token}"},
            checks=CHECKS,
        )
        return answer.status_code


@pytest.fixture(scope="module")
def ground(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("central")
    with new_database(folder) as url:
        service = Service(folder, Clock(), url)
        service.start()
        kiosk = service.kiosk("ward 7")
        card, hers = PersonalCard(), TrustedCard()
        kiosk.know(card)
        kiosk.know(hers)
        believe(service, hers.authority)
        desk = Desk(kiosk, hers)
        desk.log_in()
        yield Ground(kiosk, card, kiosk.granted(card), desk.session)
        service.stop()


@pytest.mark.dealt
@each_operation
def test_what_the_document_allows_is_answered_as_it_says(
    ground: Ground, operation: Operation
) -> None:
    sessions = st.sampled_from([ground.grant.session, ground.login, uuid4()])

    @a_few
    @given(case=operation.as_strategy(), session=sessions)
    def ask(case: Request, session: UUID) -> None:
        ground.aim(case, session=session)
        ground.ask(case, ground.kiosk.token)

    ask()


@pytest.mark.dealt
@each_operation
def test_what_the_document_forbids_is_refused_as_it_says(
    ground: Ground, operation: Operation
) -> None:
    if not operation.body and not list(operation.iter_parameters()):
        return

    @a_few
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case: Request) -> None:
        ground.ask(case, ground.kiosk.token)

    ask()


@pytest.mark.dealt
@each_operation
def test_nobody_is_answered_without_the_token(ground: Ground, operation: Operation) -> None:
    if operation.label in FOR_ANYBODY:
        return

    @a_few
    @given(case=operation.as_strategy())
    def ask(case: Request) -> None:
        ground.aim(case, session=ground.grant.session)
        assert ground.ask(case, "planted") == 401

    ask()

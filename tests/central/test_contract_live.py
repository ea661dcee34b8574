# SPDX-License-Identifier: Apache-2.0
"""Valid and invalid requests, generated from the contract's document, get documented answers."""

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
from tests.central.loggedin import Desk, TrustedCard, trust_authority
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
class Targets:
    """Existing objects at central that a request can refer to."""

    kiosk: KioskClient
    card: PersonalCard
    grant: Grant
    login: UUID

    def aim(self, case: Request, *, session: UUID) -> None:
        """Make a generated request refer to existing objects."""
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
        """Send the request; return the status, which has to be in the document."""
        answer = case.call_and_validate(
            base_url=self.kiosk.service.url,
            headers={"Authorization": f"Bearer {token}"},
            checks=CHECKS,
        )
        return answer.status_code


@pytest.fixture(scope="module")
def targets(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Targets]:
    folder = tmp_path_factory.mktemp("central")
    with new_database(folder) as url:
        service = Service(folder, Clock(), url)
        service.start()
        kiosk = service.kiosk("ward 7")
        card, trusted_card = PersonalCard(), TrustedCard()
        kiosk.know(card)
        kiosk.know(trusted_card)
        trust_authority(service, trusted_card.authority)
        desk = Desk(kiosk, trusted_card)
        desk.log_in()
        yield Targets(kiosk, card, kiosk.granted(card), desk.session)
        service.stop()


@pytest.mark.dealt
@each_operation
def test_a_valid_request_gets_a_documented_answer(targets: Targets, operation: Operation) -> None:
    sessions = st.sampled_from([targets.grant.session, targets.login, uuid4()])

    @a_few
    @given(case=operation.as_strategy(), session=sessions)
    def ask(case: Request, session: UUID) -> None:
        targets.aim(case, session=session)
        targets.ask(case, targets.kiosk.token)

    ask()


@pytest.mark.dealt
@each_operation
def test_an_invalid_request_gets_a_documented_refusal(
    targets: Targets, operation: Operation
) -> None:
    if not operation.body and not list(operation.iter_parameters()):
        return

    @a_few
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case: Request) -> None:
        targets.ask(case, targets.kiosk.token)

    ask()


@pytest.mark.dealt
@each_operation
def test_a_request_without_the_token_is_refused(targets: Targets, operation: Operation) -> None:
    if operation.label in FOR_ANYBODY:
        return

    @a_few
    @given(case=operation.as_strategy())
    def ask(case: Request) -> None:
        targets.aim(case, session=targets.grant.session)
        assert targets.ask(case, "planted") == 401

    ask()

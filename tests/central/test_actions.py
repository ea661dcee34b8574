# SPDX-License-Identifier: Apache-2.0
"""Every action checks, acts and audits in one transaction, or declines and changes nothing."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from kiosk.central import actions
from kiosk.central.actions import catalogue, kiosks, unlocking
from kiosk.central.actions.context import (
    Change,
    DatabaseFailed,
    Declined,
    OperatorContext,
    UnauditedChangeError,
)
from kiosk.central.tables import AuditEntry, Organisation
from kiosk.errors import KioskError
from tests.central.actor import LOOKS, OPERATOR, SAMPLE_CALLS, Actor
from tests.central.world import KioskClient, PersonalCard, Service

pytestmark = pytest.mark.dealt


@pytest.fixture
def actor(service: Service, kiosk: KioskClient, card: PersonalCard, tmp_path: Path) -> Actor:
    return Actor(service, kiosk, card, tmp_path)


def action(name: str) -> Callable[..., Any]:
    return catalogue.functions()[name][1]


def entries(actor: Actor) -> list[AuditEntry]:
    with actor.service.services.database.reading() as session:
        return list(session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))))


def test_every_action_and_every_look_is_tested() -> None:
    looks = set()
    catalogued = {function for _, function in catalogue.functions().values()}
    for module in pkgutil.iter_modules(actions.__path__):
        found = importlib.import_module(f"{actions.__name__}.{module.name}")
        for name, function in inspect.getmembers(found, inspect.isfunction):
            takes = list(inspect.signature(function).parameters.values())
            acts = function.__module__ == found.__name__ and takes and takes[0].name == "context"
            if acts and not name.startswith("_") and function not in catalogued:
                looks.add(f"{module.name}.{name}")
    assert looks == set(LOOKS)
    assert set(catalogue.functions()) == set(SAMPLE_CALLS)


@pytest.mark.parametrize("name", SAMPLE_CALLS)
def test_every_action_is_audited_with_its_operator(actor: Actor, name: str) -> None:
    SAMPLE_CALLS[name].prepare(actor)
    named = SAMPLE_CALLS[name].good(actor)
    before = len(entries(actor))
    done = action(name)(actor.context, **named)
    new = entries(actor)[before:]
    first, *consequences = catalogue.functions()[name][0].entries
    assert {each.kind for each in new} <= {first, *consequences}
    assert first in {each.kind for each in new}
    for each in new:
        if each.kind == first:
            assert (each.details["operator"], each.details["channel"]) == (OPERATOR, "command line")
    for result in done if isinstance(done, tuple) else (done,):
        assert is_dataclass(result)
        with pytest.raises(FrozenInstanceError):
            setattr(result, fields(result)[0].name, None)


@pytest.mark.parametrize("name", [name for name, call in SAMPLE_CALLS.items() if call.bad])
def test_a_declined_action_changes_nothing(actor: Actor, name: str) -> None:
    bad = SAMPLE_CALLS[name].bad
    assert bad is not None
    if name != "registrations.release":
        SAMPLE_CALLS[name].prepare(actor)
    named = bad(actor)
    before = actor.content()
    with pytest.raises(KioskError) as declined:
        action(name)(actor.context, **named)
    assert actor.content() == before
    assert str(declined.value)[0].isupper() or ": " in str(declined.value)
    assert str(declined.value).endswith(".")


@pytest.mark.parametrize("name", SAMPLE_CALLS)
def test_an_action_that_cannot_be_audited_is_rolled_back(
    actor: Actor, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    SAMPLE_CALLS[name].prepare(actor)
    named = SAMPLE_CALLS[name].good(actor)
    before = actor.content()

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Change, "record", fail)
    with pytest.raises(ZeroDivisionError):
        action(name)(actor.context, **named)
    assert actor.content() == before


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_changes_nothing(actor: Actor, name: str) -> None:
    module, _, function = name.partition(".")
    look = getattr(importlib.import_module(f"{actions.__name__}.{module}"), function)
    before = actor.content()
    look(actor.context, **LOOKS[name])
    assert actor.content() == before


def test_a_change_without_an_entry_does_not_commit(actor: Actor) -> None:
    before = actor.content()
    with pytest.raises(UnauditedChangeError), actor.context.changing() as change:
        change.session.add(Organisation(name="Trust B"))
    assert actor.content() == before


@pytest.mark.parametrize("name", ["", " Rita", "Rita\n", "Ri\x1b[2Jta", "R" * 101])
def test_an_operators_name_has_to_be_printable(actor: Actor, name: str) -> None:
    with pytest.raises(Declined, match="control characters"):
        OperatorContext(actor.service.services, name)


def test_a_database_failure_is_reported_in_a_sentence(actor: Actor) -> None:
    with (
        pytest.raises(DatabaseFailed, match=r"^The database failed: .*\.$"),
        actor.context.reading() as session,
    ):
        session.connection().execute(text("SELECT planted FROM nowhere"))


def test_a_token_is_not_in_the_repr_of_a_result(actor: Actor) -> None:
    made = kiosks.make_enrolment_token(actor.context, name="ward 9", organisation="Trust A")
    assert made.token
    assert made.token not in repr(made)


def test_a_stop_for_all_remains_when_one_organisation_resumes(actor: Actor) -> None:
    unlocking.stop_unlocking(actor.context, organisation=None)
    state = unlocking.resume_unlocking(actor.context, organisation="Trust A")
    assert (state.stopped, state.all_stopped) == (False, True)

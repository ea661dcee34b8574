"""The worker's requests and replies as the fields of `wire`, and back.

A request is {"operation": …, its arguments}. Then come up any number of {"step": …}, which the
parent answers with {"recorded": true}, and {"consult": …}, with {"said": bytes}; at the end one
{"result": …} or {"error": …}.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from kiosk import errors
from kiosk.card.session import (
    Ability,
    Authority,
    CardIncapable,
    CardReport,
    Certificates,
)
from kiosk.card.unlock import Candidate, CardStep, UnlockPlan
from kiosk.devices.reader.wire import Fields
from kiosk.values import CardIdentity, Counters, Family, PasscodeRules, ReaderTrouble

_ERRORS: dict[str, type[errors.CardError]] = {
    each.__name__: each
    for each in (
        errors.ReaderUnavailable,
        errors.CardRemoved,
        errors.CardMute,
        errors.CardRefused,
        errors.CardMalformed,
        errors.CardUnknown,
        errors.WrongCard,
        errors.SecretRefused,
        errors.WrongSecret,
        CardIncapable,
    )
}


RECORDED: Fields = {"recorded": True}


def comes_up(fields: Fields) -> bool:
    """Whether the worker waits for an answer before it goes on."""
    return "step" in fields or "consult" in fields


def consult(authority: Authority | None, fields: Fields) -> Fields:
    """What the authority says to a worker's question; raises what the authority raises."""
    if authority is None:
        raise errors.SecretRefused("unblocking key")
    match fields["consult"]:
        case "opening":
            return {"said": authority.opening()}
        case "answer":
            return {"said": authority.answer(fields["bytes"])}
        case _:
            authority.check(fields["bytes"])
            return {"said": b""}


def from_plan(plan: UnlockPlan) -> Fields:
    """An unlock's plan as fields."""
    return {
        "identity": from_identity(plan.identity),
        "current": _from_candidate(plan.current),
        "next": _from_candidate(plan.next) if plan.next is not None else None,
        "first": plan.first,
        "second_allowed": plan.second_allowed,
        "second_needs_tries_left": plan.second_needs_tries_left,
        "renew": plan.renew,
        "passcode": plan.passcode,
        "proof": plan.proof,
        "card_key": plan.card_key,
        "holder_key": plan.holder_key,
        "attestations": {str(each): digest for each, digest in plan.attestations.items()},
    }


def to_plan(fields: Fields) -> UnlockPlan:
    """An unlock's plan from fields."""
    return UnlockPlan(
        **{
            **fields,
            "identity": to_identity(fields["identity"]),
            "current": Candidate(**fields["current"]),
            "next": Candidate(**fields["next"]) if fields["next"] is not None else None,
            "attestations": {int(each): made for each, made in fields["attestations"].items()},
        }
    )


def _from_candidate(candidate: Candidate) -> Fields:
    return {"generation": candidate.generation, "key": candidate.key}


def from_identity(identity: CardIdentity) -> Fields:
    """A card's identity as fields."""
    return {"family": str(identity.family), "serial": identity.serial}


def to_identity(fields: Fields) -> CardIdentity:
    """A card's identity from fields."""
    return CardIdentity(Family(fields["family"]), fields["serial"])


def from_report(report: CardReport) -> Fields:
    """A card's report as fields."""
    return {
        "identity": from_identity(report.identity),
        "counters": dataclasses.asdict(report.counters),
        "rules": dataclasses.asdict(report.rules),
        "certificates": dataclasses.asdict(report.certificates),
        "abilities": sorted(report.abilities),
    }


def to_report(fields: Fields) -> CardReport:
    """A card's report from fields."""
    return CardReport(
        to_identity(fields["identity"]),
        Counters(**fields["counters"]),
        PasscodeRules(**fields["rules"]),
        Certificates(**fields["certificates"]),
        frozenset(Ability(each) for each in fields["abilities"]),
    )


def from_step(step: CardStep) -> Fields:
    """A recorded step as fields."""
    return dataclasses.asdict(step)


def to_step(fields: Fields) -> CardStep:
    """A recorded step from fields."""
    return CardStep(**fields)


def from_error(error: errors.CardError) -> Fields:
    """An error by its name and its data."""
    names = getattr(error, "__dataclass_fields__", {})
    data = {name: _plain(getattr(error, name)) for name in names}
    return {"name": type(error).__name__, "data": data}


def to_error(fields: Fields) -> errors.CardError:
    """The error again; one that is not known becomes CardMalformed, never silence."""
    known = _ERRORS.get(fields["name"])
    if known is None:
        return errors.CardMalformed(f"worker: {fields['name']}")
    data = dict(fields["data"])
    if known is errors.ReaderUnavailable:
        data["trouble"] = ReaderTrouble(data["trouble"])
    return known(**data)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, ReaderTrouble) else value

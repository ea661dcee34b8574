# SPDX-License-Identifier: Apache-2.0
"""The worker's requests and replies as the fields of `wire`, and back.

A request is {"operation": …, its arguments}. Then come up any number of {"step": …}, which the
parent answers with {"recorded": true}, and {"consult": …}, with {"said": bytes}; at the end one
{"result": …} or {"error": …}.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, TypeVar, get_type_hints

from kiosk import errors
from kiosk.card.examination import Finding
from kiosk.card.passcode_work import Own
from kiosk.card.session import (
    Ability,
    Authority,
    CardIncapable,
    CardReport,
    Certificates,
)
from kiosk.card.unlock_work import Candidate, CardStep, Unlocked, UnlockPlan
from kiosk.devices.reader.wire import Fields, WireClosed
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

_QUESTIONS = {"opening", "answer", "check"}
_T = TypeVar("_T")

RECORDED: Fields = {"recorded": True}
HAS_CARD: Fields = {"has card": True}
"""What the worker says once it has the card for itself, before the first command."""


def understood(convert: Callable[[Any], _T], said: Any) -> _T:
    """What `said` means by `convert`; raises WireClosed where it means nothing, however it fails.

    Everything that the worker says goes through here: a hostile card may have taken it over.
    """
    try:
        return convert(said)
    except Exception as error:
        raise WireClosed from error


def comes_up(fields: Fields) -> str | None:
    """What the worker waits for an answer to before it goes on: a step, a question, or nothing."""
    return next((each for each in ("step", "consult") if each in fields), None)


def consult(authority: Authority | None, fields: Fields) -> Fields:
    """What the authority says to a worker's question; raises what the authority raises."""
    if authority is None:
        raise errors.SecretRefused("unblocking key")
    question, content = understood(_to_question, fields)
    match question:
        case "opening":
            return {"said": authority.opening()}
        case "answer":
            return {"said": authority.answer(content)}
        case _:
            authority.check(content)
            return {"said": b""}


def _to_question(fields: Fields) -> tuple[str, bytes]:
    if fields["consult"] not in _QUESTIONS:
        raise ValueError("no question that is known")
    return fields["consult"], _a(bytes, fields["bytes"])


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


def from_expected(expected: tuple[CardIdentity, Own]) -> Fields:
    """Which card is meant, and how it is to prove that it is the one."""
    identity, own = expected
    return {"identity": from_identity(identity), "own": dataclasses.asdict(own)}


def to_expected(fields: Fields) -> tuple[CardIdentity, Own]:
    """The same from fields."""
    return to_identity(fields["identity"]), Own(**fields["own"])


def from_identity(identity: CardIdentity) -> Fields:
    """A card's identity as fields."""
    return {"family": str(identity.family), "serial": identity.serial}


def to_identity(fields: Fields) -> CardIdentity:
    """A card's identity from fields."""
    return CardIdentity(Family(fields["family"]), _a(str, fields["serial"]))


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
        _made(Counters, fields["counters"]),
        _made(PasscodeRules, fields["rules"]),
        _made(Certificates, fields["certificates"]),
        frozenset(Ability(each) for each in fields["abilities"]),
    )


def from_step(step: CardStep) -> Fields:
    """A recorded step as fields."""
    return dataclasses.asdict(step)


def to_step(fields: Fields) -> CardStep:
    """A recorded step from fields."""
    return _made(CardStep, fields)


def to_signature(fields: Fields) -> bytes:
    """What a card signed."""
    signature: bytes = _a(bytes, fields["signature"])
    return signature


def to_unlocked(fields: Fields) -> Unlocked:
    """How an unlock ended."""
    return _made(Unlocked, fields)


def to_findings(fields: Fields) -> tuple[Finding, ...]:
    """What was found out about a card."""
    return tuple(Finding(_a(str, what), _a(str, found)) for what, found in fields["findings"])


def from_error(error: errors.CardError) -> Fields:
    """An error by its name and its data."""
    names = getattr(error, "__dataclass_fields__", {})
    data = {name: _plain(getattr(error, name)) for name in names}
    return {"name": type(error).__name__, "data": data}


def to_error(fields: Fields) -> errors.CardError:
    """The error again; one that is not known becomes CardMalformed, never silence."""
    known = _ERRORS.get(_a(str, fields["name"]))
    if known is None:
        return errors.CardMalformed(f"worker: {fields['name']}")
    data = dict(fields["data"])
    if known is errors.ReaderUnavailable:
        data["trouble"] = ReaderTrouble(data["trouble"])
    return _made(known, data)


def _made(kind: type[_T], fields: Mapping[str, Any]) -> _T:
    """A value class from its fields, each of the type that it says."""
    types = get_type_hints(kind)
    return kind(**{name: _a(types[name], value) for name, value in fields.items()})


def _a(kind: type[_T] | UnionType, value: Any) -> Any:
    """`value`, if it is of this type; whole numbers do for others too."""
    if not isinstance(value, int | float if kind is float else kind):
        raise TypeError("of another type")
    return value


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, ReaderTrouble) else value

# SPDX-License-Identifier: Apache-2.0
"""Converts the worker's requests and replies to the fields of `wire`, and back.

A request is {"operation": …, its arguments}. The worker may send any number of {"step": …}, which
the parent answers with {"recorded": true}, and of {"consult": …}, answered with {"said": bytes}. At
the end it sends one {"result": …} or {"error": …}.
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
"""The worker sends this once it has exclusive access to the card, before the first command."""


def understood(convert: Callable[[Any], _T], message: Any) -> _T:
    """Return `convert(message)`; raises WireClosed if the conversion fails in any way.

    Everything that the worker sends goes through here: a hostile card may have taken it over.
    """
    try:
        return convert(message)
    except Exception as error:
        raise WireClosed from error


def comes_up(fields: Fields) -> str | None:
    """Return "step" or "consult" if the worker waits for an answer to one, else None."""
    return next((each for each in ("step", "consult") if each in fields), None)


def consult(authority: Authority | None, fields: Fields) -> Fields:
    """Return the authority's answer to a worker's question; raises the authority's errors."""
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
    """Return the fields of an unlock's plan."""
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
    """Return an unlock's plan from its fields."""
    return UnlockPlan(
        **{
            **fields,
            "identity": to_identity(fields["identity"]),
            "current": Candidate(**fields["current"]),
            "next": Candidate(**fields["next"]) if fields["next"] is not None else None,
            "attestations": {int(each): digest for each, digest in fields["attestations"].items()},
        }
    )


def _from_candidate(candidate: Candidate) -> Fields:
    return {"generation": candidate.generation, "key": candidate.key}


def from_expected(expected: tuple[CardIdentity, Own]) -> Fields:
    """Return the fields of the expected card and of its proof."""
    identity, own = expected
    return {"identity": from_identity(identity), "own": dataclasses.asdict(own)}


def to_expected(fields: Fields) -> tuple[CardIdentity, Own]:
    """Return the expected card and its proof from their fields."""
    return to_identity(fields["identity"]), Own(**fields["own"])


def from_identity(identity: CardIdentity) -> Fields:
    """Return the fields of a card's identity."""
    return {"family": str(identity.family), "serial": identity.serial}


def to_identity(fields: Fields) -> CardIdentity:
    """Return a card's identity from its fields."""
    return CardIdentity(Family(fields["family"]), _a(str, fields["serial"]))


def from_report(report: CardReport) -> Fields:
    """Return the fields of a card's report."""
    return {
        "identity": from_identity(report.identity),
        "counters": dataclasses.asdict(report.counters),
        "rules": dataclasses.asdict(report.rules),
        "certificates": dataclasses.asdict(report.certificates),
        "abilities": sorted(report.abilities),
    }


def to_report(fields: Fields) -> CardReport:
    """Return a card's report from its fields."""
    return CardReport(
        to_identity(fields["identity"]),
        _made(Counters, fields["counters"]),
        _made(PasscodeRules, fields["rules"]),
        _made(Certificates, fields["certificates"]),
        frozenset(Ability(each) for each in fields["abilities"]),
    )


def from_step(step: CardStep) -> Fields:
    """Return the fields of a recorded step."""
    return dataclasses.asdict(step)


def to_step(fields: Fields) -> CardStep:
    """Return a recorded step from its fields."""
    return _made(CardStep, fields)


def to_signature(fields: Fields) -> bytes:
    """Return a card's signature from its fields."""
    signature: bytes = _a(bytes, fields["signature"])
    return signature


def to_unlocked(fields: Fields) -> Unlocked:
    """Return the result of an unlock from its fields."""
    return _made(Unlocked, fields)


def to_findings(fields: Fields) -> tuple[Finding, ...]:
    """Return the findings about a card from their fields."""
    return tuple(Finding(_a(str, what), _a(str, found)) for what, found in fields["findings"])


def from_error(error: errors.CardError) -> Fields:
    """Return the fields of an error: its name and its data."""
    names = getattr(error, "__dataclass_fields__", {})
    data = {name: _plain(getattr(error, name)) for name in names}
    return {"name": type(error).__name__, "data": data}


def to_error(fields: Fields) -> errors.CardError:
    """Return the error from its fields; an unknown one becomes CardMalformed, never silence."""
    known = _ERRORS.get(_a(str, fields["name"]))
    if known is None:
        return errors.CardMalformed(f"worker: {fields['name']}")
    data = dict(fields["data"])
    if known is errors.ReaderUnavailable:
        data["trouble"] = ReaderTrouble(data["trouble"])
    return _made(known, data)


def _made(kind: type[_T], fields: Mapping[str, Any]) -> _T:
    """Return a `kind` from its fields, each of which must have the declared type."""
    types = get_type_hints(kind)
    return kind(**{name: _a(types[name], value) for name, value in fields.items()})


def _a(kind: type[_T] | UnionType, value: Any) -> Any:
    """Return `value` if it is of this type; a whole number also passes for a float."""
    if not isinstance(value, int | float if kind is float else kind):
        raise TypeError("of another type")
    return value


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, ReaderTrouble) else value

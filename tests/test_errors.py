# SPDX-License-Identifier: Apache-2.0
"""The text of every error of this project reads as a sentence."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from kiosk.central.keys.sealing import RowError
from kiosk.contract.messages import ProblemType
from kiosk.errors import KioskError, SettingsError, reason_of, sentence
from kiosk.values import ReaderTrouble

ROOT = Path(__file__).parents[1]
_BASES = re.compile(r"^class \w+\((KioskError|CardError|CentralError)\):", re.MULTILINE)
_VALUES: dict[object, Any] = {
    str: "sample",
    int: 5,
    float: 20.0,
    ReaderTrouble: ReaderTrouble.NO_READER,
    int | None: None,
    tuple[str, ...]: ("vc4", "v3d"),
    ProblemType: ProblemType.LOCKED_OUT,
    tuple[RowError, ...]: (RowError("cards.csv", 3, "serial", "is wrong"),),
}


def _everywhere() -> None:
    """Import each module that declares an error."""
    for file in (ROOT / "kiosk").rglob("*.py"):
        if _BASES.search(file.read_text()):
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def _below(kind: type[KioskError]) -> Iterator[type[KioskError]]:
    yield kind
    for each in kind.__subclasses__():
        if each.__module__.startswith("kiosk."):
            yield from _below(each)


_everywhere()
KINDS = tuple(_below(KioskError))


def _carried(kind: Any) -> list[str]:
    return [each.name for each in fields(kind)] if is_dataclass(kind) else []


def sample(kind: type[KioskError]) -> KioskError:
    hints = get_type_hints(kind)
    if carried := _carried(kind):
        return kind(**{name: _VALUES[hints[name]] for name in carried})
    return kind(ProblemType.LOCKED_OUT) if kind.__init__ is not KioskError.__init__ else kind()


def test_errors_of_every_room_are_found() -> None:
    assert {"SettingsError", "CardIncapable", "RequestRefused", "UnreadableRows", "Declined"} <= {
        kind.__name__ for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_is_a_sentence(kind: type[KioskError]) -> None:
    sentence_of_error = str(sample(kind))
    assert kind.__name__ not in sentence_of_error
    assert not re.search(r"\w=|\w\(|None|[=(]'|[{}<>]", sentence_of_error), sentence_of_error
    assert re.fullmatch(r"\S.*[a-z0-9]\.", sentence_of_error), sentence_of_error
    assert "\n" not in sentence_of_error


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_contains_the_text_of_its_fields(kind: type[KioskError]) -> None:
    sentence_of_error = str(sample(kind))
    for name in _carried(kind):
        if isinstance(value := getattr(sample(kind), name), str) and not isinstance(
            value, ReaderTrouble
        ):
            assert value in sentence_of_error


def test_a_settings_error_names_the_setting_and_the_fault() -> None:
    assert str(SettingsError("KIOSK_X", "has to be set")) == "KIOSK_X: has to be set."


@pytest.mark.parametrize(
    ("kind", "message", "reason"),
    [
        ("missing", "Field required", "has to be set"),
        ("value_error", "Value error, must be https", "must be https"),
        ("int_parsing", "Input should be a valid integer", "should be a valid integer"),
        ("string_too_short", "String should have characters", "string should have characters"),
        ("value_error", "Value error, PIN is wrong", "PIN is wrong"),
    ],
)
def test_a_validation_error_is_worded_without_pydantics_prefixes(
    kind: str, message: str, reason: str
) -> None:
    assert reason_of(kind, message) == reason


def test_another_programs_message_stays_on_one_line() -> None:
    assert sentence("first\n  second") == "first second."
    assert sentence("done.") == "done."

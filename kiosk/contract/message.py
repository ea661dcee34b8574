# SPDX-License-Identifier: Apache-2.0
"""The building blocks of messages: the frozen base model, and the types of fields.

Bytes travel as base64 (standard alphabet, padded), UUIDs and times in their usual text forms. Both
sides refuse unknown fields.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
)


def _from_base64(value: object) -> object:
    return b64decode(value, validate=True) if isinstance(value, str) else value


def _to_base64(value: bytes) -> str:
    return b64encode(value).decode()


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("not a time that UTC has") from None


_Base64Text = Annotated[
    str,
    Field(
        json_schema_extra={
            "contentEncoding": "base64",
            "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        }
    ),
]
Base64 = Annotated[
    bytes,
    BeforeValidator(_from_base64, json_schema_input_type=_Base64Text),
    PlainSerializer(_to_base64, return_type=_Base64Text),
]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Serial = Annotated[str, Field(pattern=r"^[0-9A-F]{8,64}$")]
Der = Annotated[Base64, Field(max_length=16384)]
Answer = Annotated[str, Field(max_length=128)]
Code = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Generation = Annotated[int, Field(ge=0, le=1_000_000)]
StatusWord = Annotated[str, Field(pattern=r"^[0-9A-F]{4}$")]
Receipt = Annotated[Base64, Field(max_length=1024, repr=False)]
LanguageName = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
EpochName = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class Message(BaseModel):
    """A frozen message; its repr leaves out secret fields (`repr=False`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

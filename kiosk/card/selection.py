# SPDX-License-Identifier: Apache-2.0
"""Selecting an application by its name, and seeing that it is the one."""

from __future__ import annotations

from kiosk.card import tlv
from kiosk.card.apdu import SUCCESS, Command, Connection, send
from kiosk.errors import CardMalformed, CardUnknown

_NAME_IN = {0x61: 0x4F, 0x6F: 0x84}  # application template, file control information
_TEMPLATES = {bytes((tag,)) for tag in _NAME_IN}


def select(
    connection: Connection,
    application: bytes,
    *,
    named_by: bytes,
    short_name: bytes = b"",
    says_anything: bool = False,
) -> bool:
    """SELECT by name: whether the answer says it; raises CardUnknown where there is none such.

    Cards say that in many ways, so any refusal is taken for it, and any answer that cannot be read.
    The answer may say nothing; of one that `says_anything` also something of its own, as IsoApplet
    does its version. Where it names an application (in 61/4F or 6F/84) the name must begin with
    `named_by`, or with `short_name` where there is one: some cards answer with another one than was
    asked for.
    """
    command = Command("SELECT", 0xA4, 0x04, 0x00, application, expected=256, repeatable=True)
    response = send(connection, command)
    if response.status != SUCCESS:
        raise CardUnknown(connection.atr.hex())
    if not response.data or (says_anything and response.data[:1] not in _TEMPLATES):
        return False
    try:
        named = _name(response.data)
    except CardMalformed:  # none of ours answers like that: the next application is asked
        raise CardUnknown(connection.atr.hex()) from None
    if named and not (named.startswith(named_by) or (short_name and named.startswith(short_name))):
        raise CardUnknown(connection.atr.hex())
    return bool(named)


def _name(answer: bytes) -> bytes:
    """The name in an answer to SELECT, empty where there is none."""
    # The first object alone: some cards send more behind it.
    tag, template = next(tlv.parse(answer, "SELECT"))
    if tag not in _NAME_IN:
        return b""
    return dict(tlv.parse(template, "SELECT")).get(_NAME_IN[tag], b"")

# SPDX-License-Identifier: Apache-2.0
"""Selects an application by its name, and checks that the card selected that one."""

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
    name_prefix: bytes,
    short_name: bytes = b"",
    other_data_allowed: bool = False,
) -> bool:
    """SELECT by name and return whether the answer names the application.

    Raises CardUnknown if the card does not have it. Cards report that in many ways, so any refusal
    and any unreadable answer counts. The answer may be empty. If `other_data_allowed`, it may also
    be data of another kind, as IsoApplet answers with its version. If the answer has a name (in
    61/4F or 6F/84), it must begin with `name_prefix`, or with `short_name` if given: some cards
    answer with another name than the requested one.
    """
    command = Command("SELECT", 0xA4, 0x04, 0x00, application, expected=256, repeatable=True)
    response = send(connection, command)
    if response.status != SUCCESS:
        raise CardUnknown(connection.atr.hex())
    if not response.data or (other_data_allowed and response.data[:1] not in _TEMPLATES):
        return False
    try:
        named = _name(response.data)
    except CardMalformed:  # no supported card answers like that: try the next application
        raise CardUnknown(connection.atr.hex()) from None
    if named and not (
        named.startswith(name_prefix) or (short_name and named.startswith(short_name))
    ):
        raise CardUnknown(connection.atr.hex())
    return bool(named)


def _name(answer: bytes) -> bytes:
    """Return the name in an answer to SELECT; empty if there is none."""
    # Read only the first object: some cards send more after it.
    tag, template = next(tlv.parse(answer, "SELECT"))
    if tag not in _NAME_IN:
        return b""
    return dict(tlv.parse(template, "SELECT")).get(_NAME_IN[tag], b"")

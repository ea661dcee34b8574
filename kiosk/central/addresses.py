# SPDX-License-Identifier: Apache-2.0
"""Email addresses: the one form in which central keeps, compares and writes to them.

Every address is validated here, without a DNS look-up, and the domain rule is applied to the
result. A mail server is given that result, and never an address that is parsed again from a header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from email_validator import (
    SPECIAL_USE_DOMAIN_NAMES,
    EmailNotValidError,
    ValidatedEmail,
    validate_email,
)
from pydantic import AfterValidator

# The library's own way to accept them: a trust's mail server may be at localhost or below .local,
# and which hosts cardholders have their addresses at is a setting.
SPECIAL_USE_DOMAIN_NAMES.clear()

LONGEST = 254  # RFC 5321, less the brackets of a path
# Fewer characters than RFC 5321 lets stand without quotes: none of these means anything to a shell,
# to a header or to a mail server's own routing (% and !).
_LOCAL = re.compile(r"[A-Za-z0-9'+_.-]{1,64}")
_HOST = re.compile(r"[a-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of central's letters: a name, which may be empty, and an address."""

    name: str
    address: str


def validated(text: str) -> str:
    """Return the one form of an address, its host in lower case. Raises ValueError.

    The part before the @ is a dot-atom of letters, digits and ``'+-_.``; the host has letters,
    digits, hyphens and dots. Nothing is quoted, folded, commented or internationalised.
    """
    return _plain(_parsed(text, named=False))


def sender(text: str) -> Sender:
    """Return the sender that is written as `address` or `Name <address>`. Raises ValueError.

    A name with other characters than an address may have is in double quotes.
    """
    try:
        parsed = _parsed(text, named=True)
        return Sender(parsed.display_name or "", _plain(parsed))
    except ValueError:
        raise ValueError('expected an email address, or "Name" <address>') from None


def accepted(text: str, domains: Sequence[str]) -> str:
    """Return the one form of an address at one of the `domains`, or below. Raises ValueError."""
    address = validated(text)
    host = "." + address.rpartition("@")[2]
    if not any(host.endswith("." + each.removeprefix(".")) for each in domains):
        raise ValueError("codes may not go to this domain (KIOSK_CENTRAL_MAIL_DOMAINS)")
    return address


def _parsed(text: str, *, named: bool) -> ValidatedEmail:
    if len(text) > 2 * LONGEST or not text.isprintable() or not (named or text.isascii()):
        raise ValueError("not an email address")
    try:
        return validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=named,
            globally_deliverable=False,  # a host may have no dot: localhost
        )
    except EmailNotValidError:
        raise ValueError("not an email address") from None  # its text has parts of the address


def _plain(parsed: ValidatedEmail) -> str:
    address = parsed.normalized
    local, _, host = address.rpartition("@")
    if len(address) > LONGEST or not _LOCAL.fullmatch(local) or not _HOST.fullmatch(host):
        raise ValueError("not an email address")
    return address


EmailAddress = Annotated[str, AfterValidator(validated)]
"""A field that holds the one form of an address."""

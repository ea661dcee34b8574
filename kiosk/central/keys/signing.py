# SPDX-License-Identifier: Apache-2.0
"""Central's own signatures, whose public key kiosks learn at enrolment.

The key derives from the master key, so all central processes of an installation have the same one.
"""

from __future__ import annotations

from nacl.signing import SigningKey

from kiosk.central.keys.master_key import MasterKey
from kiosk.contract.enrolment import StatementPurpose, statement

_SEED = (b"what central signs with", b"", 32)


def verify_keys(master: MasterKey) -> tuple[bytes, ...]:
    """Return the Ed25519 keys with which kiosks verify central's signatures."""
    return (bytes(_key(master).verify_key),)


def sign(master: MasterKey, purpose: StatementPurpose, *fields: bytes) -> bytes:
    """Return central's signature of `statement(purpose, *fields)`, 64 bytes."""
    return sign_statement(master, statement(purpose, *fields))


def sign_statement(master: MasterKey, encoded: bytes) -> bytes:
    """Return central's signature of a statement that is already encoded, 64 bytes."""
    return _key(master).sign(encoded).signature


def _key(master: MasterKey) -> SigningKey:
    return SigningKey(master.derive(*_SEED))

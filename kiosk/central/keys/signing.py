# SPDX-License-Identifier: Apache-2.0
"""Central's own signatures: kiosks learn the key when they are enrolled.

The key derives from the master key, so every central process of an installation has the same.
"""

from __future__ import annotations

from nacl.signing import SigningKey

from kiosk.central.keys.master_key import MasterKey
from kiosk.contract.enrolment import StatementPurpose, statement

_SEED = (b"what central signs with", b"", 32)


def verify_keys(master: MasterKey) -> tuple[bytes, ...]:
    """The Ed25519 keys by which kiosks believe central."""
    return (bytes(_key(master).verify_key),)


def sign(master: MasterKey, purpose: StatementPurpose, *fields: bytes) -> bytes:
    """Central's signature of `statement(purpose, *fields)`: 64 bytes."""
    return sign_statement(master, statement(purpose, *fields))


def sign_statement(master: MasterKey, made: bytes) -> bytes:
    """The same, of a statement that was made already."""
    return _key(master).sign(made).signature


def _key(master: MasterKey) -> SigningKey:
    return SigningKey(master.derive(*_SEED))

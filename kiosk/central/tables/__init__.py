# SPDX-License-Identifier: Apache-2.0
"""Central's tables, one module for each subject.

No column holds a secret in the clear: keys are wrapped by the master key, and answers exist only as
envelopes of the vault. Tokens and codes are stored as hashes or verifiers. If a primary key
defaults to None, the database sets it when the row is flushed. Read `estate` first, then `cards`
and `visits`.
"""

from kiosk.central.tables.access import (
    AccessRow,
    EnrolmentRow,
    FormerKey,
    RefusalTold,
    UsedAssertion,
)
from kiosk.central.tables.auditing import (
    AuditEntry,
    AuditHead,
    AuditPersonal,
    AuditSignature,
)
from kiosk.central.tables.authorities import (
    Issuer,
    RevocationList,
)
from kiosk.central.tables.base import (
    Instant,
    Table,
    Throttled,
    metadata,
)
from kiosk.central.tables.cardholders import Cardholder, Position, QueuedNotice
from kiosk.central.tables.cards import (
    Card,
    CardFinding,
    CardStatus,
    EscrowedKey,
    Registration,
    SealedEnvelope,
)
from kiosk.central.tables.change_feed import ChangeCounter, KioskEventRow, Tombstone
from kiosk.central.tables.estate import (
    Installation,
    JournalRow,
    Kiosk,
    LeaseCards,
    Organisation,
    new_epoch,
)
from kiosk.central.tables.imports import (
    StagedCard,
    StagedCardholder,
    StagedImport,
    StagedKey,
    StagedPosition,
)
from kiosk.central.tables.lending import BootKeyRow, PackEventRow, PackRow
from kiosk.central.tables.visits import (
    Attempt,
    AttemptOutcome,
    Bearing,
    Challenge,
    ChangeRow,
    CodeGuesses,
    EmailedCode,
    EndRow,
    FactRow,
    GrantRow,
    LoginSession,
    UnlockSession,
)

__all__ = [
    "AccessRow",
    "Attempt",
    "AttemptOutcome",
    "AuditEntry",
    "AuditHead",
    "AuditPersonal",
    "AuditSignature",
    "Bearing",
    "BootKeyRow",
    "Card",
    "CardFinding",
    "CardStatus",
    "Cardholder",
    "Challenge",
    "ChangeCounter",
    "ChangeRow",
    "CodeGuesses",
    "EmailedCode",
    "EndRow",
    "EnrolmentRow",
    "EscrowedKey",
    "FactRow",
    "FormerKey",
    "GrantRow",
    "Installation",
    "Instant",
    "Issuer",
    "JournalRow",
    "Kiosk",
    "KioskEventRow",
    "LeaseCards",
    "LoginSession",
    "Organisation",
    "PackEventRow",
    "PackRow",
    "Position",
    "QueuedNotice",
    "RefusalTold",
    "Registration",
    "RevocationList",
    "SealedEnvelope",
    "StagedCard",
    "StagedCardholder",
    "StagedImport",
    "StagedKey",
    "StagedPosition",
    "Table",
    "Throttled",
    "Tombstone",
    "UnlockSession",
    "UsedAssertion",
    "metadata",
    "new_epoch",
]

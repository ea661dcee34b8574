# SPDX-License-Identifier: Apache-2.0
"""Packs that central lends this kiosk, so that it can unlock cards while central is unavailable.

The packs, and the key to which they are sealed, live in a memory file system and vanish with the
power. The attempts on a pack are also on the disk, in the outbox, and so are the public halves of
the keys that central was shown.
"""

from kiosk.leases.available_packs import Addressee, Leases, Loan
from kiosk.leases.lease_renewer import LeaseRenewer
from kiosk.leases.pack_store import PackStore
from kiosk.leases.shown_keys import ShownKeys

__all__ = ["Addressee", "LeaseRenewer", "Leases", "Loan", "PackStore", "ShownKeys"]

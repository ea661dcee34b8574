# SPDX-License-Identifier: Apache-2.0
"""What central lends this kiosk, so that cards can be unlocked while central is out of reach.

All of it lives in a memory file system and goes with the power: packs, and the key they are sealed
to. How often a pack was tried is on the disk as well, in the outbox.
"""

from kiosk.leases.available_packs import Addressee, Leases, Loan
from kiosk.leases.lease_renewer import LeaseRenewer
from kiosk.leases.pack_store import PackStore

__all__ = ["Addressee", "LeaseRenewer", "Leases", "Loan", "PackStore"]

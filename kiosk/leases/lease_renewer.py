# SPDX-License-Identifier: Apache-2.0
"""The lease renewer: it fetches packs, extends their leases, and returns those that have ended."""

from __future__ import annotations

import logging
import random
import secrets
import threading

from kiosk.contract.messages import PackEnded, ProblemType
from kiosk.contract.packs import PacksRequest, SealedPack
from kiosk.contract.replication import Policy, card_hash
from kiosk.errors import (
    CentralBusy,
    CentralError,
    CentralRefused,
    CentralUnavailable,
    StoreFailed,
    VaultClosed,
)
from kiosk.leases.available_packs import Leases
from kiosk.leases.pack_store import Kept
from kiosk.leases.shown_keys import ShownKeys
from kiosk.link import CentralClient
from kiosk.store.outbox import Outbox
from kiosk.store.replica import ReplicaReader, ReplicaState

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 3.0
_CUT_OFF, _TOO_OLD = ProblemType.NOT_AUTHENTICATED, ProblemType.EXPIRED
_RETRY_SECONDS = 20.0
_LEAST_SECONDS = 60.0  # between two requests, even if much changes
_PARTS = 4  # of a lease: it is extended after each part


class LeaseRenewer:
    """Runs in a thread of its own; only it adds packs to the pack store and removes them."""

    def __init__(
        self,
        leases: Leases,
        replica: ReplicaReader,
        outbox: Outbox,
        central: CentralClient,
        shown_keys: ShownKeys,
    ) -> None:
        self._leases, self._replica = leases, replica
        self._shown_keys = shown_keys
        self._outbox, self._central = outbox, central
        self._asked: float | None = None
        self._retry_at: float | None = None
        self._random = random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._position = -1
        self._whole = False

    def keep(self, stop: threading.Event) -> None:
        """Renew until stopped."""
        while not stop.is_set():
            try:
                self.round()
            except Exception as error:  # noqa: BLE001 - the next round must come after any error
                _log.error("packs: unexpected %s", type(error).__name__)
                self._put_off()
            stop.wait(_LOOK_SECONDS)

    def round(self) -> None:
        """Remove the packs that have ended, and fetch those that are due."""
        if self._leases.ended:
            return
        try:
            state, policy = self._replica.state(), self._replica.policy()
            self._give_back()
            if policy is not None and self._due(state, policy):
                self._fetch(state)
        except CentralError as error:
            _log.info("packs not fetched: %s", error)
            if isinstance(error, CentralRefused) and error.problem == _CUT_OFF:
                self._leases.pack_store.empty()  # central no longer accepts this kiosk
            if isinstance(error, CentralRefused) and error.problem == _TOO_OLD:
                # Central lends only to a kiosk that has authenticated itself since it last started.
                self._central.tokens.refused(self._central.tokens.current())
            self._put_off(error)
        except StoreFailed as error:
            _log.warning("packs: %s", error)

    def _put_off(self, error: Exception | None = None) -> None:
        """Retry later with a full request: central may have lent packs that never arrived.

        No earlier than central asked, and not at the same moment as the other kiosks.
        """
        asked = error.retry_after_seconds if isinstance(error, CentralBusy) else 0.0
        wait = max(_RETRY_SECONDS, asked) * (1.0 + self._random.random() / 2)
        self._retry_at, self._whole = self._leases.pack_store.now() + wait, False

    # ------------------------------------------------------------ ended packs

    def _give_back(self) -> None:
        pack_store = self._leases.pack_store
        everything = pack_store.everything()
        holding = self._leases.holding(everything)
        for kept in everything:
            if kept.spent or kept.ends <= pack_store.now() or kept.pack not in holding:
                pack_store.drop(kept.pack)  # first: a pack that is reported is never used again
                self._report(kept)
                self._asked = None  # central may have another one for the card

    def _report(self, kept: Kept) -> None:
        self._outbox.note(PackEnded(pack=kept.pack, attempts=kept.attempts))

    # ------------------------------------------------------------ due requests

    def _due(self, state: ReplicaState, policy: Policy) -> bool:
        now = self._leases.pack_store.now()
        if not policy.offline or policy.stopped or not state.complete:
            return False
        if self._retry_at is not None and now < self._retry_at:
            return False
        # Central decides by the reported outcomes. After a restart only the outbox has them.
        if self._outbox.count_pending_outcomes():
            return False
        if self._asked is None or not self._whole:
            return True
        changed = state.highest != self._position and now - self._asked >= _LEAST_SECONDS
        return changed or now - self._asked >= policy.lease_hours * 3600 / _PARTS

    def _fetch(self, state: ReplicaState) -> None:
        pack_store, accepted = self._leases.pack_store, 0
        begun, after, more = pack_store.now(), 0, True
        key = self._leases.sealing_key
        while more:
            asked_at = pack_store.now()  # before the request: a lease ends here no later than there
            request = PacksRequest(
                sealing_key=key,
                made=self._shown_keys.show(key),
                nonce=secrets.token_bytes(16),
                after=after,
                anew=not self._whole,
            )
            page = self._central.lend_packs(request)
            self._shown_keys.answered(key)
            accepted += sum(self._take(each, request, asked_at, state) for each in page.packs)
            if page.more and page.next <= after:
                raise CentralUnavailable("a page does not move its place on")
            after, more = page.next, page.more
        self._asked, self._retry_at, self._whole = begun, None, True
        self._position = state.highest
        if accepted:
            _log.info(
                "packs: %d accepted, %d cards can be unlocked", accepted, pack_store.count_ready()
            )

    def _take(
        self, sealed_pack: SealedPack, request: PacksRequest, asked_at: float, state: ReplicaState
    ) -> bool:
        try:
            pack = self._leases.read(sealed_pack.sealed)
        except VaultClosed:
            _log.error("pack refused: it is not from central, or not for this kiosk")
            return False
        if (pack.nonce, pack.sealing_key) != (request.nonce, request.sealing_key):
            _log.error("pack refused: it does not belong to this request")
            return False
        card = card_hash(state.key, pack.identity)
        before = self._leases.pack_store.put(
            card, pack, sealed_pack.sealed, asked_at + pack.lease_seconds
        )
        if before is not None:
            self._report(before)
        return True

# SPDX-License-Identifier: Apache-2.0
"""The long poll: all callers that wait in this process share one look at the counters each second.

The process keeps no state that another one would need, and a transaction that changes something
notifies nobody.
"""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select
from starlette.concurrency import run_in_threadpool

from kiosk.central.storage.database import Database, first_line
from kiosk.central.tables import ChangeCounter, Installation

_INTERVAL_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Watch:
    """Lets callers wait for changes without holding a thread; `waiting` is their number.

    Call its methods on the server's event loop only; `close` may be called from any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.waiting = 0
        self._read_anew = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._heads: dict[int, int] = {}
        self._epoch = ""
        self._closed = False

    def close(self) -> None:
        """End all waiting within a second, and let nobody wait any more.

        May be called from any thread.
        """
        self._closed = True

    async def wait(self, organisation_id: int, head: int, epoch: str, seconds: float) -> None:
        """Return when the changes are no longer at `head`, `epoch` is over, or time is up.

        The counters known at the start may be older than the caller's page, so it waits for the
        next look.
        """
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                while not self._closed:
                    await self._next_reading()
                    if self._epoch != epoch or self._heads.get(organisation_id, 0) != head:
                        return
        except TimeoutError:
            return
        finally:
            self.waiting -= 1

    async def _next_reading(self) -> None:
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._keep_reading())
        await self._read_anew.wait()

    async def _keep_reading(self) -> None:
        while self.waiting and not self._closed:
            await asyncio.sleep(_INTERVAL_SECONDS)
            if not self.waiting or self._closed:
                break  # the database may be about to close too
            try:
                self._heads, self._epoch = await run_in_threadpool(self._read)
            except SQLAlchemyError as error:
                _log.error("the database: %s", first_line(error))
            self._read_anew.set()
            self._read_anew = asyncio.Event()
        self._read_anew.set()
        self._read_anew = asyncio.Event()

    def _read(self) -> tuple[dict[int, int], str]:
        with self._database.reading() as database:
            counters = select(ChangeCounter.organisation_id, ChangeCounter.position)
            heads = dict(database.exec(counters).all())
            return heads, database.exec(select(Installation.epoch)).one()

# SPDX-License-Identifier: Apache-2.0
"""Waiting for changes: all who wait in this process share one look at the counters each second.

Nothing is kept that another process would need: whoever changes something tells nobody.
"""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select
from starlette.concurrency import run_in_threadpool

from kiosk.central.storage.database import Database, first_line
from kiosk.central.tables import ChangeCounter, Installation

_LOOK_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Watch:
    """Who waits costs no thread. `waiting` is how many do.

    All its methods but `close` belong to the server's event loop.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.waiting = 0
        self._looked = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._heads: dict[int, int] = {}
        self._epoch = ""
        self._closed = False

    def close(self) -> None:
        """End all waiting, within a look, and let nobody wait any more. From any thread."""
        self._closed = True

    async def wait(self, organisation_id: int, head: int, epoch: str, seconds: float) -> None:
        """Return once the organisation's changes have left `head`, `epoch` is over, or it is time.

        What is known when this begins may be older than the caller's page: it is looked anew.
        """
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                while not self._closed:
                    await self._next_look()
                    if self._epoch != epoch or self._heads.get(organisation_id, 0) != head:
                        return
        except TimeoutError:
            return
        finally:
            self.waiting -= 1

    async def _next_look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        await self._looked.wait()

    async def _look(self) -> None:
        while self.waiting and not self._closed:
            await asyncio.sleep(_LOOK_SECONDS)
            if not self.waiting or self._closed:
                break  # perhaps the database is about to be closed as well
            try:
                self._heads, self._epoch = await run_in_threadpool(self._read)
            except SQLAlchemyError as error:
                _log.error("the database: %s", first_line(error))
            self._looked.set()
            self._looked = asyncio.Event()
        self._looked.set()
        self._looked = asyncio.Event()

    def _read(self) -> tuple[dict[int, int], str]:
        with self._database.reading() as database:
            counters = select(ChangeCounter.organisation_id, ChangeCounter.position)
            heads = dict(database.exec(counters).all())
            return heads, database.exec(select(Installation.epoch)).one()

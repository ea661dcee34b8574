# SPDX-License-Identifier: Apache-2.0
"""The connections that are open, and which of them has to go for another; it only keeps books.

These limits bind before anybody is authenticated. A connection is *silent* until it has sent a
complete request, *busy* while that is answered, and *idle* between two requests. An idle or silent
one is dropped for a new one; a busy one never is.
"""

from __future__ import annotations

import enum
import ipaddress
import resource
from collections import defaultdict
from dataclasses import dataclass
from typing import Protocol

HEAD_SECONDS = 10.0
"""From accepting a connection, or from its last answer, to the end of a request's head."""
BODY_SECONDS = 15.0
_RESERVE = 128
"""The descriptors that stay free for the database, the log, the mail server and the threads."""


class Stage(enum.Enum):
    """The stages of a connection."""

    SILENT = enum.auto()
    BUSY = enum.auto()
    IDLE = enum.auto()


class Connection(Protocol):
    """As much of a connection as these books need."""

    def drop(self) -> None:
        """Close it at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of connections in all and from one address, and of the silent ones among them.

    A hospital's kiosks may share one address: 600 long polls, and what else they ask.
    """

    connections: int = 4000
    per_address: int = 1200
    silent: int = 500
    silent_per_address: int = 200

    def within(self, descriptors: int) -> Limits:
        """Return the limits for a process that may open so many descriptors."""
        most = max(16, min(self.connections, descriptors - _RESERVE))
        return Limits(
            most,
            min(self.per_address, most),
            min(self.silent, most // 2),
            min(self.silent_per_address, most // 4),
        )


def allow_descriptors() -> int:
    """Raise this process's limit of descriptors as far as it may, and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def origin(address: str) -> str:
    """Return what counts as one address: of IPv6 the /64, which is one subscriber's."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


_Ordered = dict[Connection, None]


class Connections:
    """The books; every method is called on the server's event loop.

    An origin of None is not known yet: only the limits for all apply to it.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._places: dict[Connection, tuple[str | None, Stage]] = {}
        self._staged: dict[Stage, _Ordered] = {stage: {} for stage in Stage}
        self._of: defaultdict[tuple[str | None, Stage], _Ordered] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._places)

    def count(self, place: str, *stages: Stage) -> int:
        """Return how many connections an origin has in these stages, or in all."""
        return sum(len(self._of.get((place, stage), ())) for stage in stages or Stage)

    def enter(self, connection: Connection, place: str | None) -> bool:
        """Add a silent connection, and drop others for it; return False if there is no room."""
        self.leave(connection)
        if not self._make_room(place):
            return False
        self._put(connection, place, Stage.SILENT)
        return True

    def move(self, connection: Connection, stage: Stage) -> None:
        """Note the stage of a connection that is in the books."""
        if connection not in self._places:
            return
        place, _ = self._places[connection]
        self.leave(connection)
        self._put(connection, place, stage)

    def leave(self, connection: Connection) -> None:
        """Remove a connection, if it is in the books."""
        if connection not in self._places:
            return
        place, stage = self._places.pop(connection)
        del self._staged[stage][connection]
        of = self._of[place, stage]
        del of[connection]
        if not of:
            del self._of[place, stage]

    def shed(self) -> bool:
        """Drop the oldest connection that is not busy; return whether there was one."""
        return self._drop(self._staged[Stage.SILENT]) or self._drop(self._staged[Stage.IDLE])

    def _make_room(self, place: str | None) -> bool:
        limits = self._limits
        if len(self._staged[Stage.SILENT]) >= limits.silent:
            self._drop(self._staged[Stage.SILENT])
        if place is not None:
            silent = self._of.get((place, Stage.SILENT), {})
            if len(silent) >= limits.silent_per_address:
                self._drop(silent)
            if self.count(place) >= limits.per_address and not (
                self._drop(self._of.get((place, Stage.SILENT), {}))
                or self._drop(self._of.get((place, Stage.IDLE), {}))
            ):
                return False
        return len(self._places) < limits.connections or self.shed()

    def _put(self, connection: Connection, place: str | None, stage: Stage) -> None:
        self._places[connection] = place, stage
        self._staged[stage][connection] = None
        self._of[place, stage][connection] = None

    def _drop(self, ordered: _Ordered) -> bool:
        oldest = next(iter(ordered), None)
        if oldest is None:
            return False
        self.leave(oldest)
        oldest.drop()
        return True

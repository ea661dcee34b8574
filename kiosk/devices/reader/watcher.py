# SPDX-License-Identifier: Apache-2.0
"""The watcher: a process that reports each event at the readers as a JSON line.

An empty object is a heartbeat.

It loops on a blocking SCardGetStatusChange with the plug-and-play pseudo reader. So it uses no CPU
while nothing happens, and it recovers when pcscd is stopped and started.
"""

from __future__ import annotations

import json
import sys
import time

from kiosk.devices.reader import ReaderNotice, Sight
from kiosk.devices.reader.pcsc import (
    PLUG_AND_PLAY,
    PcscContext,
    event_count,
    has_card,
    is_simulated,
)
from kiosk.errors import ReaderUnavailable
from kiosk.hardening import harden
from kiosk.values import ReaderTrouble

# PC/SC can hang here too: a heartbeat at least this often shows that it does not.
_WAIT_MS = 5_000
_RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)


class Watcher:
    """Turns reader states into notices, each sent once."""

    def __init__(self) -> None:
        self._trouble: ReaderTrouble | None = None
        self._ready = False
        self._card: tuple[str, int] | None = None  # the reader, and its count of card events

    def see(self, readers: list[str], states: dict[str, int]) -> list[ReaderNotice]:
        """Return the notices for these states, after the earlier ones."""
        if not readers:
            return self.fail(ReaderTrouble.NO_READER)
        notices = []
        if not self._ready:
            self._ready, self._trouble = True, None
            notices.append(ReaderNotice(Sight.READY, simulated=is_simulated(readers[0])))
        card = self._find(readers, states)
        if card != self._card:
            # Another count, with a card both times, means that the card was swapped meanwhile.
            if self._card is not None:
                notices.append(ReaderNotice(Sight.REMOVED))
            if card is not None:
                notices.append(ReaderNotice(Sight.INSERTED))
            self._card = card
        return notices

    @staticmethod
    def _find(readers: list[str], states: dict[str, int]) -> tuple[str, int] | None:
        for reader in readers:
            if has_card(states.get(reader, 0)):
                return reader, event_count(states[reader])
        return None

    def fail(self, trouble: ReaderTrouble) -> list[ReaderNotice]:
        """Return the notices for a missing reader or service.

        A card disappears with its reader, without a notice of removal: nobody took it out.
        """
        reported = trouble is self._trouble
        self._ready, self._card, self._trouble = False, None, trouble
        return [] if reported else [ReaderNotice(Sight.FAILED, trouble)]


def watch() -> None:
    """Write every change to standard output, until that is closed."""
    watcher, failures = Watcher(), 0
    while True:
        try:
            context = PcscContext()
        except ReaderUnavailable as error:
            _send(watcher.fail(error.trouble))
            time.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
            failures += 1
            continue
        failures = 0
        try:
            _follow(context, watcher)
        except ReaderUnavailable as error:
            _send(watcher.fail(error.trouble))
        finally:
            context.release()


def _follow(context: PcscContext, watcher: Watcher) -> None:
    states: dict[str, int] = {}
    while True:
        readers = context.readers()
        known = {name: states.get(name, 0) for name in (*readers, PLUG_AND_PLAY)}
        # The first call must not block: it returns the present state.
        states = context.wait(known, _WAIT_MS if states else 0)
        _send(watcher.see(context.readers(), states))
        _write_line({})


def _send(notices: list[ReaderNotice]) -> None:
    for notice in notices:
        line: dict[str, object] = {
            "sight": notice.sight,
            "trouble": notice.trouble,
            "simulated": notice.simulated,
        }
        _write_line(line)


def _write_line(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run as `python -m kiosk.devices.reader.watcher`."""
    harden()
    try:
        watch()
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()

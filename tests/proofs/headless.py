# SPDX-License-Identifier: Apache-2.0
"""A kiosk without a window, as a process: the real runtime, reader, link and store.

Its screen plays a user: it answers each question from the list on standard input, reads its
passcodes from a file each time, and prints on standard output which page it sees. Run as `python -m
tests.proofs.headless` with a kiosk's environment.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from pathlib import Path

from kiosk import compose
from kiosk.app.runtime import Runtime
from kiosk.demo.mailbox import newest_code
from kiosk.flow import events as ev
from kiosk.flow import view as vw
from kiosk.flow.entries import PASSCODE as OLD_PASSCODE
from kiosk.flow.text import Text, Words, in_english
from kiosk.hardening import harden
from kiosk.site import settings
from kiosk.values import PasscodeRules, Secret

_CHANGE = 1  # the place of "Change my passcode" in the menu of a card that is not locked


class Person:
    """Implements the screen's interface: draws nothing, and types what each page asks for."""

    def __init__(self, answers: dict[str, str], passcodes: Path, mail: Path) -> None:
        self._answers = answers
        self._passcodes = passcodes
        self._mail = mail
        self._typed: set[tuple[str, int]] = set()
        self._round = 0
        self.runtime: Runtime | None = None

    def show(self, view: vw.View) -> None:
        """React to a page, once."""
        match view:
            case vw.EntryPage(entry=entry) if (entry.field, self._round) not in self._typed:
                self._typed.add((entry.field, self._round))
                self._type(view)
            case vw.Notice(heading=heading, reference=reference):
                self._tell("notice", heading.message, reference)
            case vw.ChoicePage():
                self._send(ev.Chosen(_CHANGE))
            case vw.Welcome(picture=picture):
                self._tell("welcome", picture)
            case _:
                pass

    def forget(self, fields: tuple[str, ...] | None = None) -> None:
        """Forget what was typed: the next visit types it again."""
        if fields is None:
            self._round += 1

    def _type(self, page: vw.EntryPage) -> None:
        field = page.entry.field
        if page.entry.kind is vw.EntryKind.ANSWER:
            typed = self._answers[_english(page.heading)].encode()
        elif page.entry.kind is vw.EntryKind.CODE:
            typed = newest_code(self._mail).encode()
        else:
            which = "old" if field == OLD_PASSCODE else "new"
            typed = json.loads(self._passcodes.read_text())[which].encode()
        met = PasscodeRules().met(typed) if page.entry.rules else frozenset()
        self._send(ev.Typed(field, len(typed), met))
        self._send(ev.Pressed(vw.Intent.CONTINUE, Secret(typed), field))

    def _send(self, event: ev.Event) -> None:
        if self.runtime is not None:
            self.runtime.send(event)

    def _tell(self, *words: str) -> None:
        print(json.dumps(words), flush=True)


def _english(words: Words) -> str:
    return words.message if isinstance(words, Text) else in_english(words)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    harden()
    script = json.loads(sys.stdin.readline())
    person = Person(script["answers"], Path(script["passcodes"]), Path(script["mail"]))
    person.runtime = runtime = compose.build_runtime(settings.read())
    threading.Thread(target=_stop_at_end_of_input, args=(runtime,), daemon=True).start()
    runtime.run(person)


def _stop_at_end_of_input(runtime: Runtime) -> None:
    sys.stdin.read()
    runtime.stop()


if __name__ == "__main__":
    main()

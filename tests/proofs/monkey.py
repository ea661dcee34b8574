# SPDX-License-Identifier: Apache-2.0
"""A monkey at a real kiosk: random touches and keys, cards in and out, central gone and back.

Reader, card, central and window are real. The monkey knows the right answers, passcodes and codes,
and gives them now and then, so that it reaches every page, which is asserted. It is a process of
its own, because Kivy has one window: `python -m tests.proofs.monkey FOLDER SECONDS` prints the
figures.
"""

from __future__ import annotations

import json
import logging
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk import compose
from kiosk.demo.cardholders import COLLEAGUE, NURSE
from kiosk.demo.journey import DemoCard
from kiosk.demo.mailbox import letters
from kiosk.demo.premises import Premises
from kiosk.flow import pages as pg
from kiosk.flow.entries import NEW_PASSCODES
from kiosk.flow.page_index import is_work
from kiosk.flow.text import Words
from kiosk.flow.view import ChoicePage, EntryKind, EntryPage, Notice, Role, View, Welcome
from kiosk.questions import IDS, SecurityQuestion
from kiosk.site import settings
from kiosk.ui.catalogue import Catalogue
from tests.heartbeat import beat
from tests.patience import PATIENCE, wait_until
from tests.proofs.holdings import Holdings, begin, measure, resident
from tests.secrets_search import search

if TYPE_CHECKING:
    from kiosk.demo.finger import Finger

_WARM, _LEAST_WARM = 0.25, 6.0  # this share of the time, or this many seconds, fills caches
_PATIENCE = 2 * PATIENCE  # to reach the required pages, if its own time is shorter
_GROWTH = 0.05
_LATE = 3  # this often a busy machine may take longer to draw than a finger waits
_TELLTALES = ("starting anew", "unexpected", "giving up", "Traceback", "the flow ended")
_KEYS = [
    *"abcxyz0123456789 -'", "next", "previous", "up", "down", "left", "right", "press",
    "held", "erase", "back", "language", "access", "speech",
]  # fmt: skip
_PLACES = (
    "Aberystwyth", "Machynlleth", "Dolgellau", "Porthmadog", "Pwllheli", "Caernarfon", "Llanberis",
    "Harlech", "Barmouth", "Criccieth", "Blaenau", "Corwen", "Beddgelert", "Tregaron",
)  # fmt: skip
_STEPS = (1, 1, 1, 80)  # steps in a row with a purpose
_JOURNEY_SECONDS = 25.0  # a registration takes longest
_PAGE_SECONDS = 0.2  # until the next page is there
_NOTICED_SECONDS = 1.0  # pcscd polls every 0.4 s
_RIGHT = 0.8  # this share of its inputs is right
REACHED = (
    pg.AskingQuestion, pg.ChoosingPasscode, pg.RepeatingPasscode, pg.Unlocking, pg.Finished,
    pg.CardWorks, pg.EnteringPasscode, pg.ShowingProfile, pg.Instructions, pg.EnteringEmail,
    pg.EnteringCode, pg.Helping,
)  # fmt: skip
"""The pages that it reaches in ten minutes, at least."""
_PASSCODES = (NURSE.passcode, NURSE.new_passcode, COLLEAGUE.passcode)


class Monkey:
    """Repeatedly does random things to a kiosk and its surroundings."""

    def __init__(self, kiosk: compose.ScreenService, premises: Premises, seed: int) -> None:
        from kiosk.demo.finger import Finger  # noqa: PLC0415 - the window is open

        self._kiosk, self._premises = kiosk, premises
        self._random = random.Random(seed)
        self._finger: Finger = Finger(kiosk.screen, hold=0.01, patience=0.2)
        self.done: Counter[str] = Counter()
        self.pages: set[str] = set()
        self.keys: set[str] = set()
        self._inserted: DemoCard | None = None

    def do_something(self) -> None:
        """Do one random thing."""
        what, weights = zip(*self._deeds(), strict=True)
        deed = self._random.choices(what, weights)[0]
        self.done[deed.__name__.strip("_")] += 1
        beat(f"deed {self.done.total()} of the monkey")
        deed()
        self._look()

    def _look(self) -> pg.Page:
        page = self._kiosk.runtime._state.page
        self.pages.add(type(page).__name__)
        return page

    def rest(self) -> None:
        """Leave the kiosk as it was found."""
        if self._inserted:
            self._card()

    def _deeds(self) -> list[tuple[Callable[[], None], float]]:
        return [
            (self._touch, 40), (self._control, 30), (self._key, 20), (self._lead, 20),
            (self._card, 2.5), (self._lock, 0.5), (self._central, 0.15),
        ]  # fmt: skip

    def _touch(self) -> None:
        width, height = self._kiosk.screen.stage.size
        self._finger.tap(self._random.uniform(0, width - 1), self._random.uniform(0, height - 1))

    def _control(self, leads: Callable[[object], bool] = lambda _: True) -> None:
        """Touch a control that acts, and that `leads` on."""
        from kiosk.demo.finger import _middle, drawing  # noqa: PLC0415
        from kiosk.ui.focus import controls  # noqa: PLC0415

        def place() -> tuple[float, float] | None:
            found = [one for one in controls(self._kiosk.screen.stage.front) if leads(one)]
            return _middle(self._random.choice(found)) if found else None

        where = drawing(self._kiosk.screen, place)
        if where is not None:
            self._finger.tap(*where)

    def _key(self) -> None:
        self._kiosk.screen.key(self._random.choice(_KEYS))

    def _lead(self) -> None:
        """Continue with a purpose, for a step or for a whole journey."""
        steps = self._random.choice(_STEPS)
        if steps > 1 and self._inserted:
            self._card_and_wait()  # whoever was here before has spoilt it
        until = time.monotonic() + _JOURNEY_SECONDS
        for _ in range(steps):
            if time.monotonic() > until:
                break
            page = self._look()
            if getattr(page, "wait_seconds", 0):
                self._card_and_wait()
            elif not is_work(page):
                self._lead_on()
            time.sleep(_PAGE_SECONDS)

    def _lead_on(self) -> None:
        """Mostly type what is right, or press what leads on."""
        from kiosk.demo.finger import drawing  # noqa: PLC0415

        view = self._kiosk.screen.stage.view
        if isinstance(view, Welcome) or (isinstance(view, Notice) and not _primary(view)):
            self._card_and_wait()
            return
        if isinstance(view, ChoicePage) and not _primary(view):
            self._choose(view)
            return
        if not isinstance(view, EntryPage):
            self._control(_leads_on)
            return
        words = self._words_for(view)
        erased = view.entry.length if words else 0
        for key in [*["erase"] * erased, *words, "press"]:
            drawing(self._kiosk.screen, lambda key=key: self._kiosk.screen.stage.key(key))  # type: ignore[misc]

    def _choose(self, view: ChoicePage) -> None:
        """Choose an item, wherever it is in its list."""
        from kiosk.demo.finger import NotOnScreen  # noqa: PLC0415

        offered = [one for one in view.choices if one.enabled]
        with suppress(NotOnScreen):  # the page may have changed meanwhile
            self._finger.choose(Catalogue().say(self._random.choice(offered).label))

    def _words_for(self, view: EntryPage) -> str:
        """Return the text to type, mostly right; "" leaves the field as it is."""
        if view.entry.kind is EntryKind.ANSWER:
            return _answer_to(view.heading)
        if view.entry.kind is EntryKind.EMAIL:
            return self._random.choice(["", "", NURSE.email, "nobody@example.com"])
        if view.entry.kind is EntryKind.CODE:
            arrived = letters(self._premises.central.mail)
            codes = [letter.code for letter in arrived if letter.code]
            return codes[-1] if codes and self._random.random() < _RIGHT else "000000"
        if self._random.random() < _RIGHT:
            return NURSE.new_passcode if view.entry.field in NEW_PASSCODES else self._passcode()
        return self._random.choice(_PASSCODES)

    def _passcode(self) -> str:
        """Return the passcode of the card in the reader."""
        card = self._premises.card
        found = [each for each in _PASSCODES if card.has_passcode(each)]
        return found[0] if found and self._inserted is DemoCard.HERS else COLLEAGUE.passcode

    def _card_and_wait(self) -> None:
        self._card()
        time.sleep(_NOTICED_SECONDS)

    def _card(self) -> None:
        if self._inserted:
            self._premises.take()
            self._inserted = None
        else:
            self._inserted = self._random.choice(
                [DemoCard.HERS, DemoCard.HERS, DemoCard.UNREGISTERED]
            )
            self._premises.insert(self._inserted)
        self.keys.add(self._premises.card.unblocking_key.hex())

    def _lock(self) -> None:
        """Put the card into the state in which its holder comes here."""
        if not self._inserted:
            self._random.choice([self._premises.card.lock, self._premises.card.unlock])()

    def _central(self) -> None:
        self._premises.central.stop()
        time.sleep(self._random.uniform(0, 2))
        self._premises.central.start()


def _primary(view: View) -> bool:
    return any(button.role is Role.PRIMARY for button in view.frame.buttons)


def _leads_on(control: object) -> bool:
    from kiosk.ui.widgets.button import IntentButton  # noqa: PLC0415
    from kiosk.ui.widgets.choice_row import ChoiceRow  # noqa: PLC0415

    primary = isinstance(control, IntentButton) and control.role is Role.PRIMARY
    return primary or isinstance(control, ChoiceRow)


def _answer_to(heading: Words) -> str:
    """Return the registered answer to a question, or a new one; it is always the same."""
    answers = dict(zip(IDS, _PLACES, strict=True)) | dict(NURSE.answers)
    asked = heading.id if isinstance(heading, SecurityQuestion) else ""
    return answers.get(asked, _PLACES[0])


def main(folder: Path, seconds: float, wanted: set[str]) -> None:
    logging.basicConfig(level=5, filename=folder / "kiosk.log", format="%(name)s %(message)s")
    with Premises(folder) as premises:
        os.environ.update(premises.kiosk_environment())
        os.environ.update(
            SDL_VIDEODRIVER="offscreen", KIOSK_IDLE_SECONDS="3", KIOSK_WARNING_SECONDS="2",
            KIOSK_HELP_SECONDS="2",
        )  # fmt: skip
        kiosk = compose.ScreenService(settings.read())
        riot = (kiosk, premises, seconds, wanted)
        threading.Thread(target=_run_riot, args=riot, daemon=True).start()
        alive = kiosk.run()
    print(json.dumps({"alive": alive}), flush=True)


def _run_riot(
    kiosk: compose.ScreenService, premises: Premises, seconds: float, wanted: set[str]
) -> None:
    from kiosk.demo.finger import Eye  # noqa: PLC0415 - imports Kivy, which is ready by now

    Eye(kiosk.screen).wait_for("simulated card reader")
    monkey = Monkey(kiosk, premises, seed=7)
    escaped: list[str] = []
    late = 0
    begun = time.monotonic()
    before: Holdings | None = None
    while (
        (gone := time.monotonic() - begun) < seconds
        or before is None
        or (gone < _PATIENCE and not wanted <= monkey.pages)
    ):
        if before is None and gone > max(seconds * _WARM, _LEAST_WARM):
            before = _held_at_rest(kiosk, monkey)
        try:
            monkey.do_something()
        except TimeoutError:
            late += 1  # only a few are kept: a hanging screen would be late for ever
        except Exception as error:  # noqa: BLE001 - printed at the end
            escaped.append(f"{type(error).__name__} {error}")
    after = _held_at_rest(kiosk, monkey)
    print(json.dumps({
        "done": monkey.done, "pages": sorted(monkey.pages), "escaped": escaped[:5], "late": late,
        "before": asdict(before), "after": asdict(after), "resident": resident(),
        "keys": sorted(monkey.keys),
    }), flush=True)  # fmt: skip
    kiosk.stop()


def _held_at_rest(kiosk: compose.ScreenService, monkey: Monkey) -> Holdings:
    """Return this process's holdings at an unattended start screen."""
    from kiosk.demo.finger import drawing  # noqa: PLC0415

    def measured() -> Holdings:
        begin()
        return measure(len(kiosk.screen._typed._buffers))

    def at_rest() -> bool:
        state = kiosk.runtime._state
        return isinstance(state.page, pg.Waiting) and not state.card_present and not state.changed

    monkey.rest()
    wait_until(at_rest, lambda: f"the start screen instead of {kiosk.runtime._state.page}")
    return drawing(kiosk.screen, measured)


def figures(
    folder: Path,
    results: list[dict[str, object]],
    *,
    grows: float = _GROWTH,
    reached: Iterable[type] = (),
) -> str:
    """Return the result in a line; raises AssertionError if it is wrong.

    The monkey has to have `reached` at least these pages.
    """
    riot, end = results
    done, escaped = riot["done"], riot["escaped"]
    assert end["alive"] is True
    assert escaped == [], escaped
    late = riot["late"]
    assert isinstance(late, int)
    assert late <= _LATE
    log = (folder / "kiosk.log").read_text()
    assert [each for each in _TELLTALES if each in log] == []
    keys = riot["keys"]
    assert isinstance(keys, list)
    assert isinstance(done, dict)
    words = [words for words in (*_PLACES, *dict(NURSE.answers).values()) if len(words) > 4]
    secrets = {each: each.encode() for each in (*words, *_PASSCODES)}
    secrets |= {f"key {key}": bytes.fromhex(key) for key in keys}
    assert search([folder], secrets) == []
    held, at_last = riot["before"], riot["after"]
    assert isinstance(held, dict)
    assert isinstance(at_last, dict)
    before, after = Holdings(**held), Holdings(**at_last)
    for name in ("blocks", "heap", "objects", "textures", "pixels"):
        assert at_last[name] <= held[name] * (1 + grows), f"{name}: {before} -> {after}"
    assert after.buffers == 0, after
    assert isinstance(riot["resident"], int)
    pages = riot["pages"]
    assert isinstance(pages, list)
    missed = {each.__name__ for each in reached} - set(pages)
    assert missed == set(), f"not reached: {sorted(missed)}"
    return (
        f"{sum(done.values())} touches, keys and mishaps on {len(pages)} pages, 0 exceptions, "
        f"{late} drawn late, 0 secrets in the log, held at first {before}, at last {after} "
        f"(resident {riot['resident'] // 1024} MiB)"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), set(sys.argv[3:]))

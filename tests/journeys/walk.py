# SPDX-License-Identifier: Apache-2.0
"""Walk stories at one kiosk, in a process of its own: Kivy has one window for a process.

Run it as `python -m tests.journeys.walk FOLDER WIDTHxHEIGHT FIRST/OF TURN WHICH`. It walks each
OF-th story from the FIRST on, of "every" story or of a "smaller" number. Users mostly wait, so
several walkers run at a time. Each story is walked in one of the `ways`, in another one at each
TURN.

It prints a line of JSON for each story: its name, its way in words and as it was `chosen`, the step
that failed or null, the personal data left on the start screen, and the unblocking keys
(hexadecimal) that cards had meanwhile. No written file may contain these keys.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk import compose
from kiosk.app import central_monitor
from kiosk.app.technician_access import make_hash
from kiosk.demo import board_layout
from kiosk.demo.journey import DemoCard, HoldTitle
from kiosk.demo.premises import Premises
from kiosk.devices.reader import process
from kiosk.leases import lease_renewer, pack_store
from kiosk.link import http
from kiosk.simulated.faults import Fault
from kiosk.simulated.vpcd import VirtualReaderCard
from kiosk.site import settings
from tests.dealing import dealt
from tests.journeys import stories
from tests.journeys.happening import MISSED, Do, Story, While, Within
from tests.journeys.mishaps import AT_FULL_SIZE, DEADLINES, EVERY_STORY, steps_of
from tests.journeys.remains import remains_of
from tests.journeys.ways import Way, pairwise
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from kiosk.demo.pilot import Pilot


Told = tuple[str, Story, Way]
_UNNOTICED_SECONDS = 10.0
_OUT_SECONDS = 1.0


class PatientPremises(Premises):
    """Puts a card in once more if nobody has noticed it, as its holder would.

    pcscd forgets a card that it lost in a command. If the next one is in before pcscd has looked,
    which takes long on a busy machine, it takes that for the same card and never reads it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._moving = threading.Lock()

    def insert(self, which: DemoCard = DemoCard.HERS, *faults: Fault) -> None:
        super().insert(which, *faults)
        again = threading.Timer(_UNNOTICED_SECONDS, self._insert_again, (self._inserted,))
        again.daemon = True
        again.start()

    def take(self) -> None:
        with self._moving:
            super().take()

    def _insert_again(self, card: VirtualReaderCard) -> None:
        with self._moving:
            if card is not self._inserted or card.is_noticed.is_set():
                return
            card.remove()
            time.sleep(_OUT_SECONDS)
            with suppress(OSError):  # the card service has ended
                card.insert()


def main(folder: Path, size: str, share: str, turn: int, which: str) -> None:
    first, of = map(int, share.split("/"))
    left = AT_FULL_SIZE if which == "smaller" else frozenset()
    told = dealt(each for each in assigned(turn) if each[0] not in left)[first - 1 :: of]
    logging.basicConfig(
        level=5, filename=folder / "kiosk.log", format="%(asctime)s %(name)s %(message)s"
    )
    width, height = size.split("x")
    with PatientPremises(folder) as premises:
        os.environ.update(premises.kiosk_environment())
        os.environ.update(
            SDL_VIDEODRIVER="offscreen",
            KIOSK_WIDTH=width,
            KIOSK_HEIGHT=height,
            KIOSK_IDLE_SECONDS=str(stories.IDLE_SECONDS),
            KIOSK_WARNING_SECONDS=str(stories.WARNING_SECONDS),
            KIOSK_HELP_SECONDS=str(stories.HELP_SECONDS),
            KIOSK_TECHNICIAN_CODE=make_hash(stories.TECHNICIAN_CODE),
            KIOSK_PINS=json.dumps(dict(board_layout.PINS)),
        )
        premises.card_seconds = 0.1  # slow enough to interrupt
        process.SECONDS.update(DEADLINES)
        central_monitor.SECONDS = lease_renewer._LOOK_SECONDS = lease_renewer._LEAST_SECONDS = 0.5
        pack_store._WAITS = (1.0, 1.0)
        # Central stands still in a story, and a busy machine takes long to draw what follows.
        http._READ_SECONDS = http._WHOLE_SECONDS = PATIENCE
        kiosk = compose.ScreenService(settings.read(), open_pins=lambda: premises.pins)
        threading.Thread(target=_walk_all, args=(kiosk, premises, told), daemon=True).start()
        kiosk.run()


def assigned(turn: int) -> list[Told]:
    """Return each story with the way in which it is walked at this turn."""
    ways = pairwise()
    return [
        (name, story, _with_a_title(story, ways[(number + turn) % len(ways)]))
        for number, (name, story) in enumerate(EVERY_STORY.items())
    ]


def _with_a_title(story: Story, way: Way) -> Way:
    """Return `way`, or without low reach if the story needs the title bar.

    Large texts within low reach leave no room for a title bar.
    """
    needed = any(isinstance(step, HoldTitle) for step in steps_of(story))
    return replace(way, low_reach=False) if needed else way


def _walk_all(kiosk: compose.ScreenService, premises: Premises, told: list[Told]) -> None:
    from kiosk.demo.finger import Eye, drawing  # noqa: PLC0415 - imports Kivy, ready by now
    from kiosk.demo.pilot import Pilot  # noqa: PLC0415
    from tests.journeys.hands import be_patient  # noqa: PLC0415

    pictures = premises.folder / "pictures"
    be_patient()
    eye = Eye(kiosk.screen, patience=PATIENCE)
    pilot = Pilot(kiosk.screen, premises, pictures, lambda _step, _seconds: None)
    pilot._eye = eye
    eye.wait_for("simulated card reader")
    for name, story, way in told:
        failed, keys = None, {premises.card.unblocking_key.hex()}
        try:
            pilot.hand = way.hand(kiosk.screen)
            pilot.walk(way.choosing())
            _take_steps(story, pilot, kiosk, premises, keys)
        except Exception as error:  # noqa: BLE001 - told, and the next story is walked
            seen = eye.texts()
            failed = f"{type(error).__name__} {error}; on the screen: {seen}"
        became = {
            "story": name,
            "way": str(way),
            "chosen": asdict(way),
            "failed": failed,
            "remains": drawing(kiosk.screen, lambda: remains_of(kiosk)),
            "keys": sorted(keys),
        }
        print(json.dumps(became), flush=True)
        premises.take()
        MISSED.deed(kiosk)
    kiosk.stop()


def _take_steps(
    story: Story, pilot: Pilot, kiosk: compose.ScreenService, premises: Premises, keys: set[str]
) -> None:
    for step in story:
        match step:
            case Do():
                step.deed(premises)
            case Within():
                step.deed(kiosk)
            case While():
                with step.going_on(premises):
                    _take_steps(step.steps, pilot, kiosk, premises, keys)
            case _:
                pilot.walk([step])
        keys.add(premises.card.unblocking_key.hex())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])

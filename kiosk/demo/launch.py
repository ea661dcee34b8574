# SPDX-License-Identifier: Apache-2.0
"""`kiosk demo`: all parts on one machine, for a user, or without a display for the pilot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from kiosk import compose
from kiosk.demo import board_layout, service
from kiosk.demo import journey as jr
from kiosk.demo.mailbox import show_arriving
from kiosk.demo.premises import Premises
from kiosk.questions import SecurityQuestion
from kiosk.simulated import pcscd
from kiosk.site import settings

PICTURES = Path("build/demo")
_NOTICED_SECONDS = 1.0  # pcscd looks for cards every 0.4 s
_CARD_SECONDS = 0.15  # a command, like a real chip, so that users can follow the work


def demonstrate(*, unattended: bool) -> int:
    """Run the demonstration; return 0 if another program finds the new passcode on the card.

    If something is missing, say so in one line, start nothing, and return 2.
    """
    unattended = unattended or not _display()
    if lacking := _missing(unattended=unattended):
        print(f"kiosk demo: missing: {'; '.join(lacking)}", file=sys.stderr)
        return 2
    with TemporaryDirectory(prefix="kiosk-demo-") as folder:
        _say("starting a private pcscd, the central service and the sync")
        with Premises(Path(folder)) as premises:
            os.environ.update(premises.kiosk_environment())
            premises.card_seconds = _CARD_SECONDS
            over = threading.Event()
            mail = premises.central.mail
            showing = threading.Thread(target=show_arriving, args=(mail, _say, over))
            showing.start()
            try:
                if unattended:
                    return _unattended(premises)
                return _attended(premises)
            finally:
                over.set()
                showing.join()


def _missing(*, unattended: bool) -> list[str]:
    """Return what the demonstration lacks, each with what to do about it."""
    lacking = [*service.missing(), *pcscd.missing()]
    if not unattended:
        return lacking
    if not any(map(shutil.which, _OTHERS)):
        lacking.append("yubico-piv-tool or opensc (Debian packages)")
    return lacking or _missing_folder()


def _missing_folder() -> list[str]:
    """Make an empty folder for the pictures; return why there cannot be one."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    try:
        PICTURES.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return [f"a folder for its pictures, {PICTURES} ({error.strerror})"]
    return []


def _display() -> bool:
    """Return whether there is a display; a variable left over from an old one does not count."""
    screen = os.environ.get("DISPLAY", "")
    number = screen.removeprefix("unix").removeprefix(":").partition(".")[0]
    if screen.startswith((":", "unix:")):
        if Path(f"/tmp/.X11-unix/X{number.removeprefix(':')}").exists():
            return True
    elif screen:
        return True  # a display of another machine, which cannot be checked
    wayland = os.environ.get("WAYLAND_DISPLAY", "")
    return bool(wayland) and (Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / wayland).exists()


def _with_board(premises: Premises, width: int, height: int) -> compose.ScreenService:
    """Return the kiosk in a window, with the simulated board beside it."""
    size, pins = (width, height), premises.pins
    os.environ.update(
        KIOSK_WIDTH=str(width + board_layout.wide(size)),
        KIOSK_HEIGHT=str(height),
        KIOSK_PINS=json.dumps(dict(board_layout.PINS)),
    )
    kiosk = compose.ScreenService(settings.read(), open_pins=lambda: pins)
    from kiosk.demo.board_panel import attach  # noqa: PLC0415 - imports Kivy, which is ready by now

    attach(kiosk.screen, pins, size)
    return kiosk


# ---------------------------------------------------------------- with a user


def _attended(premises: Premises) -> int:
    os.environ.setdefault("KIOSK_KEYBOARD", "1")
    # The size of a seven-inch panel: with the board beside it, it fits any desktop screen.
    chosen = settings.read()
    kiosk = _with_board(premises, chosen.width, chosen.height)
    _say(f"the smartcard of {premises.holder.name} is locked; the answers:")
    for question, answer in premises.holder.answers:
        print(f"    {SecurityQuestion(question).in_language('en')}  {answer}")
    _say("press Enter here to put the card in, and again to take it out")
    threading.Thread(target=_move_card, args=(premises,), daemon=True).start()
    kiosk.run()
    return 0


def _move_card(premises: Premises) -> None:
    inserted = False
    for _ in sys.stdin:
        if inserted:
            premises.take()
        else:
            premises.insert()
        inserted = not inserted
        _say("the card is in" if inserted else "the card is out")


# ---------------------------------------------------------------- without a user


def unlock_journey(premises: Premises) -> jr.Journey:
    """Return the journey of a nurse at 3 a.m.: a locked card, four questions, a new passcode."""
    questions = premises.holder.answers
    journey: jr.Journey = [
        jr.See("simulated card reader"),
        jr.See("Insert your smartcard", "start"),
        jr.Insert(),
        jr.See("Reading your smartcard", "reading"),
    ]
    for number, (question, given) in enumerate(questions, start=1):
        journey += jr.answer(
            SecurityQuestion(question).in_language("en"), given, f"question-{number}"
        )
    journey += jr.new_passcode(premises.holder.new_passcode)
    journey += [
        jr.See("Do not remove your smartcard", "unlocking"),
        jr.See("Your smartcard is unlocked", "done"),
        jr.Take(),
        jr.See("Insert your smartcard", "start-again"),
    ]
    return journey


_CASE_OPENED: jr.Journey = [
    jr.Flip("Open the case"),
    jr.See("This kiosk is out of service", "case-opened"),
]


def _unattended(premises: Premises) -> int:
    os.environ["SDL_VIDEODRIVER"] = "offscreen"
    kiosk = _with_board(premises, 800, 480)
    walked = threading.Event()

    def walk() -> None:
        from kiosk.demo.pilot import Pilot  # noqa: PLC0415 - imports Kivy, which is ready by now

        try:
            pilot = Pilot(kiosk.screen, premises, PICTURES, _tell)
            pilot.walk(unlock_journey(premises))
            pilot.walk(_CASE_OPENED)
            walked.set()
        finally:
            kiosk.stop()

    _say("no display: the pilot touches the screen, offscreen")
    threading.Thread(target=walk, daemon=True, name="pilot").start()
    kiosk.run()
    if not walked.is_set():
        _say("the journey was not completed")
        return 1
    _say(f"pictures of every screen: {PICTURES}/")
    return 0 if card_takes(premises) else 1


_OTHERS = {
    # The passcode is given on standard input or in the environment, never as an argument.
    "yubico-piv-tool": ["-r", "Virtual PCD", "--stdin-input", "-a", "verify-pin"],
    # Debian 13's yubico-piv-tool works only with its maker's cards.
    "pkcs15-tool": ["--reader", "0", "--verify-pin", "--pin", "env:NEW_PASSCODE"],
}


def card_takes(premises: Premises) -> bool:
    """Return whether the card takes the new passcode, by the first other program that can ask."""
    premises.insert()
    time.sleep(_NOTICED_SECONDS)
    passcode = premises.holder.new_passcode
    try:
        for program, arguments in _OTHERS.items():
            if shutil.which(program) is None:
                continue
            answer = subprocess.run(
                [program, *arguments],
                input=passcode + "\n",
                env={**os.environ, "NEW_PASSCODE": passcode},
                capture_output=True,
                text=True,
                check=False,
            )
            last = (answer.stdout + answer.stderr).strip().splitlines()[-1:]
            _say(f"{program}: exit status {answer.returncode}, {' '.join(last)}")
            if answer.returncode == 0:
                return True
    finally:
        premises.take()
    return False


def _tell(step: str, seconds: float) -> None:
    print(f"    {seconds:6.2f} s  {step}", flush=True)


def _say(words: str) -> None:
    print(f"demo: {words}", flush=True)

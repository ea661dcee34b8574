# SPDX-License-Identifier: Apache-2.0
"""The views of the technician's visit."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.diagnosis import Diagnosis, Part
from kiosk.flow.drawing.frame import CLOSE, LONG_SECONDS, frame, go_on, in_minutes
from kiosk.flow.entries import TECHNICIAN_CODE, TECHNICIAN_CODE_LEAST, TECHNICIAN_CODE_MOST
from kiosk.flow.state import State
from kiosk.flow.text import Text, Words, plural, text


def entering_code(state: State, page: pg.EnteringTechnicianCode) -> vw.View:
    """Draw the entry of the technician's code."""
    return vw.EntryPage(
        frame(state, CLOSE, go_on(enabled=page.length >= TECHNICIAN_CODE_LEAST)),
        heading=text("Enter the technician's code"),
        entry=vw.Entry(
            TECHNICIAN_CODE, vw.EntryKind.PASSCODE, page.length, maximum=TECHNICIAN_CODE_MOST
        ),
        hint=text("It lets you look at this kiosk, and change nothing."),
        problem=_problem(page),
    )


def _problem(page: pg.EnteringTechnicianCode) -> Text | None:
    if not page.refused:
        return None
    if page.wait_seconds >= LONG_SECONDS:
        return plural(
            "That was not the code. Wait {count} minute, then try again.",
            "That was not the code. Wait {count} minutes, then try again.",
            in_minutes(page.wait_seconds),
        )
    if page.wait_seconds:
        return plural(
            "That was not the code. Wait {count} second, then try again.",
            "That was not the code. Wait {count} seconds, then try again.",
            page.wait_seconds,
        )
    return text("That was not the code. Try again.")


def examining(state: State, _: pg.Page) -> vw.View:
    """Draw the wait while the kiosk examines its parts."""
    heading = text("The kiosk looks at itself")
    instruction = text("This takes a few seconds.")
    return vw.Progress(frame(state, CLOSE), heading, (), instruction, vw.Picture.NONE)


def diagnoses(state: State, page: pg.ShowingDiagnoses) -> vw.View:
    """Draw what was found: troubles first."""
    troubles = [each for each in page.diagnoses if each.is_trouble]
    well = [each for each in page.diagnoses if not each.is_trouble]
    nothing = None if troubles else text("Nothing: every part is well.")
    return vw.ProfilePage(
        frame(state, CLOSE, vw.Button(vw.Intent.AGAIN, text("Look again"), vw.Role.PRIMARY)),
        text("How this kiosk is"),
        (
            vw.Section(text("To be looked after"), _rows(troubles), nothing),
            vw.Section(text("In order"), _rows(well)),
        ),
    )


def _rows(found: Sequence[Diagnosis]) -> tuple[tuple[Words, Words], ...]:
    rows: list[tuple[Words, Words]] = []
    for each in found:
        rows.append((_PARTS[each.part], each.found))
        if each.advice is not None:
            rows.append((text("What to do"), each.advice))
    return tuple(rows)


_PARTS = {
    Part.READER: text("Card reader"),
    Part.SCREEN: text("Screen"),
    Part.TOUCH: text("Touch"),
    Part.LIGHTS: text("Lights"),
    Part.FIREWALL: text("Firewall"),
    Part.SUPPLY: text("Power supply"),
    Part.DISK: text("Disk"),
    Part.CENTRAL: text("Central service"),
    Part.CLOCK: text("Clock"),
    Part.CERTIFICATE: text("Its certificate"),
    Part.VERSIONS: text("Versions"),
    Part.CHECKS: text("The checks themselves"),
}

# SPDX-License-Identifier: Apache-2.0
"""The technician's screen: behind a long press on the title, and a code, what the doctor found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.diagnosis import Diagnosis, Part
from kiosk.flow.drawing.frame import CLOSE, LONG_SECONDS, frame, go_on, in_minutes
from kiosk.flow.text import Text, Words, plural, text
from kiosk.flow.view import Intent

Outcome = tuple[st.State, tuple[do.Effect, ...]]

FIELD, LEAST, MOST = "technician-code", 8, 12


def _asked(state: st.State, _: ev.Pressed) -> Outcome:
    if not state.site.technician or state.card_present:
        return state, ()
    return replace(state, page=pg.EnteringTechnicianCode()), ()


def _typed(state: st.State, event: ev.Typed) -> Outcome:
    if event.field != FIELD:
        return state, ()
    return replace(state, page=pg.EnteringTechnicianCode(event.length)), ()


def _given(state: st.State, event: ev.Pressed) -> Outcome:
    if event.field != FIELD or event.typed is None or len(event.typed) < LEAST:
        return state, ()
    check = do.CheckTechnician(state.visit, event.typed)
    return replace(state, page=pg.CheckingTechnician()), (check,)


def _refused(state: st.State, event: ev.TechnicianRefused) -> Outcome:
    asking = pg.EnteringTechnicianCode(refused=True, wait_seconds=event.wait_seconds)
    return replace(state, page=asking), (do.ForgetTyped((FIELD,)),)


def _examine(state: st.State, _: ev.TechnicianAdmitted | ev.Pressed) -> Outcome:
    forget = do.ForgetTyped((FIELD,))
    return replace(state, page=pg.Examining()), (forget, do.Diagnose(state.visit))


def _diagnosed(state: st.State, event: ev.Diagnosed) -> Outcome:
    return replace(state, page=pg.ShowingDiagnoses(event.diagnoses)), ()


_Rule = Callable[[st.State, Any], Outcome]

TABLE: dict[tuple[type, type], _Rule] = {
    (pg.EnteringTechnicianCode, ev.Typed): _typed,
    (pg.CheckingTechnician, ev.TechnicianAdmitted): _examine,
    (pg.CheckingTechnician, ev.TechnicianRefused): _refused,
    (pg.Examining, ev.Diagnosed): _diagnosed,
}

PRESSED: dict[tuple[type, Intent], _Rule] = {
    (pg.Waiting, Intent.TECHNICIAN): _asked,
    (pg.EnteringTechnicianCode, Intent.CONTINUE): _given,
    (pg.ShowingDiagnoses, Intent.AGAIN): _examine,
}

# ---------------------------------------------------------------- what is to be seen


def _entering(state: st.State, page: pg.EnteringTechnicianCode) -> vw.View:
    return vw.EntryPage(
        frame(state, CLOSE, go_on(enabled=page.length >= LEAST)),
        heading=text("Enter the technician's code"),
        entry=vw.Entry(FIELD, vw.EntryKind.PASSCODE, page.length, maximum=MOST),
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


def _examining(state: st.State, _: pg.CheckingTechnician | pg.Examining) -> vw.View:
    heading = text("The kiosk looks at itself")
    instruction = text("This takes a few seconds.")
    return vw.Progress(frame(state, CLOSE), heading, (), instruction, vw.Picture.NONE)


def _showing(state: st.State, page: pg.ShowingDiagnoses) -> vw.View:
    troubles = [each for each in page.diagnoses if each.is_trouble]
    well = [each for each in page.diagnoses if not each.is_trouble]
    nothing = None if troubles else text("Nothing: every part is well.")
    return vw.ProfilePage(
        frame(state, CLOSE, vw.Button(Intent.AGAIN, text("Look again"), vw.Role.PRIMARY)),
        text("How this kiosk is"),
        (
            vw.Section(text("To be looked after"), _rows(troubles), nothing),
            vw.Section(text("In order"), _rows(well)),
        ),
    )


def _rows(diagnoses: Sequence[Diagnosis]) -> tuple[tuple[Words, Words], ...]:
    rows: list[tuple[Words, Words]] = []
    for each in diagnoses:
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

PAGES: dict[type, Callable[[st.State, Any], vw.View]] = {
    pg.EnteringTechnicianCode: _entering,
    pg.CheckingTechnician: _examining,
    pg.Examining: _examining,
    pg.ShowingDiagnoses: _showing,
}

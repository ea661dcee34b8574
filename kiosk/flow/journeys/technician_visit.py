# SPDX-License-Identifier: Apache-2.0
"""The technician's visit: a code after a long press on the title, then the kiosk's diagnoses."""

from __future__ import annotations

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.description import BackgroundWork, PageDescription
from kiosk.flow.drawing import technician_views
from kiosk.flow.entries import TECHNICIAN_CODE, TECHNICIAN_CODE_LEAST
from kiosk.flow.outcome import Outcome, show, unchanged
from kiosk.flow.state import State
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent

_FORGET = do.ForgetTyped((TECHNICIAN_CODE,))


def begin(state: State, _: pg.Waiting, __: ev.Pressed) -> Outcome:
    """Ask for the technician's code, if the site has one and no card lies in the reader."""
    if not state.site.technician or state.card_present:
        return unchanged(state)
    return show(state, pg.EnteringTechnicianCode())


def _typed(state: State, _: pg.EnteringTechnicianCode, event: ev.Typed) -> Outcome:
    if event.field != TECHNICIAN_CODE:
        return unchanged(state)
    return show(state, pg.EnteringTechnicianCode(event.length))


def _given(state: State, _: pg.EnteringTechnicianCode, event: ev.Pressed) -> Outcome:
    if event.field != TECHNICIAN_CODE or event.typed is None:
        return unchanged(state)
    if len(event.typed) < TECHNICIAN_CODE_LEAST:
        return unchanged(state)
    check = do.CheckTechnician(state.visit, event.typed)
    return show(state, pg.CheckingTechnician(), check)


def _refused(state: State, _: pg.CheckingTechnician, event: ev.TechnicianRefused) -> Outcome:
    again = pg.EnteringTechnicianCode(refused=True, wait_seconds=event.wait_seconds)
    return show(state, again, _FORGET)


def _examine(state: State, _: pg.Page, __: ev.Event) -> Outcome:
    return show(state, pg.Examining(), _FORGET, do.Diagnose(state.visit))


def _diagnosed(state: State, _: pg.Examining, event: ev.Diagnosed) -> Outcome:
    return show(state, pg.ShowingDiagnoses(event.diagnoses))


PAGES = (
    PageDescription(
        pg.EnteringTechnicianCode,
        technician_views.entering_code,
        pressed={Intent.CONTINUE: _given},
        heard={ev.Typed: _typed},
    ),
    PageDescription(
        pg.CheckingTechnician,
        technician_views.examining,
        heard={ev.TechnicianAdmitted: _examine, ev.TechnicianRefused: _refused},
        work=BackgroundWork(20.0, late=Trouble.CENTRAL),
    ),
    PageDescription(
        pg.Examining,
        technician_views.examining,
        heard={ev.Diagnosed: _diagnosed},
        work=BackgroundWork(90.0, late=Trouble.CENTRAL),
    ),
    PageDescription(
        pg.ShowingDiagnoses,
        technician_views.diagnoses,
        pressed={Intent.AGAIN: _examine},
    ),
)

# SPDX-License-Identifier: Apache-2.0
"""The view of a help screen; `help_texts` has its words."""

from __future__ import annotations

from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.drawing import help_texts
from kiosk.flow.drawing.frame import CLOSE, frame
from kiosk.flow.state import State
from kiosk.flow.trouble import Trouble


def helping(state: State, page: pg.Helping) -> vw.View:
    """Draw what happened, what to do now, and whom to call."""
    explained = help_texts.explain(page)
    return vw.Notice(
        frame(state, CLOSE),
        vw.Tone.INFORMATION if page.trouble is Trouble.ASKED else vw.Tone.PROBLEM,
        explained.heading,
        explained.paragraphs,
        contacts=state.site.whom_to_call,
        reference=state.reference,
        picture=_PICTURES.get(page.trouble, vw.Picture.NONE),
    )


_PICTURES = {
    Trouble.ASKED: vw.Picture.CHIP_FIRST,
    Trouble.CARD_UNREADABLE: vw.Picture.CHIP_FIRST,
    Trouble.CARD_MUTE: vw.Picture.CHIP_FIRST,
    Trouble.CARD_PULLED: vw.Picture.LEAVE_CARD,
    Trouble.CARD_PULLED_REGISTERING: vw.Picture.LEAVE_CARD,
    Trouble.CARD_PULLED_AT_WORK: vw.Picture.LEAVE_CARD,
    Trouble.CARD_NOT_KNOWN: vw.Picture.OTHER_CARD,
    Trouble.CARD_SWAPPED: vw.Picture.OTHER_CARD,
}

# SPDX-License-Identifier: Apache-2.0
"""The views of the start screen, and of a card that was just inserted."""

from __future__ import annotations

from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import CLOSE, frame, work
from kiosk.flow.state import State
from kiosk.flow.text import Text, text
from kiosk.values import ReaderTrouble


def waiting(state: State, _: pg.Waiting) -> vw.View:
    """Draw the start screen, or why the kiosk cannot be used."""
    trouble = closed(state)
    if state.card_present:
        instruction, *troubles = trouble or (_START_AGAIN, *_troubles(state))
        return vw.Welcome(
            frame(state),
            heading=text("Please take your smartcard"),
            instruction=instruction,
            picture=vw.Picture.REMOVE_CARD,
            troubles=tuple(troubles),
        )
    if trouble is not None:
        heading, *paragraphs = trouble
        return vw.Notice(
            frame(state),
            vw.Tone.PROBLEM,
            heading,
            tuple(paragraphs),
            contacts=state.site.whom_to_call,
        )
    return vw.Welcome(
        frame(state, vw.Button(vw.Intent.HELP, text("Help"))),
        heading=text("Insert your smartcard"),
        instruction=text(
            "Unlock your smartcard here and choose a new passcode. It takes about a minute."
        ),
        troubles=_troubles(state),
    )


def closed(state: State) -> tuple[Text, ...] | None:
    """Return why nobody can use this kiosk, heading first; None if it can be used."""
    if state.case_opened:
        return _OUT_OF_SERVICE, text("Its case was opened. Please use another kiosk.")
    if not state.admitted:
        return _OUT_OF_SERVICE, _ANOTHER
    if state.reader is not None:
        return text("This kiosk cannot be used just now"), _READER_TROUBLES[state.reader], _ANOTHER
    return None


def _troubles(state: State) -> tuple[Text, ...]:
    troubles = []
    if not state.central_reachable:
        troubles.append(_WITHOUT_CENTRAL if state.available_packs else _WITHOUT_PACKS)
    if state.power_low:
        troubles.append(text("This kiosk's power supply is too weak. Please tell IT."))
    if state.lights_missing:
        troubles.append(text("The lights of this kiosk do not work. It works without them."))
    return tuple(troubles)


_START_AGAIN = text("To start again, put it back in.")
_WITHOUT_CENTRAL = text(
    "The central service cannot be reached. Many smartcards can still be unlocked here, and"
    " passcodes changed. Registering has to wait."
)
_WITHOUT_PACKS = text(
    "The central service cannot be reached. Smartcards cannot be unlocked just now; a passcode that"
    " you know can be changed."
)
_OUT_OF_SERVICE = text("This kiosk is out of service")
_ANOTHER = text("Please use another kiosk.")
_READER_TROUBLES = {
    ReaderTrouble.NO_READER: text("There is no card reader."),
    ReaderTrouble.NO_SERVICE: text("The card reader is not available."),
    ReaderTrouble.NO_ACCESS: text("This kiosk may not use its card reader."),
    ReaderTrouble.HELD: text("The card reader does not answer."),
}


def reading_card(state: State, _: pg.ReadingCard) -> vw.View:
    """Draw the wait for the card."""
    return work(state, text("Reading your smartcard"))


def card_works(state: State, _: pg.CardWorks) -> vw.View:
    """Draw the menu of a card that is not locked."""
    not_here = text("Not with this kind of smartcard.")
    return vw.ChoicePage(
        frame(state, CLOSE),
        text("Your smartcard is not locked"),
        (
            vw.Choice(
                text("My smartcard and registration"),
                text("Register for self service, or look at your details.")
                if state.may_log_in
                else not_here,
                enabled=state.may_log_in,
            ),
            vw.Choice(text("Change my passcode"), text("You know the passcode you have now.")),
            vw.Choice(
                text("I've forgotten my passcode"),
                text("Set a new one with your security questions."),
            ),
        ),
    )

# SPDX-License-Identifier: Apache-2.0
"""The menus of the languages and the settings for access, which open over every page."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import events as ev
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import frame
from kiosk.flow.outcome import Outcome, unchanged
from kiosk.flow.preferences import OWN_NAMES, Language, Menu, TextSize
from kiosk.flow.state import State
from kiosk.flow.text import Verbatim, text
from kiosk.flow.view import Intent

OPENED = {Intent.LANGUAGE: Menu.LANGUAGES, Intent.ACCESS: Menu.ACCESS}

_SIZES = {
    TextSize.NORMAL: text("Usual text"),
    TextSize.LARGER: text("Larger text"),
    TextSize.LARGEST: text("Largest text"),
}
_TOGGLES = {
    "high_contrast": text("High contrast"),
    "low_reach": text("Within low reach"),
    "speech": text("Read aloud"),
    "scrambled": text("Digits in random places"),
    "more_time": text("More time"),
}


def pressed(state: State, intent: Intent) -> Outcome:
    """Open or close a menu: the page below gets none of these buttons."""
    opened = OPENED.get(intent)
    # The button that opened a menu closes it as well.
    return replace(state, menu=None if opened is state.menu else opened), ()


def chosen(state: State, event: ev.Chosen) -> Outcome:
    """Apply an entry of the open menu at once."""
    if state.menu is Menu.LANGUAGES:
        return _language_chosen(state, event.number)
    sizes, toggles = list(TextSize), list(_TOGGLES)
    if 0 <= event.number < len(sizes):
        larger = replace(state.access, text_size=sizes[event.number])
        return replace(state, access=larger), ()
    if 0 <= event.number - len(sizes) < len(toggles):
        return _toggle(state, toggles[event.number - len(sizes)])
    return unchanged(state)


def read_aloud(state: State) -> Outcome:
    """Start or stop reading aloud, by its key, on any page."""
    return _toggle(state, "speech")


def _language_chosen(state: State, number: int) -> Outcome:
    if not 0 <= number < len(Language):
        return unchanged(state)
    return replace(state, language=list(Language)[number], menu=None), ()


def _toggle(state: State, setting: str) -> Outcome:
    if not _offered(state, setting):
        return unchanged(state)
    return replace(state, access=state.access.toggled(setting)), ()


def render(state: State) -> vw.View:
    """Draw the menu that is open."""
    done = vw.Button(Intent.BACK, text("Done"), vw.Role.PRIMARY)
    if state.menu is Menu.LANGUAGES:
        return vw.ChoicePage(
            frame(state, done),
            text("Choose your language"),
            tuple(
                vw.Choice(Verbatim(OWN_NAMES[each]), ticked=each is state.language)
                for each in Language
            ),
        )
    return vw.ChoicePage(
        frame(state, done),
        text("Settings for access"),
        (*_sizes(state), *_toggles(state)),
        hint=text("They end when you leave."),
        columns=2,
    )


def _offered(state: State, setting: str) -> bool:
    return setting != "speech" or state.speech_present


def _sizes(state: State) -> tuple[vw.Choice, ...]:
    return tuple(
        vw.Choice(label, ticked=size is state.access.text_size) for size, label in _SIZES.items()
    )


def _toggles(state: State) -> tuple[vw.Choice, ...]:
    return tuple(
        vw.Choice(
            label,
            None if _offered(state, setting) else text("Not at this kiosk."),
            enabled=_offered(state, setting),
            ticked=getattr(state.access, setting),
        )
        for setting, label in _TOGGLES.items()
    )

# SPDX-License-Identifier: Apache-2.0
"""The languages and the settings for access: over every page, and the page is there afterwards."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import frame
from kiosk.flow.preferences import OWN_NAMES, Language, Menu, TextSize
from kiosk.flow.text import Verbatim, text
from kiosk.flow.view import Intent

Outcome = tuple[st.State, tuple[do.Effect, ...]]

OPENED = {Intent.LANGUAGE: Menu.LANGUAGES, Intent.ACCESS: Menu.ACCESS}

_SIZES = {
    TextSize.NORMAL: text("Usual text"),
    TextSize.LARGER: text("Larger text"),
    TextSize.LARGEST: text("Largest text"),
}
_TURNED = {
    "high_contrast": text("High contrast"),
    "low_reach": text("Within low reach"),
    "speech": text("Read aloud"),
    "scrambled": text("Digits in random places"),
    "more_time": text("More time"),
}


def pressed(state: st.State, intent: Intent) -> Outcome:
    """A button while a menu is open, or one that opens it; the page below hears of neither."""
    opened = OPENED.get(intent)
    # The button that opened a menu closes it, too.
    return replace(state, menu=None if opened is state.menu else opened), ()


def chosen(state: st.State, event: ev.Chosen) -> Outcome:
    """An entry of the menu that is open: it is done at once, and can be seen at once."""
    if state.menu is Menu.LANGUAGES:
        if 0 <= event.number < len(Language):
            return replace(state, language=list(Language)[event.number], menu=None), ()
        return state, ()
    sizes, turned = list(TextSize), list(_TURNED)
    if 0 <= event.number < len(sizes):
        access = replace(state.access, text_size=sizes[event.number])
    elif 0 <= event.number - len(sizes) < len(turned):
        setting = turned[event.number - len(sizes)]
        if not _offered(state, setting):
            return state, ()
        access = state.access.turned(setting)
    else:
        return state, ()
    return replace(state, access=access), ()


def read_aloud(state: st.State) -> Outcome:
    """The key for it: reading aloud begins or ends, on every page, without any menu."""
    if not _offered(state, "speech"):
        return state, ()
    return replace(state, access=state.access.turned("speech")), ()


def render(state: st.State) -> vw.View:
    """The menu that is open, as a view."""
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
        (*_sizes(state), *_on_or_off(state)),
        hint=text("They end when you leave."),
        columns=2,
    )


def _offered(state: st.State, setting: str) -> bool:
    return setting != "speech" or state.speech_present


def _sizes(state: st.State) -> tuple[vw.Choice, ...]:
    return tuple(
        vw.Choice(label, ticked=size is state.access.text_size) for size, label in _SIZES.items()
    )


def _on_or_off(state: st.State) -> tuple[vw.Choice, ...]:
    return tuple(
        vw.Choice(
            label,
            None if _offered(state, setting) else text("Not at this kiosk."),
            enabled=_offered(state, setting),
            ticked=getattr(state.access, setting),
        )
        for setting, label in _TURNED.items()
    )

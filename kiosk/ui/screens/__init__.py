# SPDX-License-Identifier: Apache-2.0
"""One screen for each kind of view, and the function that picks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.flow.view import (
    ChoicePage,
    EntryKind,
    EntryPage,
    Notice,
    ProfilePage,
    Progress,
    Resting,
    View,
    Welcome,
)
from kiosk.ui.context import Context
from kiosk.ui.screens.address import AddressScreen
from kiosk.ui.screens.answer import AnswerScreen
from kiosk.ui.screens.choice import ChoiceScreen
from kiosk.ui.screens.digits import DigitsScreen
from kiosk.ui.screens.notice import NoticeScreen
from kiosk.ui.screens.profile import ProfileScreen
from kiosk.ui.screens.progress import ProgressScreen
from kiosk.ui.screens.resting import RestingScreen
from kiosk.ui.screens.welcome import WelcomeScreen

Screen = (
    WelcomeScreen
    | AnswerScreen
    | DigitsScreen
    | ChoiceScreen
    | ProfileScreen
    | ProgressScreen
    | NoticeScreen
    | RestingScreen
)

_ENTRIES: dict[EntryKind, type[AnswerScreen | DigitsScreen]] = {
    EntryKind.ANSWER: AnswerScreen,
    EntryKind.EMAIL: AddressScreen,
}
_SCREENS: dict[type, Callable[[Context, Any], Screen]] = {
    Welcome: WelcomeScreen,
    ChoicePage: ChoiceScreen,
    ProfilePage: ProfileScreen,
    Progress: ProgressScreen,
    Notice: NoticeScreen,
    Resting: RestingScreen,
}


def screen_for(context: Context, view: View) -> Screen:
    """Return a new screen that shows `view`."""
    if isinstance(view, EntryPage):
        return _ENTRIES.get(view.entry.kind, DigitsScreen)(context, view)
    return _SCREENS[type(view)](context, view)

"""One screen for each kind of view, and which of them draws which."""

from __future__ import annotations

from kiosk.flow.view import (
    ChoicePage,
    EntryKind,
    EntryPage,
    Notice,
    ProfilePage,
    Progress,
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
from kiosk.ui.screens.welcome import WelcomeScreen

Screen = (
    WelcomeScreen
    | AnswerScreen
    | DigitsScreen
    | ChoiceScreen
    | ProfileScreen
    | ProgressScreen
    | NoticeScreen
)

_ENTRIES: dict[EntryKind, type[AnswerScreen | DigitsScreen]] = {
    EntryKind.ANSWER: AnswerScreen,
    EntryKind.EMAIL: AddressScreen,
}


def screen_for(context: Context, view: View) -> Screen:
    """A new screen that shows `view`."""
    match view:
        case Welcome():
            return WelcomeScreen(context, view)
        case EntryPage():
            return _ENTRIES.get(view.entry.kind, DigitsScreen)(context, view)
        case ChoicePage():
            return ChoiceScreen(context, view)
        case ProfilePage():
            return ProfileScreen(context, view)
        case Progress():
            return ProgressScreen(context, view)
        case Notice():
            return NoticeScreen(context, view)

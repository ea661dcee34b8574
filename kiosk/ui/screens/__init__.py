"""One screen for each kind of view, and which of them draws which."""

from __future__ import annotations

from kiosk.flow.view import EntryKind, EntryPage, Notice, Progress, View, Welcome
from kiosk.ui.context import Context
from kiosk.ui.screens.answer import AnswerScreen
from kiosk.ui.screens.digits import DigitsScreen
from kiosk.ui.screens.notice import NoticeScreen
from kiosk.ui.screens.progress import ProgressScreen
from kiosk.ui.screens.welcome import WelcomeScreen

Screen = WelcomeScreen | AnswerScreen | DigitsScreen | ProgressScreen | NoticeScreen


def screen_for(context: Context, view: View) -> Screen:
    """A new screen that shows `view`."""
    match view:
        case Welcome():
            return WelcomeScreen(context, view)
        case EntryPage() if view.entry.kind is EntryKind.ANSWER:
            return AnswerScreen(context, view)
        case EntryPage():
            return DigitsScreen(context, view)
        case Progress():
            return ProgressScreen(context, view)
        case Notice():
            return NoticeScreen(context, view)

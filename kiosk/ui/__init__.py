# SPDX-License-Identifier: Apache-2.0
"""The screen: Kivy widgets that draw a `View` and send events. The only room that knows Kivy.

Importing this package imports no Kivy: Kivy reads its environment once, when it is first imported,
so `toolkit.prepare` has to come before. `open_screen` does both in the right order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk.flow.events import Event
from kiosk.ui import toolkit
from kiosk.ui.catalogue import Catalogues
from kiosk.ui.speaking import Speak, silent

if TYPE_CHECKING:
    from kiosk.ui.app import KioskApp


def open_screen(
    window: toolkit.WindowSettings,
    catalogues: Catalogues,
    send: Callable[[Event], None],
    on_failure: Callable[[], None],
    speak: Speak = silent,
) -> KioskApp:
    """Prepare Kivy for `window` and make the app; once in a process, in its main thread."""
    toolkit.prepare(window)
    from kiosk.ui.app import KioskApp  # noqa: PLC0415 - only after prepare

    return KioskApp(catalogues, send, on_failure, speak)

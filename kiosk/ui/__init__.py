# SPDX-License-Identifier: Apache-2.0
"""The screen: Kivy widgets that draw a `View` and send events. Only this room knows Kivy.

Importing this package does not import Kivy. Kivy reads its environment once, at its first import,
so `toolkit.prepare` has to run before. `open_screen` does both in the right order.
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
    """Prepare Kivy for `window` and return the app.

    Call it once in a process, in its main thread.
    """
    toolkit.prepare(window)
    from kiosk.ui.app import KioskApp  # noqa: PLC0415 - only after prepare

    return KioskApp(catalogues, send, on_failure, speak)

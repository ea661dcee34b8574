# SPDX-License-Identifier: Apache-2.0
"""Take pictures of all sample views at one window size: `python -m kiosk.ui.gallery --help`.

Kivy has one window in a process, so each size needs its own process. The program exits with 1 if
something on a screen has too little room.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from kiosk.flow.events import Event
from kiosk.flow.view import EntryPage, View
from kiosk.ui import open_screen
from kiosk.ui.catalogue import Catalogues, load_all
from kiosk.ui.sample import SAMPLES, TYPED
from kiosk.ui.speaking import Speak, silent
from kiosk.ui.toolkit import WindowSettings

# Kivy's modules are imported inside functions, because its environment has to be set before.


class Gallery:
    """An app on an invisible screen; its frames are drawn on request."""

    def __init__(
        self,
        size: tuple[int, int],
        catalogues: Catalogues | None = None,
        send: Callable[[Event], None] = lambda _: None,
        on_failure: Callable[[], None] = lambda: None,
        speak: Speak = silent,
    ) -> None:
        os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
        settings = WindowSettings(size=size, frames=0)
        self.app = open_screen(settings, catalogues or load_all(), send, on_failure, speak)
        from kivy.base import EventLoop, runTouchApp  # noqa: PLC0415

        if EventLoop.status == "started":
            EventLoop.window.add_widget(self.app.stage)
        else:
            runTouchApp(self.app.stage, embedded=True)
        self.frames()

    def close(self) -> None:
        """Remove the app from the window, so that the next one can use it."""
        from kivy.core.window import Window  # noqa: PLC0415

        Window.remove_widget(self.app.stage)

    def frames(self, number: int = 5) -> None:
        """Draw `number` frames: a layout takes a few until it is stable."""
        from kivy.base import EventLoop  # noqa: PLC0415

        for _ in range(number):
            EventLoop.idle()

    def show(self, view: View) -> None:
        """Put `view` on the screen."""
        self.app.show(view)
        self.frames()

    def show_sample(self, name: str) -> None:
        """Put the sample `name` on the screen, with its text typed."""
        self.app.forget()
        view = SAMPLES[name]
        self.show(view)
        if isinstance(view, EntryPage):
            for character in TYPED.get(name, ""):
                self.app.stage.strike(character)
        self.frames()

    def photograph(self, path: Path) -> None:
        """Write what the window shows to a PNG file.

        The file appears in one step, so a reader never finds half of a picture.
        """
        from kivy.core.window import Window  # noqa: PLC0415

        Window.dispatch("on_draw")
        # Kivy numbers its screenshots by what is in the folder, so each gets its own folder.
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            taken = Window.screenshot(name=str(Path(folder).absolute() / path.name))
            Path(taken).replace(path)


def main() -> None:
    """Take a picture of each sample, and list what does not fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="800x480", help="WIDTHxHEIGHT in pixels")
    parser.add_argument("--out", type=Path, default=Path("build/screens"), help="a folder")
    parser.add_argument("names", nargs="*", help="samples, else all")
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    gallery = Gallery((width, height))
    from kiosk.ui.fit import misfits  # noqa: PLC0415

    options.out.mkdir(parents=True, exist_ok=True)
    found = []
    for name in options.names or SAMPLES:
        gallery.show_sample(name)
        gallery.photograph(options.out / f"{name}-{options.size}.png")
        found += [f"{name}: {misfit}" for misfit in misfits(gallery.app.stage)]
    if found:
        parser.exit(1, "\n".join(found) + "\n")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Kivy's environment and configuration, set before Kivy is first imported."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """The window: its `size` in pixels unless `fullscreen`, and the lowest level that Kivy logs.

    `frames` is the most frames drawn in a second; 0 draws a frame only on request. `rotation` turns
    the picture and the touches by so many degrees counterclockwise. `card` is the number of the DRM
    card of the display; without it, SDL chooses.
    """

    size: tuple[int, int] = (800, 480)
    fullscreen: bool = False
    cursor: bool = True
    log_level: int = logging.WARNING
    frames: int = 30
    rotation: int = 0
    card: int | None = None


_prepared: list[WindowSettings] = []


def prepare(window: WindowSettings) -> None:
    """Set Kivy's environment and configuration, which works once in a process.

    A second call with the same `window` changes nothing. Raises RuntimeError for another `window`,
    or if Kivy was already imported. Nothing of Kivy's outlives the process: it reads and writes no
    configuration file, and its home is a temporary folder. In log mode PYTHON Kivy leaves the root
    logger and stderr alone.
    """
    if _prepared == [window]:
        return
    if _prepared or "kivy" in sys.modules:
        raise RuntimeError("kivy was imported before kiosk.ui.toolkit.prepare for this window")
    _prepared.append(window)
    home = tempfile.mkdtemp(prefix="kiosk-kivy-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ.update(
        KIVY_HOME=home,
        KIVY_NO_ARGS="1",
        KIVY_NO_CONFIG="1",
        KIVY_NO_ENV_CONFIG="1",
        KIVY_NO_FILELOG="1",
        KIVY_NO_CONSOLELOG="1",
        KIVY_LOG_MODE="PYTHON",
        # No scaling by Kivy: the theme scales by the window's size, not by a guessed density.
        KIVY_DPI="96",
        KIVY_METRICS_DENSITY="1",
        KIVY_METRICS_FONTSCALE="1",
    )
    if window.card is not None:
        os.environ["SDL_KMSDRM_DEVICE_INDEX"] = str(window.card)
    logging.getLogger("kivy").addFilter(_worth_logging)
    _configure(window)
    logging.getLogger("kivy").setLevel(window.log_level)


def _worth_logging(record: logging.LogRecord) -> bool:
    """Return False for the warning, with traceback, about an input provider that we do not use."""
    return "is not supported by your version of linux" not in str(record.msg)


def _configure(window: WindowSettings) -> None:
    from kivy.config import Config  # noqa: PLC0415 - its import is what prepare has prepared

    width, height = window.size
    Config.set("kivy", "exit_on_escape", "0")
    Config.set("kivy", "desktop", "0")
    Config.set("kivy", "pause_on_minimize", "0")
    Config.set("graphics", "width", str(width))
    Config.set("graphics", "height", str(height))
    Config.set("graphics", "fullscreen", "auto" if window.fullscreen else "0")
    Config.set("graphics", "resizable", "0")
    Config.set("graphics", "show_cursor", "1" if window.cursor else "0")
    Config.set("graphics", "maxfps", str(window.frames))
    Config.set("graphics", "rotation", str(window.rotation))
    # Our shapes smooth their own edges, so multisampling would only cost time.
    Config.set("graphics", "multisamples", "0")
    # Kivy's own provider would double each tap: on a wall `devices.touch` reads the touch screen,
    # and at a desk SDL turns touches into a mouse. The mouse stays, without the red dots that
    # simulate a second finger.
    Config.remove_option("input", "%(name)s")
    Config.set("input", "mouse", "mouse,disable_multitouch")

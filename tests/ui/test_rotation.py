# SPDX-License-Identifier: Apache-2.0
"""A turned window: a touch on a pixel of the panel presses what is visible there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from PIL import Image

from kiosk.flow.view import Intent
from kiosk.ui.palette import NHS
from kiosk.ui.sample import SAMPLES
from kiosk.values import Fingertip, Phase
from tests.patience import PATIENCE
from tests.ui.conftest import Desk
from tests.ui.test_album import share_of_differing_pixels

pytestmark = pytest.mark.dealt


@pytest.fixture
def turn(desk: Desk) -> Iterator[Callable[[int], None]]:
    """Turn the window, which a kiosk does once when it opens."""
    from kivy.core.window import Window  # noqa: PLC0415 - only after the gallery is open

    def turn(degrees: int) -> None:
        Window.rotation = degrees
        Window.update_viewport()  # which Kivy forgets where the size stays
        desk.gallery.frames()

    yield turn
    turn(0)


def panel() -> Image.Image:
    """Return what the panel shows; Kivy's own screenshots support only upright windows."""
    from kivy.core.window import Window  # noqa: PLC0415
    from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels  # noqa: PLC0415

    Window.dispatch("on_draw")
    width, height = Window.system_size
    pixels = glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE)
    seen = Image.frombytes("RGB", (width, height), pixels)
    return seen.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def middle_of(colour: tuple[float, ...], seen: Image.Image) -> tuple[float, float]:
    """Return the middle of the area with this colour, as shares of the panel from its top left."""
    wanted = tuple(round(part * 255) for part in colour[:3])
    pixels = seen.load()
    assert pixels is not None
    places = [
        (x, y)
        for x in range(0, seen.width, 4)
        for y in range(0, seen.height, 4)
        if pixels[x, y] == wanted
    ]
    assert len(places) > 50, "it is to be seen"
    xs, ys = zip(*places, strict=True)
    return (min(xs) + max(xs)) / 2 / seen.width, (min(ys) + max(ys)) / 2 / seen.height


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_touch_presses_the_button_that_is_seen_there(
    desk: Desk, turn: Callable[[int], None], degrees: int
) -> None:
    turn(degrees)
    desk.show(SAMPLES["question-typed"])
    x, y = middle_of(NHS.primary, panel())
    app = desk.gallery.app
    app.touch(Fingertip(0, Phase.DOWN, x, y))
    desk.gallery.frames(1)
    app.touch(Fingertip(0, Phase.UP, x, y))
    desk.gallery.frames(1)
    assert [event.intent for event in desk.pressed] == [Intent.CONTINUE]
    assert desk.touched


def test_a_turned_window_shows_the_upright_picture_turned(
    desk: Desk, turn: Callable[[int], None]
) -> None:
    desk.show(SAMPLES["done"])
    upright = panel()
    turn(180)
    assert share_of_differing_pixels(panel().rotate(180), upright) < 0.002


def test_two_thumbs_that_overlap_lose_no_key(desk: Desk) -> None:
    """The touch screen reports that the second finger comes down before the first is lifted."""
    from kiosk.demo.finger import _middle  # noqa: PLC0415
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

    desk.show(SAMPLES["question-empty"])
    app = desk.gallery.app
    keys = [one for one in app.stage.walk(restrict=True) if isinstance(one, KeyCap)]
    places = {one.key: _middle(one) for one in keys}
    for number, key in enumerate("ql"):
        x, y = places[key]
        app.touch(Fingertip(number, Phase.DOWN, x / 800, y / 480))
    for number in range(2):
        app.touch(Fingertip(number, Phase.UP, 0.5, 0.5))
    desk.gallery.frames(1)
    assert [event.length for event in desk.typed] == [1, 2]


def test_settings_turn_the_window_choose_its_card_and_hide_the_cursor() -> None:
    script = """
        import os
        from kiosk.ui import toolkit
        toolkit.prepare(
            toolkit.WindowSettings(fullscreen=False, cursor=False, rotation=270, card=2)
        )
        from kivy.core.window import Window
        print(Window.rotation, Window.size, Window.show_cursor)
        print(os.environ["SDL_KMSDRM_DEVICE_INDEX"])
        """
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)],
        env={"PATH": "/usr/bin:/bin", "SDL_VIDEODRIVER": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=PATIENCE,
    )
    assert done.stdout.split("\n")[:2] == ["270 (480, 800) False", "2"], done.stderr

# SPDX-License-Identifier: Apache-2.0
"""The stored pictures match the screen, and their colours have enough contrast."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from operator import sub
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from kiosk.flow.preferences import Access, Language
from kiosk.ui.palette import CLEAR, HIGH_CONTRAST, NHS, Colour, Palette, contrast
from tests.ui.album import SIZES, stored, write_index
from tests.ui.conftest import Desk
from tests.ui.test_flow_pages import view_of

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "pictures"
# Another version of a library may draw letters slightly differently.
_NOTICED, _MOST = 64, 0.04
_TILE = (50, 40)


@pytest.fixture(scope="module", params=SIZES)
def new_pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the stored pictures, taken again at one size."""
    folder = tmp_path_factory.mktemp(request.param)
    command = [sys.executable, "-m", "tests.ui.album", request.param, str(folder), "--stored"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.dealt
def test_the_stored_pictures_match_the_screen(new_pictures: Path) -> None:
    """If this fails, look at the new pictures, and run `make pictures` if they are right."""
    for path in new_pictures.glob("*.png"):
        with Image.open(path) as seen, Image.open(KEPT / path.name) as kept:
            assert share_of_differing_pixels(seen.convert("RGB"), kept.convert("RGB")) <= _MOST, (
                path.name
            )


def share_of_differing_pixels(one: Image.Image, other: Image.Image) -> float:
    """Return the share of visibly different pixels, in the tile with the most."""
    assert one.size == other.size
    difference = ImageChops.difference(one, other).convert("L")
    noticed = difference.point([0] * _NOTICED + [255] * (256 - _NOTICED))
    places = product(range(0, one.width, _TILE[0]), range(0, one.height, _TILE[1]))
    tiles = [noticed.crop((x, y, x + _TILE[0], y + _TILE[1])) for x, y in places]
    return max(tile.histogram()[255] / (tile.width * tile.height) for tile in tiles)


def test_a_different_page_is_detected() -> None:
    with (
        Image.open(KEPT / "start-800x480.png") as one,
        Image.open(KEPT / "help-800x480.png") as two,
    ):
        assert share_of_differing_pixels(one.convert("RGB"), two.convert("RGB")) > _MOST


@pytest.mark.parametrize("name", ["asking", "works"])
def test_any_missing_text_is_detected(desk: Desk, tmp_path: Path, name: str) -> None:
    from kiosk.ui.widgets.writing import Writing  # noqa: PLC0415 - only after the gallery is open

    desk.show(view_of(name, Language.ENGLISH, Access(), troubled=False))
    desk.gallery.photograph(tmp_path / "whole.png")
    texts = [one for one in desk.gallery.app.stage.walk(restrict=True) if isinstance(one, Writing)]
    unnoticed = []
    with Image.open(tmp_path / "whole.png") as picture:
        whole = picture.convert("RGB")
    for one in texts:
        colour, one.color = one.color, CLEAR
        desk.gallery.frames(2)
        desk.gallery.photograph(tmp_path / "without.png")
        one.color = colour
        with Image.open(tmp_path / "without.png") as without:
            if one.text and share_of_differing_pixels(whole, without.convert("RGB")) <= _MOST:
                unnoticed.append(one.text)
    assert len(texts) > 5
    assert unnoticed == []


def test_the_album_lists_every_stored_picture() -> None:
    names = {f"{each.name}-{size}.png" for size in SIZES for each in stored(size)}
    assert {path.name for path in KEPT.glob("*.png")} == names


@pytest.mark.parametrize(
    ("name", "palette"),
    [("start", NHS), ("help", NHS), ("profile", NHS), ("question-contrast", HIGH_CONTRAST)],
)
def test_letters_in_pictures_have_a_contrast_of_seven_to_one(name: str, palette: Palette) -> None:
    with Image.open(KEPT / f"{name}-800x480.png") as picture:
        rgb = picture.convert("RGB")
        counted = rgb.getcolors(rgb.width * rgb.height) or []
    colours = {colour: count for count, colour in counted if isinstance(colour, tuple)}
    ground = max(colours, key=colours.__getitem__)
    wanted = [round(part * 255) for part in palette.text[:3]]
    letters = min(colours, key=lambda each: max(map(abs, map(sub, each, wanted))))
    assert colours[letters] > 300, "letters are drawn in the text's colour"
    assert contrast(_colour(ground), _colour(letters)) >= 7


def _colour(rgb: tuple[int, ...]) -> Colour:
    red, green, blue = (part / 255 for part in rgb)
    return red, green, blue, 1.0


def test_the_index_shows_every_picture(tmp_path: Path) -> None:
    for name in ("asking-cy-low-800x480", "works-en-usual-800x480"):
        (tmp_path / f"{name}.png").write_bytes(b"")
    write_index(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert page.count("<img") == 2
    assert "asking-cy-low-800x480.png" in page

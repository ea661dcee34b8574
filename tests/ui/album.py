# SPDX-License-Identifier: Apache-2.0
"""Pictures of every page of the kiosk: in all languages and settings, or only the stored ones.

`python -m tests.ui.album SIZE FOLDER` takes all of them at one window size, and writes an index
page beside them. With `--stored` it takes those that are kept in docs/pictures, which a test
compares. Kivy has one window in a process, so each size takes a process of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image

from kiosk.flow.preferences import OWN_NAMES, Access, Language, TextSize
from kiosk.flow.view import EntryPage
from kiosk.ui.gallery import Gallery
from tests.ui.test_flow_pages import NAMES, view_of

SIZES = ("800x480", "1280x800")
_SHADES = 192
SETTINGS = {
    "usual": Access(),
    "larger": Access(TextSize.LARGER),
    "largest": Access(TextSize.LARGEST),
    "contrast": Access(high_contrast=True),
    "low": Access(low_reach=True),
}
STORED = {
    "start": "waiting",
    "resting": "resting",
    "closed": "closed",
    "menu": "works",
    "question": "asking",
    "passcode": "choosing",
    "unlocking": "unlocking",
    "done": "finished",
    "help": "help-card mute",
    "another-card": "help-card not known",
    "profile": "profile",
    "choice": "choosing-question",
    "address": "email",
    "registered": "registered",
    "technician": "diagnoses",
    "languages": "menu-languages",
    "settings": "menu-access",
}
"""Pages by the names of their pictures; at both sizes, in English, with the default settings."""


@dataclass(frozen=True)
class Picture:
    """A picture to take: its file's name, the page, and how it is shown."""

    name: str
    page: str
    language: Language = Language.ENGLISH
    setting: str = "usual"


_ONE_EACH = [
    Picture("question-larger", "asking", setting="larger"),
    Picture("question-largest", "asking", setting="largest"),
    Picture("question-contrast", "asking", setting="contrast"),
    Picture("question-low", "asking", setting="low"),
    Picture("start-welsh", "waiting", Language.WELSH),
    Picture("menu-polish", "works", Language.POLISH),
    Picture("question-ukrainian", "asking", Language.UKRAINIAN),
]


def stored(size: str) -> list[Picture]:
    """Return the pictures that are kept; the smaller size also has each setting and language."""
    usual = [Picture(name, page) for name, page in STORED.items()]
    return usual + (_ONE_EACH if size == SIZES[0] else [])


def every() -> Iterator[Picture]:
    """Yield each page in each language and setting."""
    for page in NAMES:
        for language in Language:
            for setting in SETTINGS:
                name = f"{page.replace(' ', '-')}-{language}-{setting}"
                yield Picture(name, page, language, setting)


def photograph(gallery: Gallery, picture: Picture, folder: Path, size: str) -> Path:
    """Take `picture`, with a few dots if the page has an entry, and return its path."""
    access = SETTINGS[picture.setting]
    view = view_of(picture.page, picture.language, access, troubled=False)
    gallery.app.forget()
    gallery.show(view)
    if isinstance(view, EntryPage) and not view.entry.prefilled:
        for character in "471108"[: view.entry.length or 4]:
            gallery.app.stage.strike(character)
    gallery.frames()
    path = folder / f"{picture.name}-{size}.png"
    gallery.photograph(path)
    with Image.open(path) as taken:
        # A fifth of the size, without a visible difference.
        taken.convert("RGB").quantize(_SHADES).save(path, optimize=True)
    return path


def write_index(folder: Path) -> None:
    """Write an index page of all pictures in `folder`, grouped by page."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.png")):
        groups.setdefault(path.name.split("-")[0], []).append(path)
    shown = "\n".join(
        f"<h2>{escape(group)}</h2>\n"
        + "\n".join(
            f'<figure><a href="{escape(path.name)}"><img loading="lazy" src="{escape(path.name)}">'
            f"</a><figcaption>{escape(path.stem)}</figcaption></figure>"
            for path in paths
        )
        for group, paths in groups.items()
    )
    languages = ", ".join(f"{each}: {name}" for each, name in OWN_NAMES.items())
    (folder / "index.html").write_text(
        "<!doctype html><meta charset=utf-8><title>Every screen</title><style>"
        "body{font-family:sans-serif}figure{display:inline-block;margin:8px}img{width:400px}"
        f"</style><h1>Every screen</h1><p>{escape(languages)}</p>\n{shown}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stored", action="store_true")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    gallery = Gallery((width, height))
    options.folder.mkdir(parents=True, exist_ok=True)
    for picture in stored(options.size) if options.stored else every():
        photograph(gallery, picture, options.folder, options.size)
    if not options.stored:
        write_index(options.folder)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""No widget, texture or cache holds personal data after everything was forgotten."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from weakref import ref

import pytest

from kiosk.flow.text import Verbatim
from kiosk.flow.view import ChoicePage, EntryPage, ProfilePage, View
from kiosk.ui.gallery import Gallery
from kiosk.ui.sample import SAMPLES
from tests.ui.conftest import Desk

NAME = "Zebedee Quirkworthy"


def profile() -> View:
    view = SAMPLES["profile"]
    assert isinstance(view, ProfilePage)
    rows = ((Verbatim("Name"), Verbatim(NAME)), (Verbatim("E-mail"), Verbatim(f"{NAME}@x")))
    sections = tuple(replace(section, rows=rows) for section in view.sections)
    frame = replace(view.frame, corner=(Verbatim(NAME), Verbatim("Nurse")))
    return replace(view, frame=frame, heading=Verbatim(NAME), sections=sections)


def choices() -> View:
    view = SAMPLES["choices-many-chosen"]
    assert isinstance(view, ChoicePage)
    return replace(view, choices=tuple(replace(one, label=Verbatim(NAME)) for one in view.choices))


def address() -> View:
    view = SAMPLES["address-filled"]
    assert isinstance(view, EntryPage)
    return replace(view, entry=replace(view.entry, prefilled="zebedee@nhs.net"))


@pytest.fixture
def manual_garbage_collection() -> Iterator[None]:
    """Run the garbage collector only on request, never by chance in between."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("manual_garbage_collection")
def test_forgetting_a_profile_leaves_its_texts_nowhere(desk: Desk) -> None:
    desk.show(profile())
    assert places_of(NAME), "they are there before"
    desk.gallery.app.forget()
    desk.gallery.frames(2)
    assert places_of(NAME) == []
    desk.show(SAMPLES["welcome"])
    assert places_of(NAME) == []


@pytest.mark.usefixtures("manual_garbage_collection")
def test_forgetting_a_list_leaves_its_texts_nowhere(desk: Desk) -> None:
    desk.show(choices())
    assert places_of(NAME), "they are there before"
    desk.gallery.app.forget()
    desk.gallery.frames(2)
    assert places_of(NAME) == []


@pytest.mark.usefixtures("manual_garbage_collection")
def test_earlier_pages_are_forgotten_too(desk: Desk) -> None:
    desk.show(profile())
    desk.show(address())
    desk.finger.write("ab")
    desk.show(SAMPLES["welcome"])
    desk.gallery.app.forget()
    desk.gallery.frames(2)
    assert places_of(NAME) == []
    assert glyphs() == []


@pytest.mark.usefixtures("manual_garbage_collection")
@pytest.mark.parametrize("page", [profile, choices, address])
def test_the_textures_of_texts_are_freed_with_them(desk: Desk, page: object) -> None:
    assert callable(page)
    desk.show(page())
    drawn = [ref(texture) for texture in textures(desk.gallery)]
    assert len(drawn) > 8
    desk.gallery.app.forget()
    desk.gallery.frames(2)
    assert [one for one in drawn if one() is not None] == []


def places_of(words: str) -> list[str]:
    """Return where `words` are: living widgets, the drawing of their texts, and Kivy's caches."""
    from kivy.cache import Cache  # noqa: PLC0415 - the gallery is open by now
    from kivy.core.text import LabelBase  # noqa: PLC0415
    from kivy.uix.label import Label  # noqa: PLC0415

    found = [
        type(thing).__name__
        for thing in gc.get_objects()
        if issubclass(type(thing), Label | LabelBase) and words in str(thing.text)
    ]
    return found + [
        f"cache {name}"
        for name, entries in Cache._objects.items()
        for key in tuple(entries)
        if words in str(key)
    ]


def glyphs() -> list[str]:
    """Return the letters of pictures that something other than a widget still holds."""
    from kivy.core.text import LabelBase  # noqa: PLC0415
    from kivy.uix.label import Label  # noqa: PLC0415

    living = gc.get_objects()
    owned = {id(one._label) for one in living if issubclass(type(one), Label)}
    letters = (one for one in living if issubclass(type(one), LabelBase) and id(one) not in owned)
    return [one.text for one in letters if one.text]


def textures(gallery: Gallery) -> Iterator[object]:
    """Yield the texture of each text on the screen."""
    from kivy.graphics import Rectangle  # noqa: PLC0415
    from kivy.uix.label import Label  # noqa: PLC0415

    from kiosk.ui.widgets.entry_box import EntryBox  # noqa: PLC0415

    for widget in gallery.app.stage.walk():
        if isinstance(widget, Label) and widget.texture is not None:
            yield widget.texture
        elif isinstance(widget, EntryBox):
            *letters, _caret = (one for one in widget._content.children if type(one) is Rectangle)
            yield from (one.texture for one in letters)

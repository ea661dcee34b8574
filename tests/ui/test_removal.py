# SPDX-License-Identifier: Apache-2.0
"""Pulling the card at any screen leaves no personal data in widgets, textures or state."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from weakref import ref

import pytest

from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import render
from kiosk.flow.preferences import Access, Language, TextSize
from kiosk.flow.view import EntryPage, Intent
from tests.flow.test_properties import secrets_in
from tests.ui.test_flow_pages import MENUS, PAGES, PROFILE, TRUST, state_of
from tests.ui.test_remains import glyphs, places_of, textures
from tests.ui.visitor import Visitor

THEIRS = (
    PROFILE.name, PROFILE.email, TRUST.name, TRUST.role, "0123456789ABCDEF0123456789ABCDEF",
    "m…@northumbria-healthcare.nhs.uk",
)  # fmt: skip


@pytest.fixture(scope="module")
def visitor() -> Iterator[Visitor]:
    visitor = Visitor()
    gallery = visitor.open()
    yield visitor
    gallery.app.forget()
    gallery.frames(1)
    gallery.close()


@pytest.mark.dealt
@pytest.mark.parametrize("name", [*PAGES, *MENUS])
def test_no_personal_data_is_left_when_the_card_is_pulled(visitor: Visitor, name: str) -> None:
    gallery = visitor.gallery
    assert gallery is not None
    access = Access(TextSize.LARGER, high_contrast=True)
    state = state_of(name, Language.WELSH, access, troubled=False)
    visitor.state = replace(state, card_present=not isinstance(state.page, pg.Waiting), visit=9)
    view = render(visitor.state)
    gallery.show(view)
    if isinstance(view, EntryPage):
        for character in "4711":
            gallery.app.stage.strike(character)
        gallery.frames(1)
    drawn = [ref(texture) for texture in textures(gallery)]
    visitor.send(ev.CardTaken())
    if isinstance(visitor.state.page, pg.Helping):
        visitor.send(ev.Pressed(Intent.CLOSE))
    gallery.frames(2)
    assert isinstance(visitor.state.page, pg.Waiting)
    assert not visitor.state.changed or isinstance(state.page, pg.Waiting)
    assert visitor.state.reference == "" or isinstance(state.page, pg.Waiting)
    assert secrets_in(visitor.state) == []
    assert not gallery.app._typed._buffers
    gc.collect()
    assert [words for words in THEIRS if places_of(words)] == []
    assert glyphs() == []
    if not isinstance(state.page, pg.Waiting):
        assert [one for one in drawn if one() is not None] == []

# SPDX-License-Identifier: Apache-2.0
"""The keyboard and the keypad: no lost keys at speed, accents, two alphabets, scrambled digits."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from kiosk.flow.preferences import Access, Language
from kiosk.flow.view import EntryPage, Intent, View
from kiosk.ui.sample import SAMPLES
from kiosk.ui.widgets.caps import ACCENTS, LATIN, address, letters
from kiosk.values import Fingertip, Phase
from tests.ui.conftest import Desk

pytestmark = pytest.mark.dealt

QUESTION = SAMPLES["question-typed"]
TAPS_A_SECOND = 10


def submitted(desk: Desk) -> str:
    desk.finger.press(Intent.CONTINUE)
    typed = desk.pressed[-1].typed
    assert typed is not None
    return typed.reveal().decode()


def in_language(view: View, language: Language) -> View:
    return replace(view, frame=replace(view.frame, language=language))


def hold(desk: Desk, key: str) -> None:
    """Hold a key until it offers its accents, while frames are drawn."""
    from kiosk.demo.finger import _middle  # noqa: PLC0415 - the gallery is open
    from kiosk.ui.widgets.key_grid import KeyPlate  # noqa: PLC0415

    plate = next(one for one in desk.gallery.app.stage.walk() if isinstance(one, KeyPlate))
    cap = plate.way_to(key)
    assert cap is not None
    touch = desk.finger.down(*_middle(cap))
    while plate._held is not None and not plate._accents:
        desk.gallery.frames(1)
        if key not in ACCENTS:
            break
    desk.finger.up(touch)
    desk.gallery.frames(1)


def test_no_key_is_lost_at_ten_taps_a_second(desk: Desk) -> None:
    desk.show(QUESTION)
    words = "the quick brown fox jumps"
    begun = time.monotonic()
    for number, character in enumerate(words):
        desk.finger.key(character)
        while time.monotonic() < begun + (number + 1) / TAPS_A_SECOND / 2:  # twice as fast
            desk.gallery.frames(1)
    assert submitted(desk) == words


@pytest.mark.parametrize(("letter", "accent"), [("w", "ŵ"), ("z", "ż"), ("e", "é"), ("l", "ł")])
def test_a_held_letter_offers_accents(desk: Desk, letter: str, accent: str) -> None:
    desk.show(QUESTION)
    desk.finger.key("a")
    hold(desk, letter)
    assert desk.typed[-1].length == 2, "the letter itself is typed at once"
    desk.finger.key(accent)
    desk.finger.key("b")
    assert submitted(desk) == f"a{accent}b"


def test_capitals_have_accents_too_and_another_key_removes_them(desk: Desk) -> None:
    from kiosk.ui.widgets.key_grid import SHIFT, KeyPlate  # noqa: PLC0415

    desk.show(QUESTION)
    desk.finger.key(SHIFT)
    hold(desk, "s")
    desk.finger.key("Ś")
    hold(desk, "o")
    plate = next(one for one in desk.gallery.app.stage.walk() if isinstance(one, KeyPlate))
    assert plate._accents
    desk.finger.key("a")
    assert not plate._accents
    assert submitted(desk) == "Śoa"


def test_addresses_and_quick_taps_have_no_accents(desk: Desk) -> None:
    from kiosk.ui.widgets.key_grid import KeyPlate  # noqa: PLC0415

    desk.show(SAMPLES["address-empty"])
    desk.finger.key("e")
    plate = next(one for one in desk.gallery.app.stage.walk() if isinstance(one, KeyPlate))
    assert plate._held is None
    desk.show(QUESTION)
    desk.finger.write("eee")
    assert submitted(desk) == "eee"


def test_a_finger_lifted_during_slow_drawing_gets_no_accents(desk: Desk) -> None:
    """This holds however many moves the touch screen has reported meanwhile."""
    from kiosk.demo.finger import _middle  # noqa: PLC0415
    from kiosk.ui.widgets.key_grid import HOLD_SECONDS, KeyPlate  # noqa: PLC0415

    desk.show(QUESTION)
    app = desk.gallery.app
    plate = next(one for one in app.stage.walk() if isinstance(one, KeyPlate))
    cap = plate.way_to("e")
    assert cap is not None
    x, y = _middle(cap)
    app.touch(Fingertip(0, Phase.DOWN, x / 800, y / 480))
    desk.gallery.frames(1)
    time.sleep(HOLD_SECONDS + 0.1)  # the thread that draws is busy
    for number in range(20):
        app.touch(Fingertip(0, Phase.MOVED, (x + number / 10) / 800, y / 480))
    app.touch(Fingertip(0, Phase.UP, x / 800, y / 480))
    desk.gallery.frames(4)
    assert not plate._accents
    desk.finger.write("rt")
    assert submitted(desk) == "ert"


def test_digits_and_signs_are_one_key_away_and_back(desk: Desk) -> None:
    desk.show(QUESTION)
    desk.finger.write("flat 7-b")
    assert submitted(desk) == "flat 7-b"


def test_ukrainian_has_both_alphabets(desk: Desk) -> None:
    desk.show(in_language(QUESTION, Language.UKRAINIAN))
    desk.finger.write("Київ York")
    assert submitted(desk) == "Київ York"


def test_every_language_with_latin_letters_has_the_same_keys() -> None:
    assert set(letters(cyrillic=False)) < set(letters(cyrillic=True))
    assert letters(cyrillic=False)[LATIN][0] == letters(cyrillic=True)[LATIN][0]


def test_every_ending_is_there_with_large_texts_too() -> None:
    endings = ("@nhs.net", ".nhs.uk", ".gov.uk", ".mod.uk")
    for divided in (False, True):
        layers = address(endings, divided=divided)
        keys = [cap.key for rows in layers.values() for row in rows for cap in row]
        assert set(endings) <= set(keys)
        assert keys.count("@") == 2


def digits_on(desk: Desk) -> list[str]:
    from kiosk.ui.widgets.key_grid import KeyCap  # noqa: PLC0415

    caps = [one for one in desk.gallery.app.stage.walk() if isinstance(one, KeyCap)]
    return [one.key for one in caps if one.key.isdigit()]


def test_digits_keep_their_places_unless_the_user_asks_for_scrambling(desk: Desk) -> None:
    view = SAMPLES["passcode-empty"]
    assert isinstance(view, EntryPage)
    desk.show(view)
    assert digits_on(desk) == list("1234567890")
    frame = replace(view.frame, access=Access(scrambled=True))
    orders = set()
    for number in range(6):
        again = replace(view, frame=frame, entry=replace(view.entry, field=f"passcode-{number}"))
        desk.show(again)
        order = digits_on(desk)
        assert sorted(order) == list("0123456789")
        orders.add(tuple(order))
    assert len(orders) > 1
    desk.finger.write("4711")
    assert [event.length for event in desk.typed] == [1, 2, 3, 4]

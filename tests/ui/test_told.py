# SPDX-License-Identifier: Apache-2.0
"""Problems and rules are scrolled into view, however little room there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.flow import State, render
from kiosk.flow import pages as pg
from kiosk.flow.preferences import Access, Language, TextSize
from kiosk.flow.view import EntryPage
from kiosk.values import Rule, Secret
from tests.ui.conftest import Desk
from tests.ui.test_flow_pages import QUESTIONS, asking

pytestmark = pytest.mark.dealt

LARGEST = Access(TextSize.LARGEST)


def visible_texts(desk: Desk) -> set[str]:
    """Return the texts that are fully on the screen."""
    from kiosk.ui.fit import _seen  # noqa: PLC0415 - the gallery is open
    from kiosk.ui.widgets.writing import Writing  # noqa: PLC0415

    found = set()
    for one in desk.gallery.app.stage.walk(restrict=True):
        if isinstance(one, Writing) and one.text:
            _, bottom, _, top = _seen(one)
            if top - bottom >= one.height - 1:
                found.add(one.text)
    return found


@pytest.mark.parametrize("language", Language)
def test_the_rules_are_visible_when_they_are_ticked(desk: Desk, language: Language) -> None:
    state = State(language=language, access=LARGEST, page=pg.ChoosingPasscode())
    desk.show(render(state))
    for page in (
        pg.ChoosingPasscode(length=1),
        pg.ChoosingPasscode(length=6, met=frozenset(Rule)),
        pg.RepeatingPasscode(Secret(b"471108"), length=2),
    ):
        view = render(replace(state, page=page))
        desk.show(view)
        desk.show(render(replace(state, page=replace(page, length=page.length + 1))))
        say = desk.gallery.app.stage.context.say
        assert isinstance(view, EntryPage)
        assert {say(line.text) for line in view.rule_lines} <= visible_texts(desk)


def test_a_problem_comes_first_until_something_is_typed(desk: Desk) -> None:
    from kiosk.ui import fit  # noqa: PLC0415 - the gallery is open
    from kiosk.ui.widgets.scroller import DOWN, Scroller  # noqa: PLC0415

    state = State(access=LARGEST, page=asking())
    question = QUESTIONS[0]
    desk.show(render(state))
    assert question in visible_texts(desk)
    refused = replace(state, page=asking(refused=True))
    desk.show(render(refused))
    stage = desk.gallery.app.stage
    assert list(fit.unseen_problems(stage)) == []
    (pane,) = (one for one in stage.walk(restrict=True) if isinstance(one, Scroller))
    pane.turn(DOWN)
    desk.gallery.frames()
    assert len(list(fit.unseen_problems(stage))) == 1, "it is noticed where it is not seen"
    desk.show(render(replace(state, page=asking(refused=True, lengths=(8, 0, 0, 0)))))
    assert question in visible_texts(desk)
    desk.show(render(replace(state, page=asking(lengths=(8, 0, 0, 0)))))
    assert question in visible_texts(desk)

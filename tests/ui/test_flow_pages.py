"""Every page that the flow can show has its room on the smallest screen, with the longest texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.flow import Site, State, render
from kiosk.flow import pages as pg
from kiosk.flow.events import UnlockStep
from kiosk.flow.text import Verbatim
from kiosk.flow.view import Contact
from kiosk.values import ReaderTrouble, Rule, Secret
from tests.ui.conftest import Desk

SITE = Site(
    contacts=(
        Contact(Verbatim("IT service desk, day and night"), Verbatim("020 7946 0150")),
        Contact(Verbatim("Registration authority"), Verbatim("ra@example.nhs.uk")),
    )
)
QUESTIONS = (
    "What was the name of the street where you lived when you were ten?",
    "What was the surname of the teacher you liked best at primary school?",
    "In which town did your parents meet?",
    "What was the first concert you went to?",
)


def asking(**changes: object) -> pg.AskingQuestion:
    asked = {"answers": (None,) * 4, "lengths": (7, 0, 0, 0), **changes}
    return pg.AskingQuestion(QUESTIONS, 3, **asked)  # type: ignore[arg-type]


PAGES: dict[str, pg.Page] = {
    "waiting": pg.Waiting(),
    "reading": pg.ReadingCard(),
    "works": pg.CardWorks(),
    "opening": pg.OpeningUnlock(),
    "asking": asking(),
    "asking-refused": asking(refused=True),
    "asking-wait": asking(wait_seconds=30),
    "asking-second": asking(index=1, answers=(Secret(b"x"), None, None, None)),
    "checking": pg.CheckingAnswers(asking()),
    "code": pg.AskingCode(asking(), "m…@northumbria-healthcare.nhs.uk", 3),
    "code-refused": pg.AskingCode(asking(), "m…@northumbria-healthcare.nhs.uk", refused=True),
    "code-anew": pg.AskingCode(asking(), "m…@northumbria-healthcare.nhs.uk", anew=True),
    "choosing": pg.ChoosingPasscode(differed=True),
    "repeating": pg.RepeatingPasscode(Secret(b"123456"), None, 6, frozenset(Rule)),
    "unlocking": pg.Unlocking(UnlockStep.CHECK),
    "finished": pg.Finished(),
    **{f"help-{trouble}": pg.Helping(trouble, 600) for trouble in pg.Trouble},
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_flow_has_its_room(desk: Desk, name: str) -> None:
    state = State(
        SITE,
        PAGES[name],
        reference="K7Q4-20MX",
        simulated=True,
        reader=ReaderTrouble.NO_ACCESS,
        central_reachable=False,
    )
    desk.show(render(state))
    from kiosk.ui.fit import misfits  # noqa: PLC0415 - only after the gallery is open

    folder = Path(__file__).parents[2] / "build" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    desk.gallery.photograph(folder / f"flow-{name.replace(' ', '-')}-800x480.png")
    assert list(misfits(desk.gallery.app.stage)) == []

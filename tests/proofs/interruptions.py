"""Whatever stops at whatever moment, no card is lost.

Up to three visits in a row are interrupted from outside, at every command of the card and at every
request to central: the card pulled before or after it acted, the kiosk or its card worker killed,
central killed, the network cut, the disk full. Then everything is started again, and one further
visit must unlock the card. At most one try is wasted a visit; the last two are never risked.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from kiosk.values import Family
from tests.proofs.interrupting import CardPoint, NetworkPoint, Point
from tests.proofs.scene import Scene, scene

_KILLS = 40
_CHANGE_DEEDS = ("pull", "kill kiosk", "kill worker")
_CARD_DEEDS = ("pull", "kill kiosk", "kill worker", "fill disk")
_NETWORK_DEEDS = ("cut", "kill kiosk", "kill central")
_REQUESTS = ("/v1/unlocks ", "/answers", "/grant", "/v1/reports")
# A card with an administrator key cannot prove itself, and asks central during its work.
_MORE_REQUESTS = {Family.GIDS: ("/code", "/challenges ", "/response", "/reply")}
_FAMILIES = (Family.PIV, Family.GIDS)

Story = tuple[Point, ...]


def prove(extra: int = 40) -> str:
    """Every point by itself, then `extra` rows of two or three drawn from them; and the change.

    Raises AssertionError where a card was lost, or where fewer kiosks were killed than promised.
    """
    drawn = random.Random(20261123)
    told, kills = [], 0
    for family in _FAMILIES:
        with tempfile.TemporaryDirectory() as folder, scene(Path(folder), family) as stage:
            commands = stage.count_commands()
            singles = list(points(family, commands, can_fill=stage.can_fill))
            rows = [tuple(drawn.choices(singles, k=drawn.choice((2, 3)))) for _ in range(extra)]
            stories: list[Story] = [*((each,) for each in singles), *rows]
            told.append(f"{family.upper()} {walk(stage, stories, drawn)}")
            told.append(f"{family.upper()} passcode {change(stage)}")
            kills += stage.kiosk_kills
    if kills < _KILLS:
        raise AssertionError(f"only {kills} real kill -9 of the kiosk")
    return f"{'; '.join(told)}; {kills} kill -9 of the kiosk in all"


def change(stage: Scene) -> str:
    """Interrupt the change of a passcode at every command."""
    before = stage.happened
    commands = stage.count_commands_of_change()
    for deed in _CHANGE_DEEDS:
        for command in range(1, commands + 1):
            for acted in (False, True):
                stage.play_change(CardPoint(command, acted=acted, deed=deed))
    return f"changed at {stage.happened - before} points, 0 lost"


def walk(stage: Scene, stories: Sequence[Story], drawn: random.Random) -> str:
    """Play the stories; raises AssertionError telling the first that lost a card."""
    for number, story in enumerate(stories):
        # Facts that come late must do no harm: in every third story they wait for its end.
        late = number % 3 == 2 and not any("report" in str(point) for point in story)
        stage.play(story, reports_late=late)
        if drawn.random() < 0.1:
            stage.check_audit()
    stage.check_audit()
    tried = sum(stage.deeds.values())
    told = ", ".join(f"{count} × {deed}" for deed, count in sorted(stage.deeds.items()))
    if not stage.can_fill:
        told += ", NOT DONE: fill disk (needs a file system of its own, and so root)"
    return (
        f"{tried} points in {len(stories)} stories ({told}), {stage.kiosk_kills} kill -9 of the "
        f"kiosk, {stage.frozen} held for the RA, {stage.lost_tries} tries wasted, 0 lost"
    )


def points(family: Family, commands: int, *, can_fill: bool) -> Iterator[Point]:
    """Every moment of a visit at which something may happen."""
    for deed in _CARD_DEEDS:
        if deed == "fill disk" and not can_fill:
            continue
        for command in range(1, commands + 1):
            for acted in (False, True):
                yield CardPoint(command, acted=acted, deed=deed)
    for deed in _NETWORK_DEEDS:
        for request in (*_REQUESTS, *_MORE_REQUESTS.get(family, ())):
            for moment in ("before", "after"):
                yield NetworkPoint(request, moment, deed)

# SPDX-License-Identifier: Apache-2.0
"""No interruption at any moment loses a card.

Up to three visits in a row are interrupted from outside, at every command of the card and at every
request to central: the card is removed before or after it acted, or loses power between taking a
try off and comparing the key; the kiosk, its card worker or central is killed; the network is cut;
the disk is full. Then everything is started again, and one further visit must unlock the card. At
most one try is wasted a visit; the last two are never risked, and the last one not even by a card
that lost its power.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from kiosk.values import Family
from tests.heartbeat import beat
from tests.processes import side_by_side
from tests.proofs.interrupting import CardPoint, NetworkPoint, Point
from tests.proofs.scene import Scene, scene

_KILLS = 40
_LONGEST_SECONDS = 1500.0
_BEFORE_THE_WORK = 12  # commands of a visit: 9 report, 3 prove
_CHANGE_DEEDS = ("pull", "kill kiosk", "kill worker")
_CARD_DEEDS = ("pull", "kill kiosk", "kill worker", "fill disk")
_NETWORK_DEEDS = ("cut", "kill kiosk", "kill central")
_REQUESTS = ("/v1/unlocks ", "/answers", "/grant", "/v1/reports")
# A card with an administrator key cannot prove its identity, and asks central during its work.
_MORE_REQUESTS = {Family.GIDS: ("/code", "/challenges ", "/response", "/reply")}
_FAMILIES = (Family.PIV, Family.GIDS)
_SCENES = 3  # a family, side by side: a visit mostly waits, as people do

Story = tuple[Point, ...]


@dataclass
class Tally:
    """Counts of the interruptions and of their results."""

    stories: int = 0
    deeds: Counter[str] = field(default_factory=Counter)
    changes: int = 0
    kills: int = 0
    frozen: int = 0
    wasted: int = 0
    first: int = 0
    filled: bool = True

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.stories + other.stories,
            self.deeds + other.deeds,
            self.changes + other.changes,
            self.kills + other.kills,
            self.frozen + other.frozen,
            self.wasted + other.wasted,
            self.first + other.first,
            self.filled and other.filled,
        )

    def to_line(self) -> str:
        """Return the counts as JSON. `asdict` would count the pairs of a Counter anew."""
        return json.dumps({each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def from_line(cls, line: str) -> Tally:
        """Return the tally that another process printed."""
        counts = json.loads(line)
        return cls(**counts | {"deeds": Counter(counts["deeds"])})

    @property
    def points(self) -> int:
        """Return at how many moments something happened."""
        return self.deeds.total() + self.changes

    def __str__(self) -> str:
        counts = ", ".join(f"{count} × {deed}" for deed, count in sorted(self.deeds.items()))
        if not self.filled:
            counts += ", NOT DONE: fill disk (needs a file system of its own, and so root)"
        return (
            f"{self.points} points in {self.stories} stories of unlocks,"
            f" {self.first} of them of a card's first ({counts}),"
            f" {self.changes} changes of a passcode; {self.kills} kill -9 of the kiosk,"
            f" {self.frozen} cards held for the RA, {self.wasted} tries wasted"
        )


@dataclass(frozen=True)
class Share:
    """Every `of`-th story of a family, from `first` on, for a scene of its own."""

    family: Family
    first: int
    of: int
    rows: int


def prove(extra: int = 40) -> str:
    """Interrupt at every point alone, then in `extra` rows of two or three; then the change.

    Raises AssertionError if a card was lost, or if fewer kiosks were killed than promised.
    """
    shares = [
        Share(family, first, _SCENES, extra) for first in range(_SCENES) for family in _FAMILIES
    ]
    module = [sys.executable, "-m", "tests.proofs.interruptions"]
    commands = [[*module, json.dumps(asdict(share))] for share in shares]
    with tempfile.TemporaryDirectory() as folder:
        errors = [Path(folder) / str(number) for number in range(len(shares))]
        told_by_each = side_by_side(commands, errors, seconds=_LONGEST_SECONDS)
    tallies = [
        (share, Tally.from_line(lines[-1]))
        for share, lines in zip(shares, told_by_each, strict=True)
    ]
    counts = {
        family: sum((tally for share, tally in tallies if share.family is family), Tally())
        for family in _FAMILIES
    }
    whole = sum(counts.values(), Tally())
    if whole.kills < _KILLS:
        raise AssertionError(f"only {whole.kills} real kill -9 of the kiosk")
    by_family = "; ".join(f"{family.upper()} {tally}" for family, tally in counts.items())
    return f"{whole.points} points, 0 lost: {by_family}"


def play(share: Share) -> Tally:
    """Play a share of a family's stories on premises of its own."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder), share.family) as stage:
        drawn = random.Random(20261123)  # the same rows in every share
        singles = list(points(share.family, stage.count_commands(), can_fill=stage.can_fill))
        rows = [tuple(drawn.choices(singles, k=drawn.choice((2, 3)))) for _ in range(share.rows)]
        stories: list[Story] = [*((each,) for each in singles), *rows]
        tally = walk(stage, stories[share.first :: share.of], random.Random(share.first))
        tally += walk_new(stage, list(of_the_work(singles))[share.first :: share.of])
        changes = changes_of_passcode(stage.count_commands_of_change())
        return tally + change(stage, list(changes)[share.first :: share.of])


def walk(stage: Scene, stories: Sequence[Story], drawn: random.Random) -> Tally:
    """Play the stories; raises AssertionError with the first story that lost a card."""
    kills = stage.kiosk_kills
    for number, story in enumerate(stories):
        beat(f"story {number} of {len(stories)}: {story}")
        # Late facts must do no harm: in every third story they wait for its end.
        late = number % 3 == 2 and not any("report" in str(point) for point in story)
        stage.play(story, reports_late=late)
        if drawn.random() < 0.1:
            stage.check_audit()
    stage.check_audit()
    return Tally(
        stories=len(stories),
        deeds=Counter(stage.deeds),
        kills=stage.kiosk_kills - kills,
        frozen=stage.frozen,
        wasted=stage.lost_tries,
        filled=stage.can_fill,
    )


def walk_new(stage: Scene, moments: Sequence[Point]) -> Tally:
    """Interrupt the first unlock of a new card at each of the moments."""
    happened, kills, lost = Counter(stage.deeds), stage.kiosk_kills, stage.lost_tries
    for number, moment in enumerate(moments):
        beat(f"new card {number} of {len(moments)}")
        stage.play_with_new_card(moment, reports_late=number % 3 == 2)
    stage.check_audit()
    return Tally(
        stories=len(moments),
        deeds=Counter(stage.deeds) - happened,
        kills=stage.kiosk_kills - kills,
        wasted=stage.lost_tries - lost,
        first=len(moments),
    )


def of_the_work(singles: Sequence[Point]) -> Iterator[Point]:
    """Return the points from which on a grant may have had an effect.

    A new card goes through these too.
    """
    for point in singles:
        if isinstance(point, CardPoint):
            if point.command > _BEFORE_THE_WORK and point.deed in {"pull", "kill kiosk", "tear"}:
                yield point
        elif point.request == "/grant":
            yield point


def change(stage: Scene, moments: Sequence[CardPoint]) -> Tally:
    """Interrupt the change of a passcode at each of the moments."""
    kills = stage.kiosk_kills
    for moment in moments:
        beat(f"change of a passcode at {moment}")
        stage.play_change(moment)
    stage.check_audit()
    return Tally(changes=len(moments), kills=stage.kiosk_kills - kills)


def changes_of_passcode(commands: int) -> Iterator[CardPoint]:
    """Return every moment of a passcode change at which something may happen."""
    for deed in _CHANGE_DEEDS:
        for command in range(1, commands + 1):
            for acted in (False, True):
                yield CardPoint(command, acted=acted, deed=deed)


def points(family: Family, commands: int, *, can_fill: bool) -> Iterator[Point]:
    """Return every moment of a visit at which something may happen."""
    for deed in _CARD_DEEDS:
        if deed == "fill disk" and not can_fill:
            continue
        for command in range(1, commands + 1):
            for acted in (False, True):
                yield CardPoint(command, acted=acted, deed=deed)
    if family is Family.PIV:  # an administrator key has no counter
        for command in range(1, commands + 1):
            yield CardPoint(command, acted=False, deed="tear")
    for deed in _NETWORK_DEEDS:
        for request in (*_REQUESTS, *_MORE_REQUESTS.get(family, ())):
            for moment in ("before", "after"):
                yield NetworkPoint(request, moment, deed)


def main(line: str) -> None:
    """Play the share in `line`, and print its tally."""
    given = json.loads(line)
    share = Share(**given | {"family": Family(given["family"])})
    print(play(share).to_line(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

# SPDX-License-Identifier: Apache-2.0
"""The plan of an import: the rows to stage, and what publishing them has to know.

`importing` decides it, `import_staging` stages and publishes it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from kiosk.central.keys.escrow_journal import CardLine
from kiosk.central.tables import (
    StagedCard,
    StagedCardholder,
    StagedKey,
    StagedPosition,
    Table,
)

Row = dict[str, Any]
STAGED: tuple[type[Table], ...] = (StagedCardholder, StagedPosition, StagedCard, StagedKey)
"""The staging tables, in the order in which their rows are staged."""


@dataclass(slots=True)
class FeedGrowth:
    """An organisation's part of an import: positions in its change feed, and cards more or less."""

    positions: int = 0
    cards: int = 0


@dataclass
class Plan:
    """The changes of an import: the rows to stage, and what publishing them has to know.

    `ranks`: the number of new rows of a table. `newest`: the highest key of a table that was there.
    `lines`: the journal's lines of the keys.
    """

    rows: dict[type[Table], list[Row]] = field(
        default_factory=lambda: {each: [] for each in STAGED}
    )
    ranks: Counter[type[Table]] = field(default_factory=Counter)
    newest: dict[type[Table], int] = field(default_factory=dict)
    growth: dict[int, FeedGrowth] = field(default_factory=lambda: defaultdict(FeedGrowth))
    lines: list[CardLine] = field(default_factory=list)

    def stage(self, table: type[Table], row: Row) -> Row:
        """Have a row staged, under the next number."""
        rows = self.rows[table]
        rows.append({"line": len(rows) + 1, **row})
        return rows[-1]

    def rank(self, table: type[Table]) -> int:
        """Return the rank of a further new row."""
        self.ranks[table] += 1
        return self.ranks[table]

    @property
    def size(self) -> int:
        """The number of rows to stage."""
        return sum(map(len, self.rows.values()))

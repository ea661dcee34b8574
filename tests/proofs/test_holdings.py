# SPDX-License-Identifier: Apache-2.0
"""The measurement of holdings is flat without a leak, and notices planted leaks."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.processes import side_by_side

pytestmark = [pytest.mark.dealt, pytest.mark.timeout(300)]

_SEEN = {
    "nothing": set[str](),
    "list": {"blocks", "objects"},
    "bytes": {"heap"},
    "texture": {"textures", "pixels"},
    "cache": {"cached"},
}


def test_a_leak_at_every_visit_is_noticed(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.proofs.planted"]
    ((line,),) = side_by_side([command], [folder / "errors"], seconds=4 * PATIENCE)
    for planted, stderr in json.loads(line).items():
        grows = {each.partition(":")[0] for each in stderr}
        assert grows >= _SEEN[planted], planted
        assert bool(grows) == (planted != "nothing"), stderr

# SPDX-License-Identifier: Apache-2.0
"""The API reference is built from the docstrings of every module, without a warning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import running

ROOT = Path(__file__).parents[1]


@pytest.mark.dealt
def test_the_reference_has_a_page_for_every_module(tmp_path: Path) -> None:
    command = [sys.executable, "provisioning/reference.py", str(tmp_path)]
    with running(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as build:
        said, _ = build.communicate()
    assert build.returncode == 0, said.decode()[-2000:]
    pages = {page.relative_to(tmp_path).with_suffix("") for page in tmp_path.rglob("*.html")}
    for source in (ROOT / "kiosk").rglob("*.py"):
        module = source.relative_to(ROOT).with_suffix("")
        # A private module is no part of the reference, nor is what Alembic alone can import.
        if module.name in {"__init__", "__main__", "env"} or "versions" in module.parts:
            continue
        assert module in pages, module

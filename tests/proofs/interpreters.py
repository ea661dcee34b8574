# SPDX-License-Identifier: Apache-2.0
"""Proofs: tests that `make test` deals among the interpreters run on every one of them."""

from __future__ import annotations

from tests.proofs.everywhere import run_everywhere

_STORIES = "tests/journeys/test_stories.py"


def prove() -> str:
    """Run every dealt test, and every story, on every interpreter."""
    dealt = ["tests", f"--ignore={_STORIES}", "-m", "dealt"]
    return run_everywhere("interpreters", [dealt, [_STORIES]], {})


def prove_databases() -> str:
    """Run every test that needs a database on every interpreter and on both databases."""
    return run_everywhere("databases", [["tests", "-m", "database and not dealt"]], {})

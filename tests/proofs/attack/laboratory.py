# SPDX-License-Identifier: Apache-2.0
"""A central in this process, on SQLite and on PostgreSQL, for attacks that look into its tables."""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from nacl.pwhash import argon2id

from kiosk.vault import sealed_answers
from tests.central.postgresql import Cluster
from tests.central.world import Clock, Service


def laboratory(database: str = "", *, journal: bool = False) -> Iterator[tuple[str, Service]]:
    """Yield a running central on each kind of database, or on the given one; its name comes first.

    With `journal`, it writes an escrow journal to `journal` in its folder.
    """
    with ExitStack() as stack:
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        patched.setattr(sealed_answers, "OPERATIONS", argon2id.OPSLIMIT_MIN)
        patched.setattr(sealed_answers, "MEMORY", argon2id.MEMLIMIT_MIN)
        if database:
            with _running(database, journal) as service:
                yield database.partition(":")[0], service
            return
        with _running("", journal) as service:
            yield "sqlite", service
        cluster = stack.enter_context(Cluster())
        url = stack.enter_context(cluster.database())
        with _running(url, journal) as service:
            yield "postgresql", service


@contextmanager
def _running(database: str, journal: bool) -> Iterator[Service]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        service = Service(folder, Clock(), database or f"sqlite:///{folder}/central.db")
        if journal:
            chosen = {"journal": folder / "journal"}
            service.settings = service.settings.model_copy(update=chosen)
        service.start()
        try:
            yield service
        finally:
            service.stop()


def let_loose(
    machine: type[RuleBasedStateMachine],
    examples: int,
    steps: int,
    database: str = "",
    *,
    journal: bool = False,
) -> str:
    """Run a state machine against each laboratory; return its counts of what it did.

    `machine` finds the central in `service`, and counts in `done`.
    """
    logging.disable(logging.CRITICAL)
    told = []
    try:
        for name, service in laboratory(database, journal=journal):
            done: Counter[str] = Counter()
            run_state_machine_as_test(
                type(machine.__name__, (machine,), {"service": service, "done": done}),
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=steps,
                    deadline=None,
                    phases=(Phase.explicit, Phase.generate),
                    suppress_health_check=list(HealthCheck),
                ),
            )
            counted = ", ".join(f"{number} {what}" for what, number in sorted(done.items()))
            told.append(f"{name}: {counted}")
    finally:
        logging.disable(logging.NOTSET)
    return "; ".join(told)

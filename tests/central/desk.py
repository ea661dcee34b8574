# SPDX-License-Identifier: Apache-2.0
"""The command line as the RA uses it, beside a service with the same database."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from kiosk.central.__main__ import main
from kiosk.central.cli import operating
from kiosk.central.tables import AuditEntry
from tests.central.world import CENTRAL, Service

OPERATOR = "Rita from the RA"


@dataclass
class Operator:
    """Runs commands; keeps what they printed."""

    service: Service
    capsys: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def run(self, *arguments: object) -> int:
        """Run a command; return its exit status."""
        status = main([str(argument) for argument in arguments])
        self.out, self.err = self.capsys.readouterr()
        return status

    def does(self, *arguments: object) -> str:
        """Run a command; return its output. It has to succeed."""
        assert self.run(*arguments) == 0, self.err
        return self.out

    def listed(self, *arguments: object) -> list[dict[str, str]]:
        """Run a command that lists; return its rows."""
        assert self.run(*arguments, "--csv") == 0, self.err
        return list(csv.DictReader(io.StringIO(self.out)))

    @property
    def audited(self) -> dict[str, Any]:
        """Return the newest audit entry, with its kind; its channel has to be the command line."""
        with self.service.services.database.reading() as database:
            newest = database.exec(
                select(AuditEntry).order_by(col(AuditEntry.sequence).desc())
            ).first()
        assert newest is not None
        details = dict(newest.details)
        assert details.pop("channel", "command line") == "command line"
        return {"kind": newest.kind, **details}


def settings_of(service: Service, environment: pytest.MonkeyPatch) -> None:
    """Set the environment so that commands use the service's database."""
    environment.setenv("KIOSK_CENTRAL_DATABASE", service.settings.database)
    environment.setenv("KIOSK_CENTRAL_MASTER_KEY_FILE", str(service.settings.master_key_file))
    environment.setenv("KIOSK_CENTRAL_NAME", CENTRAL)


def logged_in_as(name: str, environment: pytest.MonkeyPatch) -> None:
    """Have the command run by root, whom `name` became by sudo, without a login of its own."""
    environment.setattr(operating, "LOGIN", Path("/nonexistent"))
    environment.setattr(os, "getuid", lambda: 0)
    environment.setenv("SUDO_USER", name)

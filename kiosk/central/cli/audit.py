# SPDX-License-Identifier: Apache-2.0
"""`audit`: whether it was changed, and its signed heads."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.central.actions import audit as actions
from kiosk.central.actions.audit import AuditVerdict
from kiosk.central.cli.operating import FILE, content, opened
from kiosk.command_line import Group, progress, show

audit = Group("audit", help="Look after the audit.")


@audit.command()
@click.option(
    "--heads",
    "logs",
    multiple=True,
    type=FILE,
    metavar="LOG",
    help="The log of central or of a kiosk: the signed heads in it are to agree.",
)
def verify(logs: tuple[Path, ...]) -> int:
    """Find the first entry that was changed. Ends with 1 if there is one."""
    texts = [content(path).decode(errors="replace") for path in logs]
    with opened() as at, progress("entries") as note:
        verdict = actions.verify_audit(at, logs=texts, progress=note)
    show(verdict, _sentence(verdict))
    return 0 if verdict.whole else 1


@audit.command()
def sign() -> None:
    """Sign the head now; `serve` does it once a day."""
    with opened() as at:
        signed = actions.sign_audit(at)
    show(signed, signed.line)


def _sentence(verdict: AuditVerdict) -> str:
    if verdict.changed_at is not None:
        return f"The audit was changed at entry {verdict.changed_at}."
    if verdict.contradicted_at is not None:
        number = verdict.contradicted_at
        return f"The audit was made anew: it had another entry {number} when it was signed."
    agreed = f"{verdict.entries} entries, {verdict.signed_heads} signed heads agree"
    return f"The audit is whole: {agreed}."

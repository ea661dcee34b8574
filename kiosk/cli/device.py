# SPDX-License-Identifier: Apache-2.0
"""`enrol`, `doctor` and `technician-code`: what somebody does at a kiosk's terminal."""

from __future__ import annotations

import getpass
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from kiosk.command_line import Group, PrintingCommand, json_option, show, show_text
from kiosk.errors import SettingsError
from kiosk.hardening import harden
from kiosk.site import settings


@dataclass(frozen=True, slots=True)
class _Enrolment:
    """The kiosk's identity. `anew`: it was enrolled by this command."""

    name: str
    organisation: str
    central: str
    anew: bool


@dataclass(frozen=True, slots=True)
class _TechnicianCode:
    """A value for the setting `technician_code`."""

    technician_code: str


@dataclass(frozen=True, slots=True)
class _SyncKey:
    """The sync's key: whether it waits to be enrolled."""

    waits: bool


@click.command(cls=PrintingCommand)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="The file with the one-time token; else standard input is read.",
)
@click.option(
    "--again", is_flag=True, help="Even if it is enrolled: with a new key, and a new token."
)
def enrol(token_file: Path | None, again: bool) -> None:
    """Make this device a kiosk of an organisation's."""
    from kiosk.site import enrolment  # noqa: PLC0415

    harden(die_with_parent=False)
    configured = settings.read()
    known = None if again else enrolment.known(configured.state_directory)
    given = token_file is not None and token_file.exists()
    if known is not None and not given:
        enrolled = known.enrolled
    else:
        enrolled = enrolment.enrol(
            configured.state_directory,
            configured.central_url,
            enrolment.read_token(token_file),
            configured.central_authority,
            known,
        )
    anew = known is None or enrolled is not known.enrolled
    told = "enrolled (services that run have to be started anew)"
    if not anew:
        told = "this device is enrolled already (--again, or a token's file, enrols it anew)"
    who = f"{enrolled.name}, of {enrolled.organisation}, at {enrolled.central}"
    show(_Enrolment(enrolled.name, enrolled.organisation, enrolled.central, anew), f"{told}: {who}")


@click.command("sync-key", cls=PrintingCommand)
def sync_key() -> None:
    """Make the sync's key, for `kiosk enrol` to enrol it; run it as the sync's user."""
    from kiosk.site import identity  # noqa: PLC0415

    harden(die_with_parent=False)
    identity.offer_sync_key(settings.read().state_directory)
    show(_SyncKey(True), "the sync's key waits to be enrolled")


@click.group(cls=Group, invoke_without_command=True)
@click.option("--metrics", is_flag=True, help="Print Prometheus' text format.")
@click.option("--report", is_flag=True, help="Leave what is in trouble for central to hear of.")
@click.pass_context
def doctor(context: click.Context, metrics: bool, report: bool) -> int:
    """Find out what is wrong with every part of the kiosk; change nothing.

    Ends with 1 if a part is in trouble, unless that is reported.
    """
    if context.invoked_subcommand is not None:
        return 0
    from kiosk import compose  # noqa: PLC0415
    from kiosk.doctor import findings, formats  # noqa: PLC0415

    configured = settings.read()
    found = compose.diagnose(configured)
    if report:
        findings.leave(configured.state_directory, formats.troubles(found))
    text = formats.as_metrics(found) if metrics else formats.as_text(found)
    show_text(formats.as_rows(found), text)
    return 1 if any(each.is_trouble for each in found) and not report else 0


doctor.params.append(json_option())


@doctor.command()
def card() -> None:
    """Find out what the card in the reader is, without spending a try."""
    from kiosk.card import card_profile  # noqa: PLC0415
    from kiosk.devices.reader.process import PcscReader  # noqa: PLC0415
    from kiosk.doctor.card_report import describe  # noqa: PLC0415

    card_profile.shipped()  # one that is wrong is named here: the worker would only end
    reader = PcscReader()
    try:
        found = reader.examine()
    finally:
        reader.close()
    show_text(found, describe(found))


@click.command("technician-code", cls=PrintingCommand)
def technician_code() -> None:
    """Make what `technician_code` is to be in kiosk.toml, of a code that is typed here."""
    from kiosk.app.technician_access import make_hash  # noqa: PLC0415
    from kiosk.flow import entries  # noqa: PLC0415

    harden(die_with_parent=False)
    least, most = entries.TECHNICIAN_CODE_LEAST, entries.TECHNICIAN_CODE_MOST
    typed = getpass.getpass("code: ") if sys.stdin.isatty() else sys.stdin.readline()
    code = typed.strip()
    if not (code.isascii() and code.isdigit() and least <= len(code) <= most):
        raise SettingsError("the code", f"has to have {least} to {most} digits")
    made = make_hash(code)
    show(_TechnicianCode(made), made)

# SPDX-License-Identifier: Apache-2.0
"""`serve`, `migrate` and `master-key` for IT, and `seed-demo` to try the service."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from kiosk.central import settings
from kiosk.central.actions import installation as actions
from kiosk.central.cli.operating import FILE
from kiosk.command_line import Group, PrintingCommand, for_spreadsheets, show, show_rows
from kiosk.systemd import Notifier

master_key = Group("master-key", help="The key that all others are kept by.")


@dataclass(frozen=True, slots=True)
class _Listening:
    """The address on which the service listens."""

    url: str


@click.command(cls=PrintingCommand)
@click.option("--host", help="The address to listen on, in place of the setting.")
@click.option("--port", type=int, help="On which port; 0 takes a free one.")
@click.option("--certificate", type=FILE, help="TLS certificate chain (PEM).")
@click.option("--key", type=FILE, help="Its private key (PEM).")
@click.option(
    "--log",
    type=click.Choice(["info", "trace"]),
    default="info",
    show_default=True,
    help="trace: all there is to be said.",
)
def serve(
    host: str | None, port: int | None, certificate: Path | None, key: Path | None, log: str
) -> None:
    """Serve the contract, until somebody ends it.

    Prints where it listens, once it does.
    """
    # To import a web server takes longer than most of the other commands do.
    from kiosk.central.http import process  # noqa: PLC0415

    chosen = settings.read(host=host, port=port, certificate=certificate, key=key)
    process.serve(
        chosen,
        log,
        lambda url: show(_Listening(url), f"listening on {url}"),
        Notifier.of(os.environ),
    )


@master_key.command()
@click.option("--print", "prints", is_flag=True, help="Make one and print it; keep it nowhere.")
def create(*, prints: bool) -> None:
    """Make it, in the file or the token of the settings; never over another."""
    if prints:
        made = actions.new_master_key()
        show(made, made.key)
        return
    kept = actions.create_master_key(settings.read())
    if kept.in_token:
        show(kept, "Made in the token, which gives it to nobody: keep a copy of the whole token.")
    else:
        show(kept, "Made: keep a copy of the file where the database's copies are not.")


@click.command(cls=PrintingCommand)
def migrate() -> None:
    """Bring the database up to this version."""
    done = actions.migrate(settings.read())
    current = "The database is of this version now."
    show(done, current if done.changed else "There was nothing to do.")


@click.command("seed-demo", cls=PrintingCommand)
def seed_demo() -> None:
    """Read personalisation documents (JSON, one a line) from standard input."""
    documents = sys.stdin.buffer.read().splitlines() or [b""]
    done = actions.seed_demo(settings.read(), documents)
    show(done)


@click.command("settings", cls=PrintingCommand)
@for_spreadsheets
def list_settings() -> None:
    """List the settings that there are, without their values."""
    show_rows(
        settings.descriptions(),
        {"setting": "name", "default": "default", "meaning": "meaning"},
    )

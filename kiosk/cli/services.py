# SPDX-License-Identifier: Apache-2.0
"""The commands that systemd runs: services, and the steps before them. None prints a result."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from pathlib import Path

import click

from kiosk.errors import NotInstalled, SettingsError
from kiosk.hardening import harden
from kiosk.site import settings
from kiosk.systemd import Notifier

_FOLDER = click.Path(path_type=Path)


@click.command()
def run() -> int:
    """Run the screen, the flow and the card."""
    from kiosk import compose  # noqa: PLC0415 - only this command needs the screen

    kiosk = compose.ScreenService(settings.read(), notifier=Notifier.of(os.environ))
    signal.signal(signal.SIGTERM, lambda *_: kiosk.stop())
    return 0 if kiosk.run() else 1


@click.command("help-screen")
def help_screen() -> None:
    """Show whom to call, if the kiosk cannot be started."""
    from kiosk import compose  # noqa: PLC0415

    screen = compose.help_screen(settings.read_what_is_right())
    signal.signal(signal.SIGTERM, lambda *_: screen.stop())
    screen.run()


@click.command()
def sync() -> int:
    """Follow the central service, and report to it."""
    from kiosk import compose  # noqa: PLC0415

    harden(die_with_parent=False)
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    notifier = Notifier.of(os.environ)
    service = compose.build_sync(settings.read(), notifier)
    notifier.ready()
    return 0 if service.run(stop) else 1


@click.command()
@click.argument("boot", type=_FOLDER)
@click.argument("into", type=_FOLDER)
def site(boot: Path, into: Path) -> None:
    """Hand the site's kiosk.toml in the folder BOOT over to the services, which look INTO."""
    from kiosk.site import site_file  # noqa: PLC0415

    site_file.hand_over(boot, into, Path("/run"))


@click.command()
def firewall() -> None:
    """Let this machine reach what its settings name."""
    from kiosk.doctor import status_files  # noqa: PLC0415
    from kiosk.flow.diagnosis import Part  # noqa: PLC0415
    from kiosk.site import firewall as rules  # noqa: PLC0415

    leave = partial(status_files.leave, rules.FIREWALL_DIRECTORY, Part.FIREWALL)
    try:
        rules.fill(settings.read())
    except SettingsError as error:
        leave(str(error))
        raise
    leave("")


@click.command()
@click.option(
    "--unattended", is_flag=True, help="Let the pilot touch the screen, even with a display."
)
def demo(unattended: bool) -> int:
    """Run everything on this machine, with a simulated card."""
    try:
        from kiosk.demo.launch import demonstrate  # noqa: PLC0415 - absent from the appliance
    except ImportError as error:
        raise NotInstalled.of(error, "central") from None
    return demonstrate(unattended=unattended)

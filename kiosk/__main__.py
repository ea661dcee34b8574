# SPDX-License-Identifier: Apache-2.0
"""The command line: `kiosk run`, `sync`, `enrol`, `doctor`, `demo` and what systemd needs."""

from __future__ import annotations

import argparse
import getpass
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path

from kiosk import __version__, journal
from kiosk.errors import KioskError, SettingsError
from kiosk.hardening import harden
from kiosk.site import settings
from kiosk.systemd import Notifier

_LEVELS = {"error": 40, "warning": 30, "info": 20, "debug": 10, "traffic": 5}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the process's exit status."""
    chosen = _parser().parse_args(arguments)
    journal.set_up(_LEVELS[chosen.log], os.environ)
    commands = {
        "run": _run,
        "help-screen": _help_screen,
        "sync": _sync,
        "enrol": _enrol,
        "site": _site,
        "firewall": _firewall,
        "doctor": _doctor,
        "technician-code": _technician_code,
        "demo": _demo,
    }
    try:
        return commands[chosen.command](chosen)
    except KioskError as error:
        print(f"kiosk {chosen.command}: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kiosk", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--log", choices=_LEVELS, default="info", help="least level to log")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="the screen, the flow and the card")
    commands.add_parser("help-screen", help="whom to call, where the kiosk cannot be started")
    commands.add_parser("sync", help="follow the central service, and report to it")
    enrolling = commands.add_parser(
        "enrol", help="make this device a kiosk of an organisation's", allow_abbrev=False
    )
    enrolling.add_argument(
        "--token-file", type=Path, help="where the one-time token is; else on standard input"
    )
    enrolling.add_argument(
        "--again", action="store_true", help="even if it is enrolled: with a new key, and token"
    )
    site = commands.add_parser("site", help="hand the site's settings over to the services")
    site.add_argument("boot", type=Path, help="the folder with the site's kiosk.toml")
    site.add_argument("into", type=Path, help="where the services look for it")
    commands.add_parser("firewall", help="let this machine reach what its settings name")
    doctor = commands.add_parser("doctor", help="find out what is wrong; changes nothing")
    doctor.add_argument(
        "what",
        nargs="?",
        choices=["kiosk", "card"],
        default="kiosk",
        help="kiosk: every part of it (the default); card: the one in the reader",
    )
    doctor.add_argument("--json", dest="form", action="store_const", const="json", default="text")
    doctor.add_argument(
        "--metrics", dest="form", action="store_const", const="metrics", help="for Prometheus"
    )
    doctor.add_argument(
        "--report", action="store_true", help="leave what is in trouble for central to hear of"
    )
    commands.add_parser(
        "technician-code",
        help="what `technician_code` is to be in kiosk.toml, for a code that is typed here",
    )
    demo = commands.add_parser("demo", help="everything on this machine, with a simulated card")
    demo.add_argument(
        "--unattended", action="store_true", help="let the pilot touch the screen, even with one"
    )
    return parser


def _run(_: argparse.Namespace) -> int:
    from kiosk import compose  # noqa: PLC0415 - only this command needs the screen

    kiosk = compose.ScreenService(settings.read(), notifier=Notifier.of(os.environ))
    signal.signal(signal.SIGTERM, lambda *_: kiosk.stop())
    return 0 if kiosk.run() else 1


def _help_screen(_: argparse.Namespace) -> int:
    from kiosk import compose  # noqa: PLC0415

    screen = compose.help_screen(settings.read_what_is_right())
    signal.signal(signal.SIGTERM, lambda *_: screen.stop())
    screen.run()
    return 0


def _sync(_: argparse.Namespace) -> int:
    from kiosk import compose  # noqa: PLC0415

    harden(die_with_parent=False)
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    notifier = Notifier.of(os.environ)
    sync = compose.build_sync(settings.read(), notifier)
    notifier.ready()
    return 0 if sync.run(stop) else 1


def _enrol(chosen: argparse.Namespace) -> int:
    from kiosk.site import enrolment, identity  # noqa: PLC0415

    harden(die_with_parent=False)
    configured = settings.read()
    known = None if chosen.again else identity.usable(configured.state_directory)
    given = chosen.token_file is not None and chosen.token_file.exists()
    if known is not None and not given:
        enrolled = known.enrolled
    else:
        token = enrolment.read_token(chosen.token_file)
        enrolled = enrolment.enrol(
            configured.state_directory,
            configured.central_url,
            token,
            configured.central_authority,
            known,
        )
    if known is not None and enrolled is known.enrolled:
        told = "this device is enrolled already (--again, or a token's file, enrols it anew)"
    else:
        told = "enrolled (services that run have to be started anew)"
    print(f"{told}: {enrolled.name}, of {enrolled.organisation}, at {enrolled.central}")
    return 0


def _site(chosen: argparse.Namespace) -> int:
    from kiosk.site import site_file  # noqa: PLC0415

    site_file.hand_over(chosen.boot, chosen.into, Path("/run"))
    return 0


def _firewall(_: argparse.Namespace) -> int:
    from kiosk.doctor import status_files  # noqa: PLC0415
    from kiosk.flow.diagnosis import Part  # noqa: PLC0415
    from kiosk.site import firewall  # noqa: PLC0415

    leave = partial(status_files.leave, firewall.FIREWALL_DIRECTORY, Part.FIREWALL)
    try:
        firewall.fill(settings.read())
    except SettingsError as error:
        leave(f"{error.place}: {error.reason}")
        raise
    leave("")
    return 0


def _doctor(chosen: argparse.Namespace) -> int:
    if chosen.what == "card":
        return _examine_card()
    from kiosk import compose  # noqa: PLC0415
    from kiosk.doctor import findings, formats  # noqa: PLC0415

    configured = settings.read()
    found = compose.diagnose(configured)
    if chosen.report:
        findings.leave(configured.state_directory, formats.troubles(found))
    as_asked = {
        "json": formats.as_json,
        "metrics": formats.as_metrics,
        "text": formats.as_text,
    }
    print(as_asked[chosen.form](found))
    return 1 if any(each.is_trouble for each in found) and not chosen.report else 0


def _technician_code(_: argparse.Namespace) -> int:
    from kiosk.app.technician_access import make_hash  # noqa: PLC0415
    from kiosk.flow.entries import TECHNICIAN_CODE_LEAST as LEAST  # noqa: PLC0415
    from kiosk.flow.entries import TECHNICIAN_CODE_MOST as MOST  # noqa: PLC0415

    harden(die_with_parent=False)
    typed = getpass.getpass("code: ") if sys.stdin.isatty() else sys.stdin.readline()
    code = typed.strip()
    if not (code.isascii() and code.isdigit() and LEAST <= len(code) <= MOST):
        raise SettingsError("the code", f"has to have {LEAST} to {MOST} digits")
    print(make_hash(code))
    return 0


def _examine_card() -> int:
    from kiosk.card import card_profile  # noqa: PLC0415
    from kiosk.devices.reader.process import PcscReader  # noqa: PLC0415
    from kiosk.doctor.card_report import describe  # noqa: PLC0415

    card_profile.shipped()  # one that is wrong is named here: the worker would only end
    reader = PcscReader()
    try:
        print(describe(reader.examine()))
    finally:
        reader.close()
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    try:
        from kiosk.demo.launch import demonstrate  # noqa: PLC0415 - absent from the appliance
    except ModuleNotFoundError as error:
        print(f"kiosk demo: not part of this installation ({error.name})", file=sys.stderr)
        return 2
    return demonstrate(unattended=chosen.unattended)


if __name__ == "__main__":
    sys.exit(main())

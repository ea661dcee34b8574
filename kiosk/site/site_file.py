# SPDX-License-Identifier: Apache-2.0
"""`kiosk site`: copy the site's settings from the boot partition to the services that need them.

IT writes `kiosk.toml` on the boot partition, which every computer can read and write. At each boot
the file is copied into memory, where no service can change it, and checked. An error is logged, and
also written beside the file, because nobody can log in to read a log. The settings of the machine
itself are derived from it: which keypads udev lets in, and which time servers are used.
"""

from __future__ import annotations

import logging
import shutil
import ssl
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from kiosk.devices.lights.pin_plan import PinPlan
from kiosk.errors import SettingsError
from kiosk.site import settings
from kiosk.site.settings import Settings

_log = logging.getLogger(__name__)

FILE, TOLD = "kiosk.toml", "kiosk.toml.wrong.txt"
KEYPADS = "udev/rules.d/71-smartcard-kiosk-keypad.rules"
CLOCKS = "systemd/timesyncd.conf.d/smartcard-kiosk.conf"


def hand_over(boot: Path, into: Path, run: Path) -> Settings:
    """Copy the site's file from `boot` to `into`, and write the derived files below `run`.

    Raises SettingsError with the first error, which is also written beside the file. The files of
    an earlier run are removed in any case, so that nothing runs with settings that nobody sees.
    """
    for name in (into / FILE, run / KEYPADS, run / CLOCKS):
        name.unlink(missing_ok=True)
    try:
        _copy(boot / FILE, into / FILE)  # even if it is wrong: the contacts may be right
        site = settings.of_site(boot / FILE)
        PinPlan.of(site.pins, "pins")
        _copy_authority(site, boot, into)
    except SettingsError as error:
        _tell(boot, f"{error}\n")
        raise
    _write(run / KEYPADS, keypad_rules(site.keypads))
    _write(run / CLOCKS, clock_settings(site.clocks))
    _tell(boot, "")
    return site


def keypad_rules(keypads: Sequence[str]) -> str:
    """Return the udev rules that let these keypads in, each given as "vendor:product"."""
    lines = ["# Written at boot, from the site's settings."]
    for vendor, _, product in (each.lower().partition(":") for each in keypads):
        ids = f'ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}"'
        lines.append(f'SUBSYSTEM=="input", {ids}, GROUP="input", MODE="0660"')
        lines.append(f'SUBSYSTEM=="input", KERNEL=="input[0-9]*", {ids}, ATTR{{inhibited}}="0"')
    return "\n".join(lines) + "\n"


def clock_settings(clocks: Sequence[str]) -> str:
    """Return the settings of systemd-timesyncd: only these servers, and few writes to the flash."""
    return f"[Time]\nNTP={' '.join(clocks)}\nFallbackNTP=\nSaveIntervalSec=1h\n"


def _copy_authority(site: Settings, boot: Path, into: Path) -> None:
    """Copy the trust's own authority to where the services see it, if it lies beside the file."""
    authority = site.central_authority
    if authority is None:
        return
    try:
        ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError):
        raise SettingsError("central_authority", f"{authority}: no certificate (PEM)") from None
    if boot in authority.parents:
        if authority.parent != boot:
            raise SettingsError("central_authority", "has to lie beside the file itself")
        _copy(authority, into / authority.name)


def _copy(source: Path, to: Path) -> None:
    try:
        shutil.copyfile(source, to)
        to.chmod(0o644)
    except OSError as error:
        raise SettingsError(str(source), error.strerror or "cannot be copied") from None


def _write(file: Path, content: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    except OSError as error:
        raise SettingsError(str(file), error.strerror or "cannot be written") from None


def _tell(boot: Path, what: str) -> None:
    """Write `what` beside the file; remove it if empty. An unchanged file is not written."""
    report = boot / TOLD
    try:
        before = ""
        with suppress(FileNotFoundError):
            before = report.read_text(errors="replace")
        if before == what:
            return
        if what:
            report.write_text(what)
        else:
            report.unlink()
    except OSError as error:
        _log.warning("%s: %s", report, error.strerror)

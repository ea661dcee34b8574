"""Checks of what the kiosk works with: reader, central, clock, certificates, versions."""

from __future__ import annotations

import platform
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.doctor.diagnosis import Diagnosis, Verdict
from kiosk.errors import (
    CardError,
    CardMute,
    CentralRefused,
    KioskError,
    ReaderUnavailable,
    SettingsError,
)
from kiosk.values import ReaderTrouble

_MOST_SKEW_SECONDS = 300
_FEW_DAYS = 21
_PATIENCE_SECONDS = 10.0
_LIBRARIES = ("kivy", "pyscard", "cryptography", "pynacl", "requests", "sqlmodel")
_READERS = {
    ReaderTrouble.NO_SERVICE: (
        "the card service does not run",
        "`systemctl status pcscd.socket pcscd`; `systemctl restart pcscd`",
    ),
    ReaderTrouble.NO_READER: (
        "no card reader",
        "plug the reader in; `lsusb` has to name it, and its maker's driver be libccid's",
    ),
    ReaderTrouble.NO_ACCESS: (
        "the card service does not let us in",
        "polkit's rule 50-smartcard-kiosk.rules has to be installed, and this to be its user",
    ),
    ReaderTrouble.HELD: (
        "the card service hangs, or another program holds the card",
        "unplug the reader and plug it in again; `ss -xp | grep pcscd` names who uses it",
    ),
}


def reader(examine: Callable[[], object]) -> Diagnosis:
    """Whether a card could be read: `examine` looks at one, and finds that there is none."""
    try:
        examine()
    except ReaderUnavailable as error:
        found, advice = _READERS[error.trouble]
        return Diagnosis("reader", Verdict.FAILED, found, advice)
    except CardMute:
        advice = "take the card out, unplug the reader and plug it in again"
        return Diagnosis("reader", Verdict.FAILED, "the reader hangs", advice)
    except CardError:
        return Diagnosis("reader", Verdict.WELL, "no card in it")
    return Diagnosis("reader", Verdict.WELL, "a card in it")


def central(ask: Callable[[], object]) -> Diagnosis:
    """Whether central answers, and answers us; `ask` raises what the link raises."""
    try:
        ask()
    except SettingsError as error:
        return Diagnosis("central", Verdict.FAILED, error.reason, "`kiosk enrol` this kiosk")
    except CentralRefused as error:
        advice = "the RA has revoked this kiosk, or it has to be enrolled anew"
        return Diagnosis("central", Verdict.FAILED, f"refuses us: {error.problem}", advice)
    except KioskError as error:
        advice = "look at the network, at KIOSK_CENTRAL_URL and at the firewall's addresses"
        return Diagnosis("central", Verdict.FAILED, str(error), advice)
    return Diagnosis("central", Verdict.WELL, "answers, and knows us")


def clock(now_at_central: Callable[[], datetime]) -> Diagnosis:
    """How far this machine's clock is from central's. Nothing here trusts it; logs do."""
    try:
        ahead = (datetime.now(UTC) - now_at_central()).total_seconds()
    except KioskError:
        return Diagnosis("clock", Verdict.WARNING, "unknown while central is away")
    found = f"{ahead:+.0f} s against central's"
    if abs(ahead) > _MOST_SKEW_SECONDS:
        advice = "`timedatectl timesync-status`; KIOSK_CLOCKS names who may be asked"
        return Diagnosis("clock", Verdict.WARNING, found, advice)
    return Diagnosis("clock", Verdict.WELL, found)


def certificate(url: str, authority: Path | None) -> Diagnosis:
    """How long central's certificate lasts, as this machine, or `authority`, has it believed."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return Diagnosis("certificate", Verdict.ABSENT, "central is on this machine")
    try:
        ends = _ends(str(parts.hostname), parts.port or 443, authority)
    except ssl.SSLCertVerificationError as error:
        advice = "KIOSK_CENTRAL_AUTHORITY has to name the trust's own authority"
        return Diagnosis("certificate", Verdict.FAILED, error.verify_message, advice)
    except OSError as error:
        return Diagnosis("certificate", Verdict.WARNING, error.strerror or "not to be had")
    days = (ends - datetime.now(UTC)).days
    found = f"valid for {days} days"
    if days < _FEW_DAYS:
        return Diagnosis("certificate", Verdict.WARNING, found, "tell who runs central")
    return Diagnosis("certificate", Verdict.WELL, found)


def versions(ours: str) -> Diagnosis:
    """What runs here."""
    known = [f"kiosk {ours}", f"Python {platform.python_version()}"]
    missing = []
    for name in _LIBRARIES:
        try:
            known.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        found = f"missing: {', '.join(missing)}"
        return Diagnosis("versions", Verdict.FAILED, found, "install the image anew")
    return Diagnosis("versions", Verdict.WELL, ", ".join(known))


def _ends(host: str, port: int, authority: Path | None) -> datetime:
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection((host, port), timeout=_PATIENCE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        told = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)

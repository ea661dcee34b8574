# SPDX-License-Identifier: Apache-2.0
"""Checks of the kiosk's surroundings: reader, central, clock, certificates, versions."""

from __future__ import annotations

import platform
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from kiosk import deadline
from kiosk.errors import (
    CardError,
    CardMute,
    CentralRefused,
    KioskError,
    ReaderUnavailable,
    SettingsError,
)
from kiosk.flow.diagnosis import Diagnosis, Part, Verdict
from kiosk.flow.text import Text, Verbatim, Words, plural, text
from kiosk.values import ReaderTrouble

_MOST_SKEW_SECONDS = 300
_FEW_DAYS = 21
_PATIENCE_SECONDS = 10.0
_LIBRARIES = ("kivy", "pyscard", "cryptography", "pynacl", "requests", "sqlmodel")
_READERS: dict[ReaderTrouble, tuple[Text, Words]] = {
    ReaderTrouble.NO_SERVICE: (
        text("the card service does not run"),
        Verbatim("systemctl status pcscd.socket pcscd; systemctl restart pcscd"),
    ),
    ReaderTrouble.NO_READER: (
        text("no card reader"),
        text("Plug the reader in; `lsusb` has to name it, and its driver has to be libccid's."),
    ),
    ReaderTrouble.NO_ACCESS: (
        text("the card service does not let us in"),
        text("polkit's rule 50-smartcard-kiosk.rules has to be installed, and this be its user."),
    ),
    ReaderTrouble.HELD: (
        text("the card service hangs, or another program holds the card"),
        text("Unplug the reader and plug it in again; `ss -xp | grep pcscd` names who uses it."),
    ),
}


def reader(examine: Callable[[], object]) -> Diagnosis:
    """Check that a card could be read; `examine` reads one, or raises CardError if none is in."""
    try:
        examine()
    except ReaderUnavailable as error:
        found, advice = _READERS[error.trouble]
        return Diagnosis(Part.READER, Verdict.FAILED, found, advice)
    except CardMute:
        advice = text("Take the card out, unplug the reader and plug it in again.")
        return Diagnosis(Part.READER, Verdict.FAILED, text("the reader hangs"), advice)
    except CardError:
        return Diagnosis(Part.READER, Verdict.WELL, text("no card in it"))
    return Diagnosis(Part.READER, Verdict.WELL, text("a card in it"))


def central(ask: Callable[[], object]) -> Diagnosis:
    """Check that central answers and accepts this kiosk; `ask` raises the errors of the link."""
    try:
        ask()
    except SettingsError as error:
        advice = text("`kiosk enrol` this kiosk.")
        return Diagnosis(Part.CENTRAL, Verdict.FAILED, Verbatim(error.reason), advice)
    except CentralRefused as error:
        advice = text("The RA has revoked this kiosk, or it has to be enrolled anew.")
        found = text("refuses us: {problem}", problem=error.problem)
        return Diagnosis(Part.CENTRAL, Verdict.FAILED, found, advice)
    except KioskError as error:
        advice = text(
            "Look at the network, at `central_url` in kiosk.toml and at the firewall's addresses."
        )
        return Diagnosis(Part.CENTRAL, Verdict.FAILED, Verbatim(str(error)), advice)
    return Diagnosis(Part.CENTRAL, Verdict.WELL, text("answers, and knows us"))


def clock(now_at_central: Callable[[], datetime]) -> Diagnosis:
    """Check this machine's clock against central's; logs use it, but nothing here trusts it."""
    try:
        ahead = (datetime.now(UTC) - now_at_central()).total_seconds()
    except KioskError:
        found = text("unknown while central is away")
        return Diagnosis(Part.CLOCK, Verdict.WARNING, found)
    found = text("{seconds} s against central's", seconds=f"{ahead:+.0f}")
    if abs(ahead) > _MOST_SKEW_SECONDS:
        advice = text(
            "`timedatectl timesync-status`; `clocks` in kiosk.toml names who may be asked."
        )
        return Diagnosis(Part.CLOCK, Verdict.WARNING, found, advice)
    return Diagnosis(Part.CLOCK, Verdict.WELL, found)


def certificate(url: str, authority: Path | None) -> Diagnosis:
    """Check how long central's certificate is valid, as verified by this machine or `authority`."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return Diagnosis(Part.CERTIFICATE, Verdict.ABSENT, text("central is on this machine"))
    try:
        ends = _ends(str(parts.hostname), parts.port or 443, authority)
    except ssl.SSLCertVerificationError as error:
        advice = text("`central_authority` in kiosk.toml has to name the trust's own authority.")
        found = Verbatim(error.verify_message)
        return Diagnosis(Part.CERTIFICATE, Verdict.FAILED, found, advice)
    except OSError as error:
        found = Verbatim(error.strerror or "-")
        return Diagnosis(Part.CERTIFICATE, Verdict.WARNING, found)
    days = (ends - datetime.now(UTC)).days
    valid = plural("valid for {count} day", "valid for {count} days", days)
    if days < _FEW_DAYS:
        return Diagnosis(Part.CERTIFICATE, Verdict.WARNING, valid, text("Tell who runs central."))
    return Diagnosis(Part.CERTIFICATE, Verdict.WELL, valid)


def versions(ours: str) -> Diagnosis:
    """Return the versions of the kiosk, Python and the libraries; check that none is missing."""
    known = [f"kiosk {ours}", f"Python {platform.python_version()}"]
    missing = []
    for name in _LIBRARIES:
        try:
            known.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        found = text("missing: {names}", names=", ".join(missing))
        return Diagnosis(Part.VERSIONS, Verdict.FAILED, found, text("Install the image anew."))
    return Diagnosis(Part.VERSIONS, Verdict.WELL, Verbatim(", ".join(known)))


def checks_failed(error: Exception) -> Diagnosis:
    """Return the diagnosis for a check that failed with an unexpected error."""
    found = text("they failed: {error}", error=type(error).__name__)
    advice = text("`journalctl -u kiosk` says where.")
    return Diagnosis(Part.CHECKS, Verdict.FAILED, found, advice)


def _ends(host: str, port: int, authority: Path | None) -> datetime:
    context = ssl.create_default_context(cafile=authority)
    with (
        deadline.connect(host, port, _PATIENCE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        peer = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(peer["notAfter"])), UTC)

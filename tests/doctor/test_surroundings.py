# SPDX-License-Identifier: Apache-2.0
"""The doctor's findings about reader, central, clock and certificates, with real ones."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from prometheus_client.parser import text_string_to_metric_families

from kiosk.devices.reader.process import PcscReader
from kiosk.doctor import findings, surroundings
from kiosk.doctor.formats import as_metrics, as_rows, as_text, troubles
from kiosk.errors import CardMute, CentralRefused, CentralUnavailable, ReaderUnavailable
from kiosk.flow.diagnosis import Diagnosis, Part, Verdict
from kiosk.flow.text import Verbatim, in_english, text
from kiosk.simulated.pcscd import PrivatePcscd
from kiosk.values import ReaderTrouble
from tests.host_names import UNENCODABLE


def raising(error: Exception) -> Callable[[], object]:
    def ask() -> object:
        raise error

    return ask


def test_a_working_reader_without_a_card_passes_the_check(pcscd: PrivatePcscd) -> None:
    reader = PcscReader()
    try:
        seen = surroundings.reader(reader.examine)
    finally:
        reader.close()
    assert (seen.verdict, in_english(seen.found)) == (Verdict.WELL, "no card in it")


def test_a_missing_card_service_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(folder / "nothing"))
    reader = PcscReader()
    try:
        seen = surroundings.reader(reader.examine)
    finally:
        reader.close()
    assert (seen.verdict, in_english(seen.found)) == (
        Verdict.FAILED,
        "the card service does not run",
    )


@pytest.mark.parametrize("trouble", ReaderTrouble)
def test_every_trouble_of_a_reader_has_advice(trouble: ReaderTrouble) -> None:
    seen = surroundings.reader(raising(ReaderUnavailable(trouble)))
    assert seen.verdict is Verdict.FAILED
    assert seen.advice


def test_a_hanging_reader_is_reported() -> None:
    seen = surroundings.reader(raising(CardMute("examine", 20)))
    assert in_english(seen.found) == "the reader hangs"


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (
            CentralUnavailable("ConnectionError"),
            "The central service cannot be reached: ConnectionError.",
        ),
        (CentralRefused("not-authenticated", 401), "refuses us: not-authenticated"),
    ],
)
def test_an_unreachable_and_a_refusing_central_are_told_apart(error: Exception, found: str) -> None:
    seen = surroundings.central(raising(error))
    assert (seen.verdict, in_english(seen.found)) == (Verdict.FAILED, found)
    assert surroundings.central(lambda: None).verdict is Verdict.WELL


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(0, Verdict.WELL), (3600, Verdict.WARNING), (-3600, Verdict.WARNING)]
)
def test_the_clock_is_compared_with_centrals(ahead: int, verdict: Verdict) -> None:
    now = datetime.now(UTC) - timedelta(seconds=ahead)
    assert surroundings.clock(lambda: now).verdict is verdict


@contextmanager
def secured(folder: Path, days: int) -> Iterator[tuple[str, Path]]:
    """Start a TLS server whose certificate lasts so many days; yield its URL and its authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "tls.pem"
    pem.write_bytes(
        made.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def shake_hands() -> None:
        with listening:
            connection, _ = listening.accept()
            with connection:
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    return  # the client does not trust it

    with socket.create_server(("localhost", 0)) as listening:
        thread = threading.Thread(target=shake_hands)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}", pem
        thread.join()


@pytest.mark.parametrize(("days", "verdict"), [(90, Verdict.WELL), (5, Verdict.WARNING)])
def test_a_certificate_that_expires_soon_is_a_warning(
    folder: Path, days: int, verdict: Verdict
) -> None:
    with secured(folder, days) as (url, pem):
        seen = surroundings.certificate(url, pem)
    assert (seen.verdict, in_english(seen.found)) == (verdict, f"valid for {days} days")


def test_a_self_signed_certificate_is_not_trusted(folder: Path) -> None:
    with secured(folder, 90) as (url, _):
        seen = surroundings.certificate(url, None)
    assert seen.verdict is Verdict.FAILED
    assert seen.advice


@pytest.mark.parametrize("host", UNENCODABLE)
def test_a_name_that_cannot_be_looked_up_is_said_to_be(host: str) -> None:
    seen = surroundings.certificate(f"https://{host}", None)
    assert seen.verdict is Verdict.WARNING
    assert "host name" in in_english(seen.found)
    assert in_english(seen.found).encode()


def test_the_report_names_the_software_and_its_version() -> None:
    seen = surroundings.versions("1.2.3")
    assert seen.verdict is Verdict.WELL
    assert in_english(seen.found).startswith("kiosk 1.2.3, Python 3.")


# ---------------------------------------------------------------- reports

WELL = Diagnosis(Part.DISK, Verdict.WELL, text("{megabytes} MB free", megabytes=900))
ILL = Diagnosis(
    Part.TOUCH, Verdict.FAILED, Verbatim("no\x1b[31m touch screen"), text("look at its cable")
)


def test_the_report_is_printed_as_text_and_as_json() -> None:
    assert as_text([WELL, ILL]).splitlines() == [
        "disk   well     900 MB free",
        "touch  failed   no?[31m touch screen",
        "       what to do: look at its cable",
    ]
    assert [each.verdict for each in as_rows([WELL, ILL])] == [Verdict.WELL, Verdict.FAILED]
    (checks,) = text_string_to_metric_families(as_metrics([WELL, ILL]) + "\n")
    assert (checks.name, checks.type) == ("kiosk_check", "gauge")
    assert [(each.labels, each.value) for each in checks.samples] == [
        ({"part": "disk"}, 1),
        ({"part": "touch"}, 0),
    ]


def test_troubles_are_left_for_central_and_written_once(folder: Path) -> None:
    findings.leave(folder, troubles([WELL, ILL]))
    assert findings.left(folder) == ("touch: no?[31m touch screen",)
    before = (folder / "findings.json").stat().st_mtime_ns
    findings.leave(folder, troubles([ILL]))
    assert (folder / "findings.json").stat().st_mtime_ns == before
    findings.leave(folder, troubles([WELL]))
    assert findings.left(folder) == ()
    findings.forget(folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{", "{}", "3", "\x00", '[1, "\u00e9"]'])
def test_an_unreadable_status_file_is_ignored(folder: Path, content: str) -> None:
    (folder / "findings.json").write_text(content)
    assert all(each.isascii() for each in findings.left(folder))

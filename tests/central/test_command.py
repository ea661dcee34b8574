# SPDX-License-Identifier: Apache-2.0
"""The `kiosk-central` command, run as a process."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from sqlmodel import select

from kiosk.central import __main__ as command
from kiosk.central import settings
from kiosk.central.audit import trail
from kiosk.central.http import process
from kiosk.central.keys import master_key
from kiosk.central.operations import seed
from kiosk.central.service import assembly
from kiosk.central.tables import AuditEntry
from kiosk.contract.enrolment import SyncKey, sync_possession
from kiosk.errors import SettingsError
from kiosk.link import Entrance
from tests.central.world import PersonalCard, b64
from tests.patience import PATIENCE
from tests.processes import running

TOKEN = "t" * 40


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    chosen = {
        "KIOSK_CENTRAL_DATABASE": f"sqlite:///{tmp_path}/central.db",
        "KIOSK_CENTRAL_MASTER_KEY_FILE": f"{tmp_path}/master.key",
        "KIOSK_CENTRAL_NAME": "a trust",
        "KIOSK_CENTRAL_PORT": "0",
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    return os.environ | chosen


def sow(environment: Mapping[str, str], document: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kiosk.central", "seed-demo"],
        input=document if isinstance(document, str) else json.dumps(document),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def sow_here(
    environment: Mapping[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Any], tuple[int, str]]:
    """Run the command without a process; return its exit status and its standard error."""

    def sow_document(document: Any) -> tuple[int, str]:
        source = tmp_path / "document"
        source.write_text(json.dumps(document))
        with source.open() as stdin, monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", stdin)
            status = command.main(["seed-demo"])
        return status, capsys.readouterr().err

    return sow_document


@contextmanager
def serving(environment: Mapping[str, str], *arguments: str) -> Iterator[str]:
    started = [sys.executable, "-m", "kiosk.central", "serve", *arguments]
    with running(
        started, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        yield process.output.readline().removeprefix("listening on ").strip()


@pytest.mark.dealt
def test_a_seeded_database_is_served(environment: Mapping[str, str], tmp_path: Path) -> None:
    card = PersonalCard()
    document = card.document("Trust A")
    assert sow(environment, document).returncode == 0
    key_before = (tmp_path / "master.key").read_bytes()
    document["card"]["unblocking_key"] = "another1"
    assert sow(environment, document).returncode == 0
    assert (tmp_path / "master.key").read_bytes() == key_before
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600

    allowed = [sys.executable, "-m", "kiosk.central", "kiosks", "enrol-token", "ward 7"]
    allowed += ["--organisation", "Trust A"]
    made = subprocess.run(allowed, env=environment, capture_output=True, text=True, check=True)
    with serving(environment) as url:
        assert requests.get(f"{url}/v1/health", timeout=PATIENCE).json() == {"central": "a trust"}
        key, sync_key = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        public = sync_key.public_key().public_bytes_raw()
        sync = SyncKey(public_key=public, signature=sync_key.sign(sync_possession(public)))
        enrolled = Entrance(url).enrol(made.stdout.strip(), key, sync)
        access = Entrance(url).access(enrolled.kiosk, enrolled.central, key).access_token
        opening = {
            "session": "6f1c3f0e-54d5-4b3a-9c6e-0a5f1f0d9a11",
            "card": {
                "family": "piv",
                "serial": card.serial,
                "passcode_tries": 0,
                "unblocking_tries": None,
            },
            "reason": "locked",
        }
        known = {"Authorization": f"Bearer {access}"}
        opened = requests.post(f"{url}/v1/unlocks", json=opening, headers=known, timeout=PATIENCE)
        assert opened.status_code == 200


@pytest.mark.dealt
def test_the_service_speaks_tls(environment: Mapping[str, str], tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "tls.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "tls.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    master_key.create(tmp_path / "master.key")
    arguments = ("--certificate", f"{tmp_path}/tls.pem", "--key", f"{tmp_path}/tls.key")
    with serving(environment, *arguments) as url:
        assert url.startswith("https://127.0.0.1:")
        named = url.replace("127.0.0.1", "localhost")
        answer = requests.get(f"{named}/v1/health", verify=f"{tmp_path}/tls.pem", timeout=PATIENCE)
        assert answer.json() == {"central": "a trust"}


@pytest.mark.dealt
def test_systemd_hears_when_it_serves_and_that_its_loop_turns(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    seed.ensure_master_key(tmp_path / "master.key")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(PATIENCE)
        listener.bind(str(tmp_path / "notify"))
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
        with running(
            [sys.executable, "-m", "kiosk.central", "serve"],
            env={**environment, **told},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert listener.recv(64) == b"READY=1"
            assert process.output.readline().startswith("listening on ")
            assert [listener.recv(64) for _ in range(3)] == [b"WATCHDOG=1"] * 3
            process.send_signal(signal.SIGTERM)
            while (heard := listener.recv(64)) == b"WATCHDOG=1":
                pass
            assert heard == b"STOPPING=1"


# ---------------------------------------------------------------- errors name the fault, not the
# content


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("card", "family"), "gids"),
        (("card", "serial"), "planted"),
        (("card", "authentication_certificate"), b64(b"planted")),
        (("answers",), [{"question": "planted", "answer": "planted"}] * 4),
        (("answers",), [{"question": "first-pet", "answer": "planted"}] * 3),
        (("planted",), "planted"),
    ],
)
def test_a_wrong_document_is_refused_without_showing_it(
    sow_here: Callable[[Any], tuple[int, str]],
    place: tuple[str, ...],
    value: object,
    tmp_path: Path,
) -> None:
    document = PersonalCard().document("Trust A")
    inner = document
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    status, message = sow_here(document)
    assert status == 2
    assert "personalisation document 1," in message
    assert "planted" not in message.replace("document 1, planted:", "")
    assert not (tmp_path / "master.key").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "central.example", "::"])
def test_plain_http_is_refused_beyond_this_machine(
    environment: Mapping[str, str], host: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        settings.read(host=host)
    assert refused.value.place == "KIOSK_CENTRAL_HOST"
    settings.read(host=host, certificate=Path("c"), key=Path("k"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_plain_http_serves_this_machine(environment: Mapping[str, str], host: str) -> None:
    assert settings.read(host=host).loopback


def test_a_certificate_needs_its_key(environment: Mapping[str, str]) -> None:
    with pytest.raises(SettingsError):
        settings.read(certificate=Path("c"))


def test_an_error_names_a_missing_setting(
    environment: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("KIOSK_CENTRAL_NAME")
    assert command.main(["serve"]) == 2
    assert "KIOSK_CENTRAL_NAME: has to be set." in capsys.readouterr().err


def test_access_logs_carry_no_query() -> None:
    record = logging.LogRecord(
        "uvicorn.access", logging.INFO, "", 0, "%s %s %s", ("x", "/v1/health?planted", 200), None
    )
    assert process._without_query(record)
    assert record.getMessage() == "x /v1/health 200"


# ---------------------------------------------------------------- the log and the audit


@pytest.mark.dealt
@pytest.mark.parametrize("level", ["info", "trace"])
def test_the_log_goes_to_standard_error_and_carries_no_token(
    environment: Mapping[str, str], tmp_path: Path, level: str
) -> None:
    master_key.create(tmp_path / "master.key")
    started = [sys.executable, "-m", "kiosk.central", "serve", "--log", level]
    with (
        (tmp_path / "log").open("wb") as log,
        running(started, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        url = process.output.readline().removeprefix("listening on ").strip()
        planted = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.post(
            f"{url}/v1/reports", json=["planted"], headers=planted, timeout=PATIENCE
        )
        assert answer.status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.output.read() == ""
    log_text = (tmp_path / "log").read_text()
    assert "POST /v1/reports" in log_text
    assert ("ASGI" in log_text) is (level == "trace")
    assert TOKEN not in log_text
    assert "planted" not in log_text


def test_this_projects_loggers_are_enabled() -> None:
    assert process._log_config("trace")["loggers"]["kiosk"]["level"] == "DEBUG"
    assert process._log_config("info")["loggers"]["kiosk"]["level"] == "INFO"


def test_the_command_verifies_the_audit(
    environment: Mapping[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    master_key.create(tmp_path / "master.key")
    service = assembly.assemble(settings.read())
    with service.database.transaction() as database:
        for number in range(3):
            trail.append(database, datetime.now(UTC), "tested", {"number": number}, {})
    assert command.main(["audit", "verify"]) == 0
    assert capsys.readouterr().out == "The audit is whole: 3 entries, 0 signed heads agree.\n"
    with service.database.transaction() as database:
        changed = database.exec(select(AuditEntry).where(AuditEntry.sequence == 2)).one()
        changed.kind = "nothing"
    service.database.close()
    assert command.main(["audit", "verify"]) == 1
    assert capsys.readouterr().out == "The audit was changed at entry 2.\n"

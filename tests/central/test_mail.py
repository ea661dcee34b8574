# SPDX-License-Identifier: Apache-2.0
"""Letters: their content, and their delivery by a real mail server on loopback."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kiosk.central.mail import conversation, letters, transport
from kiosk.errors import MailDelayed, MailFailed, MailRefused, SettingsError


@dataclass
class Somebody:
    name: str
    language: str = "en"


SENDER = "Smartcard self service <kiosk@trust.example>"
LETTER = letters.unlock_code(Somebody("Nora Nurse"), "042042", "ward 7", timedelta(minutes=15))


class Server:
    """Keeps the messages that it gets; refuses them if `closed`."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.senders: list[str] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.closed = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.closed:
            return "451 not now"
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        self.senders.append(envelope.mail_from)
        return "250 taken"

    def authenticate(self, _s: Any, _session: Any, _e: Any, _m: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right")


@contextmanager
def listening(server: Server, **how: Any) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port, **how)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a server's certificate for 127.0.0.1; return it with its context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "mail.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def test_a_letter_arrives_in_both_forms(server: Server) -> None:
    with listening(server) as port:
        transport.open_transport(f"smtp://127.0.0.1:{port}", SENDER).deliver("nora@nhs.net", LETTER)
    (message,) = server.messages
    assert server.recipients == ["nora@nhs.net"]
    assert (message["To"], message["From"]) == ("nora@nhs.net", SENDER)
    assert message["Subject"] == LETTER.subject
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@trust.example>")
    assert message.get_content_type() == "multipart/alternative"
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert page is not None
    for body in (plain.get_content(), page.get_content()):
        assert "042042" in body
        assert "15 minutes" in body
        assert "ward 7" in body


def test_a_name_is_escaped_in_html() -> None:
    letter = letters.unlocked(
        Somebody("<script>"), 'kiosk "&"', datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    )
    assert "<script>" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert "2 January 2026 at 03:04 UTC" in letter.text


@pytest.mark.parametrize(
    "address", ["nora@nhs.net\r\nBcc: all@nhs.net", "nora\n@nhs.net", "ann,example@nhs.net", ""]
)
def test_an_invalid_address_is_given_to_no_server(
    server: Server, tmp_path: Path, address: str
) -> None:
    with listening(server) as port:
        for url in (f"smtp://127.0.0.1:{port}", f"folder:{tmp_path}/mail"):
            with pytest.raises(MailFailed, match="not an email address"):
                transport.open_transport(url, SENDER).deliver(address, LETTER)
    assert (server.recipients, list(tmp_path.iterdir())) == ([], [])


def test_the_envelope_has_the_address_and_the_header_the_name(server: Server) -> None:
    with listening(server) as port:
        for sent_from in (
            '"Kiosk, 7" <kiosk@trust.example>',
            '"Zarząd" <kiosk@Trust.example>',
        ):
            url = f"smtp://127.0.0.1:{port}"
            transport.open_transport(url, sent_from).deliver("Nora@NHS.net", LETTER)
    assert server.senders == ["kiosk@trust.example"] * 2
    assert server.recipients == ["Nora@nhs.net"] * 2
    assert [each["From"].addresses[0].display_name for each in server.messages] == [
        "Kiosk, 7",
        "Zarząd",
    ]


@pytest.mark.parametrize("sent_from", ["", "kiosk", "a@b.example, c@d.example", "Kiosk <>"])
def test_an_error_names_the_setting_of_a_wrong_sender(sent_from: str) -> None:
    with pytest.raises(SettingsError, match="KIOSK_CENTRAL_MAIL_FROM"):
        transport.open_transport("smtp://127.0.0.1:25", sent_from)


def test_a_refusal_is_an_error_without_the_servers_text(server: Server) -> None:
    server.closed = True
    with listening(server) as port, pytest.raises(MailFailed) as failed:
        transport.open_transport(f"smtp://127.0.0.1:{port}", SENDER).deliver("nora@nhs.net", LETTER)
    assert "042042" not in str(failed.value)
    with pytest.raises(MailFailed):  # nobody listens any more
        transport.open_transport(f"smtp://127.0.0.1:{port}", SENDER).deliver("nora@nhs.net", LETTER)


def test_starttls_is_used_if_offered_and_its_certificate_is_checked(
    server: Server,
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, context = certificate
    with listening(server, tls_context=context, require_starttls=True) as port:
        mail_transport = transport.open_transport(f"smtp://127.0.0.1:{port}", SENDER)
        with pytest.raises(MailFailed):
            mail_transport.deliver("nora@nhs.net", LETTER)
        assert server.messages == []
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        mail_transport.deliver("nora@nhs.net", LETTER)
    assert len(server.messages) == 1


def test_a_password_is_sent_only_over_tls(
    server: Server,
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    login = {"authenticator": server.authenticate, "auth_require_tls": False}
    with listening(server, **login) as port:
        mail_transport = transport.open_transport(f"smtp://kiosk:right@127.0.0.1:{port}", SENDER)
        with pytest.raises(MailFailed):
            mail_transport.deliver("nora@nhs.net", LETTER)
    assert server.logins == []
    with listening(server, tls_context=context, **login) as port:
        transport.open_transport(f"smtp://kiosk:right@127.0.0.1:{port}", SENDER).deliver(
            "n@nhs.net", LETTER
        )
        with pytest.raises(MailFailed):
            transport.open_transport(f"smtp://kiosk:no@127.0.0.1:{port}", SENDER).deliver(
                "n@nhs.net", LETTER
            )
    assert server.logins == [(b"kiosk", b"right"), (b"kiosk", b"no")]
    assert len(server.messages) == 1


def test_without_a_server_letters_are_written_to_a_folder(tmp_path: Path) -> None:
    mail_transport = transport.open_transport(f"folder:{tmp_path}/mail", SENDER)
    mail_transport.deliver("nora@nhs.net", LETTER)
    mail_transport.deliver("nora@nhs.net", LETTER)
    files = sorted((tmp_path / "mail").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    assert b"042042" in files[0].read_bytes()
    assert (tmp_path / "mail").stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(MailFailed):
        transport.open_transport(f"folder:{tmp_path}/file", SENDER).deliver("nora@nhs.net", LETTER)


@pytest.mark.parametrize("url", ["mailto:x", "smtp:", "http://mail", "smtp://mail:port", "folder:"])
def test_an_error_names_the_wrong_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="KIOSK_CENTRAL_MAIL"):
        transport.open_transport(url, SENDER)


# ---------------------------------------------------------------- slow and refusing servers


class Slow:
    """A mail server that lets `talk` say what it wants to each client."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self._talk = talk
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connected, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connected,), daemon=True).start()

    def _converse(self, connected: socket.socket) -> None:
        with connected, suppress(OSError):
            self._talk(connected)

    def close(self) -> None:
        self._listening.close()


def _drip(connected: socket.socket) -> None:
    """Greet in lines without end, each in time for the client's own time-out."""
    while True:
        connected.sendall(b"220-wait\r\n")
        time.sleep(0.05)


def _drip_after_greeting(connected: socket.socket) -> None:
    connected.sendall(b"220 here\r\n")
    while connected.recv(4096):
        for _ in range(20):
            connected.sendall(b"250-x\r\n")
            time.sleep(0.05)
        connected.sendall(b"250 x\r\n")


def _say_nothing(connected: socket.socket) -> None:
    connected.recv(1)


def _stall_in_the_handshake(connected: socket.socket) -> None:
    connected.sendall(b"220 here\r\n")
    connected.recv(4096)
    connected.sendall(b"250-here\r\n250 STARTTLS\r\n")
    connected.recv(4096)
    connected.sendall(b"220 go on\r\n")
    connected.recv(4096)
    connected.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
    while True:
        connected.sendall(b"\0")
        time.sleep(0.05)


@pytest.mark.parametrize(
    "talk", [_drip, _drip_after_greeting, _say_nothing, _stall_in_the_handshake]
)
def test_a_whole_conversation_has_one_deadline(
    talk: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "SECONDS", 1.0)
    slow = Slow(talk)
    with pytest.raises(MailDelayed):
        transport.open_transport(slow.url, SENDER).deliver("nora@nhs.net", LETTER)
    slow.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"550 no such user", MailRefused),
        (b"450 greylisted", MailDelayed),
        (b"421 closing", MailDelayed),
    ],
)
def test_what_the_server_says_of_the_recipient_is_told_apart(
    answer: bytes, error: type[MailFailed]
) -> None:
    def talk(connected: socket.socket) -> None:
        connected.sendall(b"220 here\r\n")
        while line := connected.recv(4096):
            connected.sendall((answer if line.startswith(b"rcpt") else b"250 well") + b"\r\n")

    slow = Slow(talk)
    with pytest.raises(MailFailed) as failed:
        transport.open_transport(slow.url, SENDER).deliver("nora@nhs.net", LETTER)
    slow.close()
    assert type(failed.value) is error


def test_a_server_that_is_away_may_take_the_letter_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(MailDelayed):
        transport.open_transport(f"smtp://127.0.0.1:{port}", SENDER).deliver("n@nhs.net", LETTER)

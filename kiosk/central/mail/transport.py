# SPDX-License-Identifier: Apache-2.0
"""The transports of letters: an SMTP server, or a folder for a demonstration without one."""

from __future__ import annotations

import secrets
import ssl
import time
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from kiosk.central import addresses
from kiosk.central.addresses import Sender
from kiosk.central.mail.conversation import conversation
from kiosk.central.mail.letters import Letter
from kiosk.errors import MailFailed, SettingsError


class MailTransport(Protocol):
    """Sends a letter to an address, or raises MailFailed."""

    def deliver(self, address: str, letter: Letter) -> None:
        """Send the letter; may be called from any thread.

        Raises MailFailed for an address that `addresses.validated` refuses.
        """


def open_transport(url: str, sent_from: str) -> MailTransport:
    """Return the mail transport of a URL: smtp://host:port, smtps://…, folder:/path.

    `smtp` uses STARTTLS if the server offers it, and always before it sends a password. Raises
    SettingsError.
    """
    parts = urlsplit(url)
    try:
        sender = addresses.sender(sent_from)
    except ValueError as error:
        raise SettingsError("KIOSK_CENTRAL_MAIL_FROM", str(error)) from None
    if parts.scheme == "folder" and parts.path:
        return FolderMailTransport(Path(parts.path), sender)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise SettingsError("KIOSK_CENTRAL_MAIL", "expected smtp://…, smtps://… or folder:/…")
    try:
        port = parts.port or (465 if parts.scheme == "smtps" else 25)
    except ValueError:
        raise SettingsError("KIOSK_CENTRAL_MAIL", "the port is no number") from None
    login = None
    if parts.username:
        login = (unquote(parts.username), unquote(parts.password or ""))
    return SmtpMailTransport(parts.hostname, port, sender, login, wrapped=parts.scheme == "smtps")


class SmtpMailTransport:
    """A transport that sends through the trust's mail server."""

    def __init__(
        self,
        host: str,
        port: int,
        sender: Sender,
        login: tuple[str, str] | None = None,
        *,
        wrapped: bool = False,
    ) -> None:
        self._host, self._port, self._sender = host, port, sender
        self._login, self._wrapped = login, wrapped

    def deliver(self, address: str, letter: Letter) -> None:
        """Send the letter; raises MailFailed, which shows nothing of the letter."""
        recipient = _validated(address)
        message = _composed(recipient, letter, self._sender)
        context = ssl.create_default_context()
        with conversation(self._host, self._port, context, wrapped=self._wrapped) as server:
            server.ehlo()
            if not self._wrapped and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif not self._wrapped and self._login:
                raise MailFailed("the server offers no TLS for the password")
            if self._login:
                server.login(*self._login)
            server.send_message(message, from_addr=self._sender.address, to_addrs=[recipient])


class FolderMailTransport:
    """A transport that writes each letter to a file, for a demonstration without a mail server."""

    def __init__(self, folder: Path, sender: Sender) -> None:
        self._folder = folder
        self._sender = sender

    def deliver(self, address: str, letter: Letter) -> None:
        """Write the letter, completely or not at all; raises MailFailed."""
        message = _composed(_validated(address), letter, self._sender)
        # Two letters could have the same time.
        name = f"{time.time_ns():020}-{secrets.token_hex(4)}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = self._folder / f".{name}"
            unfinished.write_bytes(message.as_bytes(policy=SMTP))
            unfinished.rename(self._folder / f"{name}.eml")
        except OSError as error:
            raise MailFailed(error.strerror or type(error).__name__) from None


class NoMailTransport:
    """The transport if no mail server is set: it refuses every letter."""

    def deliver(self, address: str, letter: Letter) -> None:  # noqa: ARG002
        """Raise MailFailed."""
        raise MailFailed("no mail server is set")


def _validated(address: str) -> str:
    try:
        return addresses.validated(address)
    except ValueError as error:
        raise MailFailed(str(error)) from None


def _composed(recipient: str, letter: Letter, sender: Sender) -> EmailMessage:
    try:
        message = compose(recipient, letter, sender)
        message.as_bytes(policy=SMTP)
    except UnicodeError as error:  # a name may have half of a character
        raise MailFailed(type(error).__name__) from None
    return message


def compose(recipient: str, letter: Letter, sender: Sender) -> EmailMessage:
    """Return the message to a validated address: plain text, and the same in HTML."""
    message = EmailMessage()
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = letter.subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=sender.address.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message

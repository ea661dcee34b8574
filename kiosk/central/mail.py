"""Who carries letters: an SMTP server, or, where none is set, the terminal of a demonstration."""

from __future__ import annotations

import smtplib
import ssl
import sys
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Protocol
from urllib.parse import unquote, urlsplit

from kiosk.central.letters import Letter
from kiosk.errors import MailFailed, SettingsError

_SECONDS = 10.0


class Postman(Protocol):
    """Carries a letter to an address, or raises MailFailed."""

    def deliver(self, address: str, letter: Letter) -> None:
        """Hand the letter over for good; may be called from any thread."""


def postman(url: str, sender: str) -> Postman:
    """The postman of a URL: smtp://host:port, smtps://user:password@host, or terminal:.

    `smtp` asks for STARTTLS wherever the server offers it, and always before it gives a password.
    Raises SettingsError.
    """
    parts = urlsplit(url)
    if parts.scheme == "terminal":
        return TerminalPostman(sender)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise SettingsError("KIOSK_CENTRAL_MAIL", "expected smtp://…, smtps://… or terminal:")
    try:
        port = parts.port or (465 if parts.scheme == "smtps" else 25)
    except ValueError:
        raise SettingsError("KIOSK_CENTRAL_MAIL", "the port is no number") from None
    login = None
    if parts.username:
        login = (unquote(parts.username), unquote(parts.password or ""))
    return SmtpPostman(parts.hostname, port, sender, login, wrapped=parts.scheme == "smtps")


class SmtpPostman:
    """A mail server of the trust's."""

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        login: tuple[str, str] | None = None,
        *,
        wrapped: bool = False,
    ) -> None:
        self._host, self._port, self._sender = host, port, sender
        self._login, self._wrapped = login, wrapped

    def deliver(self, address: str, letter: Letter) -> None:
        """Send it; raises MailFailed without a word of what was to be sent."""
        message = compose(address, letter, self._sender)
        context = ssl.create_default_context()
        try:
            with self._connect(context) as server:
                server.ehlo()
                if not self._wrapped and server.has_extn("starttls"):
                    server.starttls(context=context)
                    server.ehlo()
                elif not self._wrapped and self._login:
                    raise MailFailed("the server offers no TLS for the password")
                if self._login:
                    server.login(*self._login)
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise MailFailed(type(error).__name__) from None

    def _connect(self, context: ssl.SSLContext) -> smtplib.SMTP:
        if self._wrapped:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=_SECONDS, context=context)
        return smtplib.SMTP(self._host, self._port, timeout=_SECONDS)


class TerminalPostman:
    """Shows letters on standard error, for a demonstration without a mail server."""

    def __init__(self, sender: str) -> None:
        self._sender = sender

    def deliver(self, address: str, letter: Letter) -> None:
        """Show it."""
        shown = "\n".join(f"| {line}" for line in letter.text.splitlines())
        sys.stderr.write(f"\ne-mail to {address}: {letter.subject}\n{shown}\n\n")
        sys.stderr.flush()


class NoPostman:
    """There is no mail server: what needs one is refused."""

    def deliver(self, address: str, letter: Letter) -> None:  # noqa: ARG002
        """Raises MailFailed."""
        raise MailFailed("no mail server is set")


def compose(address: str, letter: Letter, sender: str) -> EmailMessage:
    """The message: plain text, and the same in HTML."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, address, letter.subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">") or None)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message

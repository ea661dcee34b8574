# SPDX-License-Identifier: Apache-2.0
"""The project's errors: few, named after the caller's choices, with data in place of prose.

No error carries a passcode, an answer or an unblocking key.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.values import ReaderTrouble

_LEFT_OUT = ("kiosk.central", "kiosk.simulated", "kiosk.demo")  # of the appliance


class KioskError(Exception):
    """The base of every error that this project raises on purpose."""

    def __str__(self) -> str:
        fields = getattr(self, "__dataclass_fields__", {})
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in fields)
        return f"{type(self).__name__}({told})"


@dataclass(eq=False)
class SettingsError(KioskError):
    """A setting is missing or wrong: `place` names it, `reason` says what to do."""

    place: str
    reason: str


@dataclass(eq=False)
class NotInstalled(KioskError):
    """A part of the installation is missing: `what` says which, `remedy` what to install."""

    what: str
    remedy: str

    @classmethod
    def of(cls, error: ImportError, extra: str = "") -> NotInstalled:
        """Return what a failed import lacks, and the extra that brings it.

        Raises `error` again if a module of ours is at fault that every installation has.
        """
        name = error.name or ""
        if name.startswith(_LEFT_OUT):
            return cls(f"this installation has no {name}", "install the full wheel")
        if not name or name.partition(".")[0] == "kiosk":
            raise error
        library = name.partition(".")[0]
        reason = str(error).partition("\n")[0]
        absent = isinstance(error, ModuleNotFoundError)
        what = f"{library} is not installed" if absent else f"{library} does not load ({reason})"
        return cls(
            what, f"install smartcard-kiosk[{extra}]" if extra else "install smartcard-kiosk"
        )

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


# ---------------------------------------------------------------- the card and its reader


class CardError(KioskError):
    """The card work was not completed."""


@dataclass(eq=False)
class ReaderUnavailable(CardError):
    """There is no reader, or no card service."""

    trouble: ReaderTrouble


@dataclass(eq=False)
class CardRemoved(CardError):
    """The card left, or answered as only a leaving card does.

    The effect of the last command is unknown: read the card's state, never send it again.
    """

    command: str = ""


@dataclass(eq=False)
class CardMute(CardError):
    """The card did not answer in time, or its worker died: the command's effect is unknown."""

    operation: str
    seconds: float


@dataclass(eq=False)
class CardRefused(CardError):
    """The card refused `command` with a status word."""

    command: str
    status: int

    def __str__(self) -> str:
        return f"CardRefused({self.command!r}, {self.status:04X})"


@dataclass(eq=False)
class CardMalformed(CardError):
    """An answer breaks the card's own specification; `place` says where."""

    place: str


@dataclass(eq=False)
class CardUnknown(CardError):
    """No family recognises this card."""

    atr: str


@dataclass(eq=False)
class WrongCard(CardError):
    """The card in the reader is another one than expected, or it is not genuine."""

    expected: str
    found: str


@dataclass(eq=False)
class SecretRefused(CardError):
    """A passcode or key of the wrong form was not sent to the card; no try was spent."""

    which: str


@dataclass(eq=False)
class WrongSecret(CardError):
    """The card refused a passcode or an unblocking key, and counted a try."""

    which: str
    tries_left: int | None
    status: int


# ---------------------------------------------------------------- the board


@dataclass(eq=False)
class BoardUnavailable(KioskError):
    """The pins of this machine cannot be used: no Raspberry Pi, or no access to them."""

    reason: str


@dataclass(eq=False)
class DisplayUnavailable(KioskError):
    """No graphics card has the requested driver; `present` are the drivers that exist."""

    driver: str
    present: tuple[str, ...]


# ---------------------------------------------------------------- the store


@dataclass(eq=False)
class StoreFailed(KioskError):
    """Something could not be made durable: anything that depends on it must not happen."""

    reason: str


# ---------------------------------------------------------------- the central service


class CentralError(KioskError):
    """The central service did not do what was asked."""


@dataclass(eq=False)
class CentralUnavailable(CentralError):
    """Central did not answer, or its answer is unreadable: retry later."""

    reason: str


@dataclass(eq=False)
class CentralBusy(CentralUnavailable):
    """Central, or a proxy before it, has no room for the request: retry no earlier than this."""

    retry_after_seconds: int


@dataclass(eq=False)
class CentralRefused(CentralError):
    """Central refused the request; `problem` is the contract's name for the reason."""

    problem: str
    status: int
    retry_after_seconds: int | None = None


@dataclass(eq=False)
class MasterKeyAway(KioskError):
    """The token with central's master key cannot be used now; no work that needs it was done."""

    reason: str


@dataclass(eq=False)
class MailFailed(KioskError):
    """The mail server did not accept an email of central's."""

    reason: str


@dataclass(eq=False)
class MailDelayed(MailFailed):
    """The mail server may accept the email later: it did not answer, or asked for another try."""


@dataclass(eq=False)
class MailRefused(MailFailed):
    """The mail server definitely refuses the recipient."""


# ---------------------------------------------------------------- the vault


class VaultClosed(KioskError):
    """The answers open no envelope; nobody can know which of them was wrong."""

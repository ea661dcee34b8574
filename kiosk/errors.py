# SPDX-License-Identifier: Apache-2.0
"""The project's errors: few, named for what the caller can do, carrying data rather than prose.

No error carries a passcode, an answer or an unblocking key.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.values import ReaderTrouble

_LEFT_OUT = ("kiosk.central", "kiosk.simulated", "kiosk.demo")  # of the appliance


class KioskError(Exception):
    """Every error this project raises on purpose."""

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
    """The card's work did not come to its end."""


@dataclass(eq=False)
class ReaderUnavailable(CardError):
    """No reader, or no card service."""

    trouble: ReaderTrouble


@dataclass(eq=False)
class CardRemoved(CardError):
    """The card left, or gave an answer that only a leaving card gives.

    What the last command did is unknown: look at the card's state, never resend.
    """

    command: str = ""


@dataclass(eq=False)
class CardMute(CardError):
    """The card did not answer within the deadline, or its worker died: what it did is unknown."""

    operation: str
    seconds: float


@dataclass(eq=False)
class CardRefused(CardError):
    """The card answered `command` with a status word that means no."""

    command: str
    status: int

    def __str__(self) -> str:
        return f"CardRefused({self.command!r}, {self.status:04X})"


@dataclass(eq=False)
class CardMalformed(CardError):
    """An answer that breaks the card's own specification; `place` says where."""

    place: str


@dataclass(eq=False)
class CardUnknown(CardError):
    """No family recognises this card."""

    atr: str


@dataclass(eq=False)
class WrongCard(CardError):
    """Another card lies in the reader than the one this work is for, or it is not genuine."""

    expected: str
    found: str


@dataclass(eq=False)
class SecretRefused(CardError):
    """A passcode or key of the wrong form was kept from the card; no try was spent."""

    which: str


@dataclass(eq=False)
class WrongSecret(CardError):
    """The card refused a passcode or an unblocking key, and counted it."""

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
    """No graphics card has the driver that was asked for; `present` are those that there are."""

    driver: str
    present: tuple[str, ...]


# ---------------------------------------------------------------- the store


@dataclass(eq=False)
class StoreFailed(KioskError):
    """Something could not be made durable: what depends on it must not happen."""

    reason: str


# ---------------------------------------------------------------- the central service


class CentralError(KioskError):
    """The central service did not do what was asked."""


@dataclass(eq=False)
class CentralUnavailable(CentralError):
    """No answer, or none that can be understood: try later."""

    reason: str


@dataclass(eq=False)
class CentralRefused(CentralError):
    """The central service said no; `problem` is the contract's name for why."""

    problem: str
    status: int
    retry_after_seconds: int | None = None


@dataclass(eq=False)
class MasterKeyAway(KioskError):
    """The token that keeps central's master key cannot be used now; what needs it is undone."""

    reason: str


@dataclass(eq=False)
class MailFailed(KioskError):
    """A letter of the central service's was not taken by the mail server."""

    reason: str


# ---------------------------------------------------------------- the vault


class VaultClosed(KioskError):
    """The answers open no envelope. Which of them was wrong is not known to anyone."""

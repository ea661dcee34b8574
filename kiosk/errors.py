# SPDX-License-Identifier: Apache-2.0
"""The project's errors: few, named after the caller's choices, with data for programs.

`str(error)` is a sentence for the operator: command lines, logs and the journal show it as it is.
No error carries a passcode, an answer or an unblocking key.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.values import ReaderTrouble

_LEFT_OUT = ("kiosk.central", "kiosk.simulated", "kiosk.demo")  # of the appliance


class KioskError(Exception):
    """The base of every error that this project raises on purpose; each words its own sentence."""

    def __str__(self) -> str:
        return "Something went wrong; nothing more is known."


def sentence(text: str) -> str:
    """Return `text`, on one line, with the full stop that a sentence ends with."""
    line = " ".join(text.split())
    return line if line.endswith((".", "?", "!")) else f"{line}."


def reason_of(kind: str, message: str) -> str:
    """Return why a value was refused, worded to follow the name of its setting or field.

    `kind` and `message` are the type and the text of a pydantic error, which does not know that
    its reader thinks of settings.
    """
    if kind == "missing":
        return "has to be set"
    told = message.removeprefix("Value error, ").removeprefix("Input ")
    return told[:1].lower() + told[1:] if told[1:2].islower() else told


@dataclass(eq=False)
class SettingsError(KioskError):
    """A setting is missing or wrong: `place` names it, `reason` says what to do."""

    place: str
    reason: str

    def __str__(self) -> str:
        return sentence(f"{self.place}: {self.reason}")


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
        return sentence(f"{self.what}: {self.remedy}")


# ---------------------------------------------------------------- the card and its reader


class CardError(KioskError):
    """The card work was not completed."""

    def __str__(self) -> str:
        return "The card work was not completed."


@dataclass(eq=False)
class ReaderUnavailable(CardError):
    """There is no reader, or no card service."""

    trouble: ReaderTrouble

    def __str__(self) -> str:
        return f"No card can be read: {_TROUBLES[self.trouble]}."


_TROUBLES = {
    ReaderTrouble.NO_SERVICE: "the card service pcscd does not run",
    ReaderTrouble.NO_READER: "no reader is plugged in",
    ReaderTrouble.NO_ACCESS: "this user may not use the reader",
    ReaderTrouble.HELD: "another program holds the reader, or the card service hangs",
}


@dataclass(eq=False)
class CardRemoved(CardError):
    """The card left, or answered as only a leaving card does.

    The effect of the last command is unknown: read the card's state, never send it again.
    """

    command: str = ""

    def __str__(self) -> str:
        return f"The card was removed{f' during {self.command}' if self.command else ''}."


@dataclass(eq=False)
class CardMute(CardError):
    """The card did not answer in time, or its worker died: the command's effect is unknown."""

    operation: str
    seconds: float

    def __str__(self) -> str:
        within = f" within {self.seconds:g} seconds" if self.seconds else ""
        return f"The card did not answer {self.operation}{within}."


@dataclass(eq=False)
class CardRefused(CardError):
    """The card refused `command` with a status word."""

    command: str
    status: int

    def __str__(self) -> str:
        return f"The card refused {self.command}: {self.status:04X}."


@dataclass(eq=False)
class CardMalformed(CardError):
    """An answer breaks the card's own specification; `place` says where."""

    place: str

    def __str__(self) -> str:
        return sentence(f"The card broke its own specification: {self.place}")


@dataclass(eq=False)
class CardUnknown(CardError):
    """No family recognises this card."""

    atr: str

    def __str__(self) -> str:
        return f"No known kind of card has the answer to reset {self.atr or 'of no bytes'}."


@dataclass(eq=False)
class WrongCard(CardError):
    """The card in the reader is another one than expected, or it is not genuine."""

    expected: str
    found: str

    def __str__(self) -> str:
        return f"Another card is in the reader: expected {self.expected}, found {self.found}."


@dataclass(eq=False)
class SecretRefused(CardError):
    """A passcode or key of the wrong form was not sent to the card; no try was spent."""

    which: str

    def __str__(self) -> str:
        return f"The {self.which} has the wrong form: the card was not asked."


@dataclass(eq=False)
class WrongSecret(CardError):
    """The card refused a passcode or an unblocking key, and counted a try."""

    which: str
    tries_left: int | None
    status: int

    def __str__(self) -> str:
        left = "an unknown number of" if self.tries_left is None else self.tries_left
        return f"The card refused the {self.which}: {self.status:04X}; it has {left} tries left."


# ---------------------------------------------------------------- the board


@dataclass(eq=False)
class BoardUnavailable(KioskError):
    """The pins of this machine cannot be used: no Raspberry Pi, or no access to them."""

    reason: str

    def __str__(self) -> str:
        return sentence(f"The pins of this machine cannot be used: {self.reason}")


@dataclass(eq=False)
class DisplayUnavailable(KioskError):
    """No graphics card has the requested driver; `present` are the drivers that exist."""

    driver: str
    present: tuple[str, ...]

    def __str__(self) -> str:
        there = ", ".join(self.present) or "none"
        return f"No graphics card has the driver {self.driver}; drivers in use: {there}."


# ---------------------------------------------------------------- the store


@dataclass(eq=False)
class StoreFailed(KioskError):
    """Something could not be made durable: anything that depends on it must not happen."""

    reason: str

    def __str__(self) -> str:
        return sentence(f"Something could not be stored: {self.reason}")


# ---------------------------------------------------------------- the central service


class CentralError(KioskError):
    """The central service did not do what was asked."""

    def __str__(self) -> str:
        return "The central service did not do what was asked."


@dataclass(eq=False)
class CentralUnavailable(CentralError):
    """Central did not answer, or its answer is unreadable: retry later."""

    reason: str

    def __str__(self) -> str:
        return sentence(f"The central service cannot be reached: {self.reason}")


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

    def __str__(self) -> str:
        wait = self.retry_after_seconds
        later = "" if wait is None else f"; it may be asked again in {wait} seconds"
        return f"The central service refused: {self.problem}, status {self.status}{later}."


@dataclass(eq=False)
class MasterKeyAway(KioskError):
    """The token with central's master key cannot be used now; no work that needs it was done."""

    reason: str

    def __str__(self) -> str:
        return sentence(f"The master key's token cannot be used now: {self.reason}")


@dataclass(eq=False)
class MailFailed(KioskError):
    """The mail server did not accept an email of central's."""

    reason: str

    def __str__(self) -> str:
        return sentence(f"The mail server did not take the letter: {self.reason}")


@dataclass(eq=False)
class MailDelayed(MailFailed):
    """The mail server may accept the email later: it did not answer, or asked for another try."""


@dataclass(eq=False)
class MailRefused(MailFailed):
    """The mail server definitely refuses the recipient."""


# ---------------------------------------------------------------- the vault


class VaultClosed(KioskError):
    """The answers open no envelope; nobody can know which of them was wrong."""

    def __str__(self) -> str:
        return "The answers open no envelope."

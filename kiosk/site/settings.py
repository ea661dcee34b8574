# SPDX-License-Identifier: Apache-2.0
"""The kiosk's settings: read once at start, validated, frozen, and passed along.

Every setting is an environment variable with the prefix KIOSK_, or a key of the site's own file,
which KIOSK_SITE names: `kiosk.toml`, as IT put it on the boot partition (see `site`). What is in
the environment is the appliance's, and goes before the file. Who the kiosk is, and whose, is no
setting: it is enrolled (see `identity`).
"""

from __future__ import annotations

import codecs
import os
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from nacl.signing import VerifyKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from kiosk.devices.touch import Turn
from kiosk.errors import SettingsError
from kiosk.flow.preferences import Language

_PREFIX, _SITE = "KIOSK_", "KIOSK_SITE"
_LONGEST_FILE = 1 << 16
_LONGEST_LINE = 64  # of whom to call, as of an organisation's own contacts
_MACHINES = frozenset(
    {"state_directory", "runtime_directory", "asks_directory", "swap_tolerated", "keyboard"}
)
"""What the appliance is built for: no site's to set."""


class HelpContact(BaseModel):
    """Whom to call, as every help screen says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=_LONGEST_LINE)]
    detail: Annotated[str, Field(min_length=1, max_length=_LONGEST_LINE)]


class Settings(BaseSettings):
    """Frozen settings; `read()` makes them."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    central_url: str = "http://127.0.0.1:8443"

    central_authority: Path | None = None
    """Who may certify central, in a PEM file: the trust's own authority, and no other."""

    state_directory: Path = Path("/var/lib/smartcard-kiosk")

    runtime_directory: Path = Path("/run/smartcard-kiosk")
    """In memory, and this service's alone: what central lends lies here, or is not lent."""

    asks_directory: Path = Path("/run/smartcard-kiosk-asks")
    """Where the kiosk asks for what it may not do itself."""

    swap_tolerated: bool = False
    """For a machine that is no appliance: what is lent could come onto its disk."""

    approval_key: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """IT's public key, in hexadecimal: what it signed for is taken though it looks like a loss."""

    width: Annotated[int, Field(ge=640, le=3840)] = 800
    height: Annotated[int, Field(ge=400, le=2160)] = 480
    fullscreen: bool = True
    rotation: Annotated[int, Field(ge=0, le=270, multiple_of=90)] = 0
    """By how many degrees, against the clock, what is drawn is turned: for panels hung otherwise.

    `width` and `height` are the panel's own. Touches are turned with it.
    """

    touch_mapping: tuple[Turn, ...] = ()
    """What makes a place on the touch panel one on the display, where they do not agree."""

    display_driver: Annotated[str, Field(pattern=r"^[a-z0-9_-]*$")] = ""
    """The driver of the graphics card that the display hangs on, such as "vc4-drm"."""

    language: Language = Language.ENGLISH
    """What the screen begins with, for everybody."""

    keypads: tuple[Annotated[str, Field(pattern=r"^[0-9a-fA-F]{4}:[0-9a-fA-F]{4}$")], ...] = ()
    """The USB keypads and keyboards that may be used: their makers' ids, as "vendor:product"."""

    keyboard: bool = False
    """Whether any keyboard of the system may: for a desk, never for a wall."""

    scrambled_keypad: bool = False
    """Whether digits begin at other places each time, for everybody."""

    read_aloud: bool = False
    """Whether the screen begins with reading itself aloud, into the headphones that hang there."""

    idle_seconds: Annotated[float, Field(gt=0)] = 60.0
    warning_seconds: Annotated[int, Field(ge=1)] = 20
    help_seconds: Annotated[float, Field(gt=0)] = 45.0
    rest_seconds: Annotated[float, Field(ge=0)] = 300.0
    """When the screen goes dark after the last person; 0 is never."""

    contacts: tuple[HelpContact, ...] = ()

    technician_code: Annotated[str, Field(pattern=r"^(\$argon2id\$[!-~]+)?$")] = ""
    """What `kiosk technician-code` made of the code to the technician's screen; else none."""

    clocks: tuple[Annotated[str, Field(pattern=r"^[0-9A-Za-z.:-]{1,253}$")], ...] = ()
    """Time servers that the firewall lets through, by name or address."""

    pins: dict[str, int] = {}
    """Lights, buzzer and switches by their BCM numbers (see `devices.lights.plan`)."""

    @field_validator("central_url")
    @classmethod
    def _never_in_the_clear(cls, url: str) -> str:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError where it is none
        if not parts.hostname or parts.scheme not in {"http", "https"}:
            raise ValueError("must be an https address")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError("must be https: plain http is for this machine's loopback alone")
        return url.rstrip("/")


def read() -> Settings:
    """The settings of this process; raises SettingsError naming the first that is wrong."""
    file = os.environ.get(_SITE)
    return of_site(Path(file)) if file else _settings({}, _place)


def of_site(file: Path) -> Settings:
    """The settings with what the site's file says; raises SettingsError, its place a key of it."""
    told = _told_by(file)
    return _settings(told, lambda *parts: ".".join(parts) if parts[0] in told else _place(*parts))


def read_what_is_right() -> Settings:
    """What of the settings can be understood: for the screen that says whom to call."""
    told: dict[str, Any] = {}
    with suppress(SettingsError):
        told = _told_by(Path(os.environ.get(_SITE, "")))
    for name in tuple(told):
        try:
            _settings({name: told[name]}, _place)
        except SettingsError:
            del told[name]
    try:
        return _settings(told, _place)
    except SettingsError:
        return Settings.model_construct()


def _settings(told: Mapping[str, Any], place: Callable[..., str]) -> Settings:
    """What is told, where the environment does not say otherwise. Raises SettingsError."""
    said = {name.upper() for name in os.environ}
    try:
        return Settings(**{n: told[n] for n in told if f"{_PREFIX}{n}".upper() not in said})
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(place(*map(str, first["loc"])), first["msg"]) from None
    except UnreadableSetting as error:
        raise SettingsError("KIOSK_…", str(error)) from None


def _place(*parts: str) -> str:
    return _PREFIX + "_".join(parts).upper()


def _told_by(file: Path) -> dict[str, Any]:
    """What the site's file says, of what a site may say. Raises SettingsError."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_LONGEST_FILE + 1)
    except OSError as error:
        raise SettingsError(str(file), error.strerror or "cannot be read") from None
    if len(content) > _LONGEST_FILE:
        raise SettingsError(str(file), f"is longer than {_LONGEST_FILE} bytes")
    try:
        told = tomllib.loads(_text(content))
    except (ValueError, RecursionError) as error:  # of a text, or of what it says
        raise SettingsError(str(file), f"is no TOML: {error}") from None
    for name in _MACHINES & told.keys():
        raise SettingsError(name, "is the appliance's own, and no site's to set")
    if "central_url" not in told:
        raise SettingsError("central_url", "has to say where the central service is")
    authority = told.get("central_authority")
    if isinstance(authority, str):
        told["central_authority"] = file.parent / authority
    return told


def _text(content: bytes) -> str:
    """As editors write it: Windows' own may put a mark before it, or make it UTF-16."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if marked else "utf-8-sig")


def read_approval_key(settings: Settings) -> VerifyKey | None:
    """IT's public key, where it has one."""
    return VerifyKey(bytes.fromhex(settings.approval_key)) if settings.approval_key else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

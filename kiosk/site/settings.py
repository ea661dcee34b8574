# SPDX-License-Identifier: Apache-2.0
"""The kiosk's settings: read once at start, validated, frozen, and passed along.

Each setting is an environment variable with the prefix KIOSK_, or a key of the site's own file,
which KIOSK_SITE names: `kiosk.toml`, which IT puts on the boot partition (see `site_file`). The
environment belongs to the appliance and overrides the file. The kiosk's name and organisation are
not settings: they come from its enrolment (see `identity`).
"""

from __future__ import annotations

import codecs
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from nacl.signing import VerifyKey
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from kiosk.devices.touch import Turn
from kiosk.errors import SettingsError, reason_of
from kiosk.flow.preferences import Language

_PREFIX, _SITE = "KIOSK_", "KIOSK_SITE"
_LONGEST_FILE = 1 << 16
_LONGEST_LINE = 64  # of a contact; the same as for an organisation's contacts
_LONGEST_HOST = 253
_LABEL = re.compile(r"[0-9A-Za-z]([0-9A-Za-z-]{0,61}[0-9A-Za-z])?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_MACHINES = frozenset(
    {"state_directory", "runtime_directory", "asks_directory", "swap_tolerated", "keyboard"}
)
"""Settings of the appliance, which a site may not set."""


def _host(name: str) -> str:
    """Return a host's name or address as it is. Raises ValueError if no resolver can look it up.

    A name is that of RFC 1123, section 2.1. Its last label is no number: resolvers read that as an
    address in another notation.
    """
    with suppress(ValueError):
        ip_address(name)
        return name
    labels = name.removesuffix(".").split(".")
    if len(name) > _LONGEST_HOST or not all(_LABEL.fullmatch(each) for each in labels):
        raise ValueError(
            "is no host: a name has labels of 1 to 63 letters, digits and hyphens between its dots"
        )
    if _NUMBER.fullmatch(labels[-1]):
        raise ValueError("is no host: neither a name nor a complete address")
    return name


class HelpContact(BaseModel):
    """A contact that each help screen shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=_LONGEST_LINE)]
    detail: Annotated[str, Field(min_length=1, max_length=_LONGEST_LINE)]


class Settings(BaseSettings):
    """The frozen settings; `read()` makes them."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    central_url: str = "http://127.0.0.1:8443"

    central_authority: Path | None = None
    """A PEM file with the only authority that may certify central: the trust's own."""

    state_directory: Path = Path("/var/lib/smartcard-kiosk")

    runtime_directory: Path = Path("/run/smartcard-kiosk")
    """In memory, and only for this service. Packs are kept here, or central lends none."""

    asks_directory: Path = Path("/run/smartcard-kiosk-asks")
    """The folder in which the kiosk asks for actions that it may not do itself."""

    swap_tolerated: bool = False
    """For machines that are no appliance: swapping could write packs to the disk."""

    approval_key: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """IT's public key, in hexadecimal: it approves replica changes that look like a loss."""

    width: Annotated[int, Field(ge=640, le=3840)] = 800
    height: Annotated[int, Field(ge=400, le=2160)] = 480
    fullscreen: bool = True
    rotation: Annotated[int, Field(ge=0, le=270, multiple_of=90)] = 0
    """Degrees by which the picture is turned counterclockwise, for panels that hang differently.

    `width` and `height` are the panel's own. Touches turn with the picture.
    """

    touch_mapping: tuple[Turn, ...] = ()
    """The turns from a touch panel's coordinates to the display's, if they differ."""

    display_driver: Annotated[str, Field(pattern=r"^[a-z0-9_-]*$")] = ""
    """The driver of the graphics card of the display, such as "vc4-drm"."""

    language: Language = Language.ENGLISH
    """The language that each visit begins with."""

    keypads: tuple[Annotated[str, Field(pattern=r"^[0-9a-fA-F]{4}:[0-9a-fA-F]{4}$")], ...] = ()
    """The USB keypads and keyboards that may be used, by their USB ids "vendor:product"."""

    keyboard: bool = False
    """Whether any keyboard of the system may be used: for a desk, never for a wall."""

    scrambled_keypad: bool = False
    """Whether each visit begins with digits in random places."""

    read_aloud: bool = False
    """Whether each visit begins with reading aloud, into the headphones at the kiosk."""

    idle_seconds: Annotated[float, Field(gt=0)] = 60.0
    warning_seconds: Annotated[int, Field(ge=1)] = 20
    help_seconds: Annotated[float, Field(gt=0)] = 45.0
    rest_seconds: Annotated[float, Field(ge=0)] = 300.0
    """The seconds from the last user until the screen goes dark; 0 is never."""

    contacts: tuple[HelpContact, ...] = ()

    technician_code: Annotated[str, Field(pattern=r"^(\$argon2id\$[!-~]+)?$")] = ""
    """The hash from `kiosk technician-code`; without it there is no technician's screen."""

    clocks: tuple[Annotated[str, AfterValidator(_host)], ...] = ()
    """Time servers that the firewall lets through, by name or address."""

    pins: dict[str, int] = {}
    """Lights, buzzer and switches by their BCM numbers (see `devices.lights.plan`)."""

    @field_validator("central_url")
    @classmethod
    def _never_in_the_clear(cls, url: str) -> str:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError if it is no port
        if not parts.hostname or parts.scheme not in {"http", "https"}:
            raise ValueError("must be an https address")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError("must be https: plain http is for this machine's loopback alone")
        _host(parts.hostname)
        return url.rstrip("/")


def read() -> Settings:
    """Return the settings of this process; raises SettingsError for the first wrong one."""
    file = os.environ.get(_SITE)
    return of_site(Path(file)) if file else _settings({}, _place)


def of_site(file: Path) -> Settings:
    """Return the settings with those of `file`; raises SettingsError, its place a key of `file`."""
    values = _read_site_file(file)
    return _settings(
        values, lambda *parts: ".".join(parts) if parts[0] in values else _place(*parts)
    )


def read_what_is_right() -> Settings:
    """Return the settings that are valid, for the screen that shows the contacts."""
    values: dict[str, Any] = {}
    with suppress(SettingsError):
        values = _read_site_file(Path(os.environ.get(_SITE, "")))
    for name in tuple(values):
        try:
            _settings({name: values[name]}, _place)
        except SettingsError:
            del values[name]
    try:
        return _settings(values, _place)
    except SettingsError:
        return Settings.model_construct()


def _settings(values: Mapping[str, Any], place: Callable[..., str]) -> Settings:
    """Return the settings from `values` that the environment does not set. Raises SettingsError."""
    overridden = {name.upper() for name in os.environ}
    try:
        return Settings(
            **{n: values[n] for n in values if f"{_PREFIX}{n}".upper() not in overridden}
        )
    except ValidationError as error:
        first = error.errors()[0]
        reason = reason_of(first["type"], first["msg"])
        raise SettingsError(place(*map(str, first["loc"])), reason) from None
    except UnreadableSetting as error:
        raise SettingsError("KIOSK_…", str(error)) from None


def _place(*parts: str) -> str:
    return _PREFIX + "_".join(parts).upper()


def _read_site_file(file: Path) -> dict[str, Any]:
    """Return the settings in the site's file, if a site may set them. Raises SettingsError."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_LONGEST_FILE + 1)
    except OSError as error:
        raise SettingsError(str(file), error.strerror or "cannot be read") from None
    if len(content) > _LONGEST_FILE:
        raise SettingsError(str(file), f"is longer than {_LONGEST_FILE} bytes")
    try:
        values = tomllib.loads(_text(content))
    except (ValueError, RecursionError) as error:  # the decoding failed, or the TOML
        raise SettingsError(str(file), f"is not valid TOML: {error}") from None
    for name in _MACHINES & values.keys():
        raise SettingsError(name, "belongs to the appliance: a site cannot set it")
    if "central_url" not in values:
        raise SettingsError("central_url", "has to be the address of the central service")
    authority = values.get("central_authority")
    if isinstance(authority, str):
        values["central_authority"] = file.parent / authority
    return values


def _text(content: bytes) -> str:
    """Return the text of a file: an editor of Windows may put a mark before it, or write UTF-16."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if marked else "utf-8-sig")


def read_approval_key(settings: Settings) -> VerifyKey | None:
    """Return IT's public key, or None."""
    return VerifyKey(bytes.fromhex(settings.approval_key)) if settings.approval_key else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

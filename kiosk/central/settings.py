# SPDX-License-Identifier: Apache-2.0
"""The service's settings, read once, validated and frozen.

A setting is an environment variable, a credential of the service's unit (systemd.exec(5)), or a
line of the settings file. The first of these that has it wins.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from kiosk.central import addresses
from kiosk.contract.registration import MailDomains
from kiosk.errors import SettingsError, reason_of

PREFIX = "KIOSK_CENTRAL_"
FILE = "KIOSK_CENTRAL_SETTINGS"
"""The variable that names the settings file: TOML, whose keys are the settings' names."""
_CREDENTIALS = "CREDENTIALS_DIRECTORY"
_CREDENTIAL = "kiosk-central."
_LONGEST_FILE = 1 << 16
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(each.strip()) for each in text.split(",") if each.strip())


def _checked_proxies(text: str) -> str:
    _networks(text)  # raises ValueError
    return text


class Settings(BaseSettings):
    """The settings, one variable each: `KIOSK_CENTRAL_DATABASE`, `KIOSK_CENTRAL_NAME` and so on."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database: str = Field(
        repr=False,
        description="sqlite:////var/lib/central/db or postgresql://…; it may contain a password",
    )
    master_key_file: Path | None = Field(None, description="the key's file, if there is no token")
    master_key_module: Path | None = Field(None, description="the token's PKCS #11 library")
    master_key_token: str = Field("", description="the token's label")
    master_key_label: str = Field("kiosk-central", description="the key's label in the token")
    master_key_pin_file: Path | None = Field(None, description="a file with the token's PIN")
    journal: Path | None = Field(
        None, description="a file on another disk that restores keys and grants after a loss"
    )
    name: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="the owner of the service; cards sign this name, so kiosks must have the same"
    )
    mail: str = Field(
        "", repr=False, description="smtp://host:25, smtps://user:password@host, or folder:/path"
    )
    mail_from: str = Field(
        "smartcard-kiosk@localhost", description='the sender: an address, or "Name" <address>'
    )
    mail_domains: MailDomains = Field(
        ("nhs.net", ".nhs.uk", ".gov.uk", ".mod.uk"),
        description="letters may be sent to these domains and their subdomains; kiosks offer the "
        "first few as endings, after an @ or after the dot that they begin with",
    )
    alerts_to: str = Field("", description="IT's address, which gets the alerts once a day")
    host: str = Field("127.0.0.1", description="the address to listen on; :: for all")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8443, description="0 takes a free one")
    certificate: Path | None = Field(None, description="the TLS certificate's chain (PEM)")
    key: Path | None = Field(None, description="the private key of the certificate (PEM)")
    proxies: Annotated[str, AfterValidator(_checked_proxies)] = Field(
        "", description="addresses or networks of HAProxy, comma-separated: see docs/central.md"
    )
    connections: Annotated[int, Field(ge=64)] = Field(
        4000, description="the most open connections; fewer if there are too few descriptors"
    )
    connections_per_address: Annotated[int, Field(ge=16)] = Field(
        1200, description="the most open connections of one address, or of one IPv6 /64"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - by its name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - by its name
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources of a setting, the first of which that has it wins."""
        return (init_settings, env_settings, _Credentials(settings_cls), _File(settings_cls))

    @property
    def proxy_networks(self) -> tuple[Network, ...]:
        """Return whose connections begin with a PROXY header; nobody else's may."""
        return _networks(self.proxies)

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, text: str) -> str:
        addresses.sender(text)
        return text

    @field_validator("alerts_to")
    @classmethod
    def _address(cls, text: str) -> str:
        return addresses.validated(text) if text else text

    @property
    def encrypted(self) -> bool:
        """Return whether the service speaks TLS."""
        return self.certificate is not None

    @property
    def loopback(self) -> bool:
        """Return whether the service can be reached from this machine only."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


class _Credentials(PydanticBaseSettingsSource):
    """The credentials that systemd gave this process: `kiosk-central.mail`, and so on.

    A setting that is a file is the credential itself; every other is its text.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return a setting, or None; its name; and that it is no JSON."""
        folder = os.environ.get(_CREDENTIALS)
        if not folder:
            return None, field_name, False
        place = Path(folder, _CREDENTIAL + field_name.replace("_", "-"))
        if not place.is_file():
            return None, field_name, False
        return place if field.annotation == Path | None else _text(place), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the settings that are credentials. Raises SettingsError."""
        found = (
            self.get_field_value(field, name)
            for name, field in self.settings_cls.model_fields.items()
        )
        return {name: value for value, name, _ in found if value is not None}


class _File(PydanticBaseSettingsSource):
    """The settings file."""

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002 - by its name
        field_name: str,
    ) -> tuple[Any, str, bool]:
        """Return nothing: all settings of the file are read at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the settings of the file. Raises SettingsError."""
        place = os.environ.get(FILE)
        if not place:
            return {}
        try:
            content = tomllib.loads(_text(Path(place)))
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(place, str(error)) from None
        for key in content:
            if key not in self.settings_cls.model_fields:
                raise SettingsError(f"{place}, {key}", "there is no such setting")
        return content


def _text(place: Path) -> str:
    """Return the text of a file without the white space around it. Raises SettingsError."""
    try:
        with place.open("rb") as file:
            content = file.read(_LONGEST_FILE + 1)
    except OSError as error:
        raise SettingsError(str(place), error.strerror or "cannot be read") from None
    if len(content) > _LONGEST_FILE:
        raise SettingsError(str(place), f"longer than {_LONGEST_FILE} bytes")
    try:
        return content.decode().strip()
    except UnicodeDecodeError:
        raise SettingsError(str(place), "not in UTF-8") from None


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """A setting's name, its default as text, and its meaning."""

    name: str
    default: str
    meaning: str


def descriptions() -> list[SettingDescription]:
    """Return the settings that there are, in their order, without any value."""
    return [
        SettingDescription(
            name, "" if field.is_required() else _shown(field.default), field.description or ""
        )
        for name, field in Settings.model_fields.items()
    ]


def _shown(default: object) -> str:
    if default is None:
        return ""
    return ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)


def read(**overrides: Any) -> Settings:
    """Return the settings; an override that is not None wins over every source.

    Raises SettingsError.
    """
    try:
        settings = Settings(**{name: v for name, v in overrides.items() if v is not None})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(PREFIX + place, reason_of(first["type"], first["msg"])) from None
    if (settings.master_key_file is None) == (settings.master_key_module is None):
        raise SettingsError(
            PREFIX + "MASTER_KEY_FILE", "give this, or a token by …_MASTER_KEY_MODULE, and not both"
        )
    if settings.master_key_module and not (
        settings.master_key_token and settings.master_key_label and settings.master_key_pin_file
    ):
        raise SettingsError(
            PREFIX + "MASTER_KEY_MODULE", "…_TOKEN, …_LABEL and …_PIN_FILE belong to a token"
        )
    if (settings.certificate is None) != (settings.key is None):
        raise SettingsError(PREFIX + "CERTIFICATE", "certificate and key belong together")
    if not settings.encrypted and not settings.loopback:
        raise SettingsError(
            PREFIX + "HOST", "plain HTTP is for this machine alone: give a certificate and a key"
        )
    return settings

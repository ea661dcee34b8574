# SPDX-License-Identifier: Apache-2.0
"""The service's settings, read once from the environment, validated and frozen."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kiosk.central import addresses
from kiosk.contract.registration import MailDomains
from kiosk.errors import SettingsError, reason_of

PREFIX = "KIOSK_CENTRAL_"
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
    mail_from: str = "smartcard-kiosk@localhost"
    mail_domains: MailDomains = Field(
        ("nhs.net", ".nhs.uk", ".gov.uk", ".mod.uk"),
        description="letters may be sent to these domains and their subdomains; kiosks offer the "
        "first few as endings, after an @ or after the dot that they begin with",
    )
    alerts_to: str = Field("", description="IT's address, which gets the alerts once a day")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8443
    certificate: Path | None = None
    key: Path | None = None
    proxies: Annotated[str, AfterValidator(_checked_proxies)] = Field(
        "", description="addresses or networks of HAProxy, comma-separated: see docs/central.md"
    )
    connections: Annotated[int, Field(ge=64)] = Field(
        4000, description="the most open connections; fewer if there are too few descriptors"
    )
    connections_per_address: Annotated[int, Field(ge=16)] = 1200

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


def read(**overrides: Any) -> Settings:
    """Return the settings from the environment; an override that is not None wins.

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

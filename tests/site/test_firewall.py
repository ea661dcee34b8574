# SPDX-License-Identifier: Apache-2.0
"""The addresses that a kiosk may reach, as given to nft."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from kiosk.errors import SettingsError
from kiosk.site import firewall
from kiosk.site.settings import Settings
from tests.host_names import UNENCODABLE

RESOLV = (
    "# by hand\nnameserver 192.0.2.53\nnameserver 127.0.0.53\nnameserver fe80::1%eth0\nnameserver\n"
)


def test_resolvers_are_read_from_the_machines_files(folder: Path) -> None:
    (folder / "resolv.conf").write_text(RESOLV)
    found = firewall.resolvers((folder / "missing", folder / "resolv.conf"))
    assert found == {ip_address("192.0.2.53"), ip_address("fe80::1")}
    assert firewall.resolver_commands(found).splitlines() == [
        "add element inet smartcard_kiosk resolvers4 { 192.0.2.53 }",
        "delete element inet smartcard_kiosk resolvers4 { 192.0.2.53 }",
        "add element inet smartcard_kiosk resolvers4 { 192.0.2.53 timeout 2h }",
        "add element inet smartcard_kiosk resolvers6 { fe80::1 }",
        "delete element inet smartcard_kiosk resolvers6 { fe80::1 }",
        "add element inet smartcard_kiosk resolvers6 { fe80::1 timeout 2h }",
    ]


SETTINGS = Settings(central_url="https://[2001:db8::7]", clocks=("192.0.2.123",))


def test_central_and_clocks_are_found() -> None:
    settings = Settings(central_url="https://192.0.2.7:8443", clocks=("192.0.2.123",))
    assert firewall.look_up_central(settings) == {(ip_address("192.0.2.7"), 8443)}
    assert firewall.look_up_clocks(settings) == {ip_address("192.0.2.123")}


def test_nft_gets_centrals_addresses_with_a_timeout() -> None:
    commands = firewall.central_commands(firewall.look_up_central(SETTINGS))
    assert commands.splitlines() == [
        "add element inet smartcard_kiosk central6 { 2001:db8::7 . 443 }",
        "delete element inet smartcard_kiosk central6 { 2001:db8::7 . 443 }",
        "add element inet smartcard_kiosk central6 { 2001:db8::7 . 443 timeout 2h }",
    ]


def test_nft_gets_the_clocks_addresses_separately() -> None:
    commands = firewall.clock_commands(firewall.look_up_clocks(SETTINGS))
    assert commands.splitlines() == [
        "add element inet smartcard_kiosk clocks4 { 192.0.2.123 }",
        "delete element inet smartcard_kiosk clocks4 { 192.0.2.123 }",
        "add element inet smartcard_kiosk clocks4 { 192.0.2.123 timeout 2h }",
    ]


def test_an_unknown_name_is_reported_by_its_setting() -> None:
    settings = Settings(central_url="https://central.invalid", clocks=("ntp.invalid",))
    with pytest.raises(SettingsError) as refused:
        firewall.look_up_central(settings)
    assert refused.value.place == "central_url"
    with pytest.raises(SettingsError) as refused:
        firewall.look_up_clocks(settings)
    assert refused.value.place == "clocks"


@pytest.mark.parametrize("host", UNENCODABLE)
def test_a_name_that_cannot_be_looked_up_is_reported_by_its_setting(host: str) -> None:
    """The checker of the settings refuses it earlier; this is what comes if it was not asked."""
    settings = Settings.model_construct(central_url=f"https://{host}", clocks=(host,))
    for look_up, place in (
        (firewall.look_up_central, "central_url"),
        (firewall.look_up_clocks, "clocks"),
    ):
        with pytest.raises(SettingsError) as refused:
            look_up(settings)
        assert refused.value.place == place
        assert str(refused.value).encode(), "the journal can show it"

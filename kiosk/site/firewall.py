# SPDX-License-Identifier: Apache-2.0
"""`kiosk firewall`: fill the firewall's sets with the addresses that this kiosk may reach.

The rules are in `systemd/nftables/smartcard-kiosk.nft`: nothing comes in, and only traffic to the
sets goes out. Names are looked up each time, because a central service may move. A name may have
more addresses than one answer holds, so each address stays for a while after the last answer that
named it. A resolver can be asked only when its address is in its set, so that set is filled first.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.errors import SettingsError
from kiosk.site.settings import Settings

Address = IPv4Address | IPv6Address
_KINDS = ((4, IPv4Address), (6, IPv6Address))
_NFT = "/usr/sbin/nft"
_TABLE = "inet smartcard_kiosk"
_TIMEOUT = "2h"  # an address stays so long after the last answer that named it
FIREWALL_DIRECTORY = Path("/run/smartcard-kiosk-firewall")
RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))


def fill(settings: Settings) -> None:
    """Fill all sets, in the order in which one needs another; raises SettingsError."""
    apply(resolver_commands(resolvers()))
    apply(central_commands(look_up_central(settings)))
    apply(clock_commands(look_up_clocks(settings)))


def look_up_central(settings: Settings) -> frozenset[tuple[Address, int]]:
    """Return central's addresses and port, by a resolver; raises SettingsError."""
    central = urlsplit(settings.central_url)
    port = central.port or (443 if central.scheme == "https" else 80)
    return frozenset((each, port) for each in _addresses(central.hostname, "central_url"))


def look_up_clocks(settings: Settings) -> frozenset[Address]:
    """Return the addresses of the time servers; raises SettingsError."""
    return frozenset(each for name in settings.clocks for each in _addresses(name, "clocks"))


def resolvers(files: Iterable[Path] = RESOLVERS) -> frozenset[Address]:
    """Return the resolvers of the first file that names any; skip entries that are no address."""
    for file in files:
        try:
            words = [line.split() for line in file.read_text().splitlines()]
        except OSError:
            continue
        found = {_address(each[1]) for each in words if len(each) > 1 and each[0] == "nameserver"}
        named = frozenset(each for each in found if each is not None and not each.is_loopback)
        if named:
            return named
    return frozenset()


def resolver_commands(found: frozenset[Address]) -> str:
    """Return nft's first commands: the resolvers have to be let through before any lookup."""
    return _addresses_filled("resolvers", found)


def central_commands(found: frozenset[tuple[Address, int]]) -> str:
    """Return nft's next commands, which apply together or not at all."""
    lines = []
    for version, kind in _KINDS:
        members = [f"{each} . {port}" for each, port in found if isinstance(each, kind)]
        lines += _filled(f"central{version}", members)
    return "\n".join(lines) + "\n"


def clock_commands(found: frozenset[Address]) -> str:
    """Return nft's last commands: an unknown time server must not block anything else."""
    return _addresses_filled("clocks", found)


def apply(commands: str) -> None:
    """Run these commands with nft; raises SettingsError if it fails."""
    try:
        done = subprocess.run(
            [_NFT, "-f", "-"], input=commands, text=True, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise SettingsError(_NFT, "is missing: install Debian's package nftables") from None
    if done.returncode != 0:
        raise SettingsError("nft", done.stderr.strip().partition("\n")[0])


def _addresses_filled(name: str, found: frozenset[Address]) -> str:
    lines = []
    for version, kind in _KINDS:
        members = [str(each) for each in found if isinstance(each, kind)]
        lines += _filled(f"{name}{version}", members)
    return "\n".join(lines) + "\n"


def _filled(name: str, members: list[str]) -> list[str]:
    """Return commands that add `members`, or renew the timeout of those that are in the set.

    nft does not change the timeout of an element that exists, so each is deleted and added again.
    """
    if not members:
        return []
    place, plain = f"element {_TABLE} {name}", ", ".join(sorted(members))
    living = ", ".join(f"{each} timeout {_TIMEOUT}" for each in sorted(members))
    return [
        f"add {place} {{ {plain} }}",
        f"delete {place} {{ {plain} }}",
        f"add {place} {{ {living} }}",
    ]


def _addresses(host: str | None, place: str) -> frozenset[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        shown = str(host).encode("ascii", "backslashreplace").decode()
        raise SettingsError(place, f"{shown} has no address") from None
    return frozenset(ip_address(str(address[0]).partition("%")[0]) for *_, address in found)


def _address(text: str) -> Address | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None

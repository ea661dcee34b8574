# SPDX-License-Identifier: Apache-2.0
"""The firewall's rules in a network of their own: a kiosk, its central service, another host.

Everything that is denied is first shown to work without the rules.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from kiosk.site import firewall
from kiosk.site.firewall import Address
from tests.patience import PATIENCE
from tests.processes import running
from tests.wire import Wire, wire

RULES = Path(__file__).parents[2] / "systemd/nftables/smartcard-kiosk.nft"
KIOSK, SYNC, SOMEBODY = 61001, 61002, 61003  # users; the appliance uses the same names
_SECONDS = 1.0


def run(*command: str, **options: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, **options)  # type: ignore[call-overload]


@dataclass(frozen=True)
class Network(Wire):
    """A namespace with the kiosk, and outside central and another host, with a cable in between."""

    def inside(self, *command: str, user: int = 0) -> subprocess.CompletedProcess[str]:
        become = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--")
        return subprocess.run(
            ["ip", "netns", "exec", self.name, *become, *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def reaches(self, host: str, port: int, user: int) -> bool:
        connect = ("bash", "-c", f": </dev/tcp/{host}/{port}")  # a program that every user may run
        return not self.inside("timeout", str(_SECONDS), *connect, user=user).returncode

    def guard(self) -> None:
        """Load the rules, and fill their sets as the appliance does."""
        names = RULES.read_text().replace("kiosk, kiosk-sync", f"{KIOSK}, {SYNC}")
        self.tell_nft(names)
        central = ip_address(self.central)
        self.tell_nft(firewall.resolver_commands(frozenset({central})))
        self.tell_nft(firewall.central_commands(frozenset({(central, 8443)})))

    def tell_nft(self, commands: str) -> None:
        run("ip", "netns", "exec", self.name, "nft", "-f", "-", input=commands)


@pytest.fixture
def network() -> Iterator[Network]:
    if os.geteuid() != 0:
        pytest.skip("NOT SHOWN: a network of its own needs root")
    with wire() as made:
        yield Network(**asdict(made))


@contextmanager
def listening(*addresses: tuple[str, int]) -> Iterator[None]:
    """Start servers that accept every connection."""
    with ExitStack() as stack:
        for address in addresses:
            server = stack.enter_context(socket.create_server(address))
            threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield


def _accept(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            server.accept()[0].close()


def test_a_kiosk_reaches_central_and_nothing_else(network: Network) -> None:
    central, other = network.central, network.other
    with listening((central, 8443), (central, 22), (central, 53), (other, 8443)):
        wanted = [(central, 8443, KIOSK), (central, 8443, SYNC), (central, 53, SOMEBODY)]
        unwanted = [(other, 8443, KIOSK), (central, 22, SYNC), (central, 8443, SOMEBODY)]
        assert all(network.reaches(*each) for each in wanted + unwanted)
        network.guard()
        assert all(network.reaches(*each) for each in wanted)
        assert not any(network.reaches(*each) for each in unwanted)


def test_an_address_expires_some_time_after_its_last_answer(network: Network) -> None:
    """A name may have more addresses than one answer lists; each answer renews the time."""
    first, second, port = ip_address(network.central), ip_address(network.other), 8444
    near, place = f"{first} . {port}", "element inet smartcard_kiosk central4"

    def name(address: Address) -> None:
        network.tell_nft(firewall.central_commands(frozenset({(address, port)})))

    with listening((str(first), port), (str(second), port)):
        network.guard()
        for each in (first, second):
            assert not network.reaches(str(each), port, KIOSK)
            name(each)
        assert all(network.reaches(str(each), port, KIOSK) for each in (first, second))
        network.tell_nft(f"delete {place} {{ {near} }}\nadd {place} {{ {near} timeout 1s }}")
        name(first)
        time.sleep(1.2)
        assert network.reaches(str(first), port, KIOSK)
        network.tell_nft(f"delete {place} {{ {near} }}\nadd {place} {{ {near} timeout 1s }}")
        time.sleep(1.2)
        assert not network.reaches(str(first), port, KIOSK)


def test_the_machine_is_closed_if_the_rules_cannot_be_loaded(network: Network) -> None:
    """Here because the users in the rules do not exist; the closing rules name no user."""
    place = (network.central, 8445, KIOSK)
    with listening((network.central, 8445)):
        assert network.reaches(*place)
        network.tell_nft((RULES.parent / "smartcard-kiosk-closed.nft").read_text())
        assert not network.reaches(*place)
        with pytest.raises(subprocess.CalledProcessError):
            network.tell_nft(RULES.read_text().replace("kiosk, kiosk-sync", "nobody-of-this-name"))
        assert not network.reaches(*place)
        network.guard()
        central = ip_address(network.central)
        network.tell_nft(firewall.central_commands(frozenset({(central, 8445)})))
        assert network.reaches(*place)


def test_no_host_reaches_a_kiosk(network: Network) -> None:
    serve = (
        "import socket\nserver = socket.create_server(('0.0.0.0', 8080))\n"
        "print('ready', flush=True)\nwhile True: server.accept()[0].close()\n"
    )
    command = ["ip", "netns", "exec", network.name, sys.executable, "-c", serve]
    with running(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.output.readline() == "ready\n"
        socket.create_connection((network.machine, 8080), PATIENCE).close()
        network.guard()
        with pytest.raises(OSError, match=r"timed out|refused|unreachable|prohibited"):
            socket.create_connection((network.machine, 8080), _SECONDS).close()

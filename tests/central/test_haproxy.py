# SPDX-License-Identifier: Apache-2.0
"""Central behind Debian's HAProxy, by the configuration that the repository has for it."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from kiosk.contract.enrolment import Role
from kiosk.contract.replication import LONGEST_WAIT_SECONDS
from kiosk.demo.service import CentralProcess
from kiosk.link import AccessTokens, CentralClient
from kiosk.site.enrolment import enrol
from kiosk.site.identity import load
from tests.central.loopback import LoopbackAuthority
from tests.central.world import CENTRAL
from tests.patience import PATIENCE, wait_until
from tests.processes import running

CONFIGURATION = Path(__file__).parents[2] / "provisioning/central/haproxy/kiosk-central.cfg"
PROGRAM = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = [
    pytest.mark.dealt,
    pytest.mark.skipif(PROGRAM is None, reason="there is no haproxy: apt-get install haproxy"),
]


class _Central(CentralProcess):
    """A central that believes the PROXY headers of this machine, and nobody else's."""

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "KIOSK_CENTRAL_NAME": CENTRAL,
            "KIOSK_CENTRAL_PROXIES": "127.0.0.1",
            "KIOSK_CENTRAL_CONNECTIONS_PER_ADDRESS": "16",
        }


@dataclass
class Proxied:
    """Central, and where it is behind the proxy."""

    central: _Central
    url: str
    certificate: Path
    port: int

    def health(self, source: str = "127.0.0.7") -> int:
        """The status of a health check from an address of this machine's."""
        with requests.Session() as session:
            adapter = requests.adapters.HTTPAdapter()
            adapter.init_poolmanager(1, 1, source_address=(source, 0))
            session.mount("https://", adapter)
            try:
                return session.get(
                    f"{self.url}/v1/health", verify=str(self.certificate), timeout=PATIENCE
                ).status_code
            except requests.ConnectionError:
                return 0


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("proxied")
    authority = LoopbackAuthority.make(folder, "trust")
    both = folder / "both.pem"
    both.write_bytes(authority.certificate.read_bytes() + authority.key.read_bytes())
    central = _Central(folder)
    central.run("master-key", "create")
    central.run("organisations", "add", "Trust A")
    central.start()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "KIOSK_BIND": f"127.0.0.1:{port}",
        "KIOSK_CERTIFICATE": str(both),
        "KIOSK_MAXCONN": "400",
        "KIOSK_CENTRAL": central.url.removeprefix("http://"),
    }
    try:
        assert PROGRAM is not None
        with running([PROGRAM, "-db", "-f", CONFIGURATION], env=environment):
            made = Proxied(central, f"https://127.0.0.1:{port}", authority.certificate, port)
            wait_until(lambda: made.health() == 200, "the proxy answers")
            yield made
    finally:
        central.stop()


def test_a_kiosk_is_enrolled_and_waits_for_changes_through_it(
    proxied: Proxied, folder: Path
) -> None:
    named = ("--organisation", "Trust A")
    token = proxied.central.run("kiosks", "enrol-token", "ward 7", *named)
    enrol(folder, proxied.url, token, proxied.certificate)
    who = load(folder, Role.SYNC)
    tokens = AccessTokens(proxied.url, who.enrolled.kiosk, CENTRAL, who.key, proxied.certificate)
    central = CentralClient(proxied.url, tokens, proxied.certificate)
    page = central.changes("", 100, 0)
    assert central.changes(page.next, 100, 2).next == page.next


def test_its_times_are_long_enough_for_a_long_poll() -> None:
    times = {
        words[1]: int(words[2].removesuffix("s"))
        for line in CONFIGURATION.read_text().splitlines()
        if (words := line.split()) and words[0] == "timeout"
    }
    for name in ("client", "server", "tunnel"):
        assert times[name] > LONGEST_WAIT_SECONDS + 20
    assert times["http-request"] <= 10


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_speaks_tls_of_today(proxied: Proxied, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=proxied.certificate)
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", proxied.port), PATIENCE) as connected,
        context.wrap_socket(connected, server_hostname="127.0.0.1") as secured,
    ):
        assert secured.version() == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_it_speaks_no_tls_of_yesterday(proxied: Proxied) -> None:
    context = ssl.create_default_context(cafile=proxied.certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", proxied.port), PATIENCE) as connected,
        pytest.raises(ssl.SSLError, match="alert protocol version"),
    ):
        context.wrap_socket(connected, server_hostname="127.0.0.1")


def test_what_is_not_central_is_not_asked_for(proxied: Proxied) -> None:
    answer = requests.get(f"{proxied.url}/admin", verify=str(proxied.certificate), timeout=PATIENCE)
    assert answer.status_code == 404


def test_nobody_passes_the_proxy_by_its_header(proxied: Proxied) -> None:
    """The PROXY header is refused from other addresses and required from this one."""
    host, port = proxied.central.url.removeprefix("http://").split(":")
    for source, expected in (("127.0.0.66", b"HTTP/1.1 200"), ("127.0.0.1", b"")):
        with socket.create_connection((host, int(port)), PATIENCE, (source, 0)) as asking:
            asking.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            with suppress(ConnectionError):
                assert asking.recv(65536)[:12] == expected


def test_half_sent_requests_through_it_stop_nobody(proxied: Proxied) -> None:
    """The proxy keeps them to itself; they reach central only once they are whole."""
    context = ssl.create_default_context(cafile=proxied.certificate)
    with ExitStack() as stack:
        for _ in range(60):
            half = stack.enter_context(
                socket.create_connection(("127.0.0.1", proxied.port), PATIENCE, ("127.0.0.66", 0))
            )
            secured = stack.enter_context(context.wrap_socket(half, server_hostname="127.0.0.1"))
            secured.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n")
        assert proxied.health() == 200
        assert proxied.health("127.0.0.66") == 200


def test_a_central_that_is_gone_is_left_out_and_comes_back(proxied: Proxied) -> None:
    proxied.central.stop()
    wait_until(lambda: proxied.health() == 503, "the proxy has noticed")
    proxied.central.start()
    wait_until(lambda: proxied.health() == 200, "the proxy has noticed")

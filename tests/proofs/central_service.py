# SPDX-License-Identifier: Apache-2.0
"""Central as IT has it: installed from its bundle in a booted Debian 13, on each database.

A kiosk enrols over TLS and is granted unlocks. The machine is backed up, its database is destroyed
and restored, and the service is upgraded, once to a version that cannot be.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.contract.enrolment import SyncKey, sync_possession
from kiosk.link import Entrance
from tests.central.world import CENTRAL, KioskClient, PersonalCard
from tests.patience import PATIENCE
from tests.proofs.appliance import tree
from tests.proofs.appliance.boot import Machine
from tests.proofs.appliance.surroundings import certify
from tests.proofs.ward import ROOT
from tests.wire import Wire, wire

_HERE = ROOT / "provisioning/central"
_ALSO = ("systemd", "systemd-sysv", "postgresql", "openssl")
_LIMIT = 1.5
"""The highest exposure of a service, by `systemd-analyze security`."""
_PORT = 8443
_MINUTES = 300.0  # for what takes longer than an event
_UNIT = "kiosk-central.service"
_SETTINGS = """\
name = "{name}"
database = "{database}"
journal = "/var/lib/kiosk-central/journal/escrow.journal"
host = "{host}"
port = 8443
"""
_REVISION = '''\
"""Add what the proof needs."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "{name}", "{before}", None, None


def upgrade() -> None:
    """Go up."""
    op.execute("CREATE TABLE {table} (x int)")
    {then}
'''


@dataclass(frozen=True)
class _Address:
    """As much of `tests.central.world.Service` as a kiosk needs: where the service is."""

    url: str


@dataclass
class Kiosk(KioskClient):
    """A kiosk that enrolled over the wire, and gets its access tokens there."""

    authority: Path = Path()
    enrolled: Any = field(default=None, repr=False)
    reported: list[dict[str, Any]] = field(default_factory=list)

    @property
    def entrance(self) -> Entrance:
        return Entrance(self.service.url, self.authority)

    def report(self, *items: dict[str, Any]) -> list[str]:
        self.reported += items
        return super().report(*items)

    def report_again(self, epoch: str) -> None:
        """Report everything anew to this epoch, as a kiosk's outbox does."""
        fact = {"kind": "epoch", "epoch": epoch}
        last = {"id": str(uuid4()), "recorded_at": "2025-01-01T03:00:00Z", "fact": fact}
        told = super().report(*self.reported, last)
        assert set(told) <= {"known", "applied"}, told

    @property
    def token(self) -> str:
        who = self.enrolled
        return self.entrance.access(who.kiosk, who.central, self.key).access_token

    def post(self, path: str, body: Any = None, token: str | None = None) -> requests.Response:
        return requests.post(
            f"{self.service.url}/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {token or self.token}"},
            timeout=PATIENCE,
            verify=str(self.authority),
        )


class Server:
    """The booted server, with an administrator at it."""

    def __init__(self, machine: Machine, net: Wire, folder: Path) -> None:
        self.machine, self._net = machine, net
        self.authority = folder / "authority.pem"
        self.authority.write_bytes(certify(folder, net.machine))
        self._tls = folder

    @property
    def url(self) -> str:
        return f"https://{self._net.machine}:{_PORT}"

    def say(self, *command: str, given: str | None = None) -> str:
        """Run a command as root."""
        return self.machine.inside(*command, given=given, patience=_MINUTES)

    def central(self, *command: str, given: str | None = None) -> str:
        """Run the operator's command."""
        return self.say("kiosk-central", *command, given=given)

    def write(self, path: str, text: str) -> None:
        self.machine.path(path).write_text(text)

    def unpack(self, bundle: Path) -> str:
        """Install or upgrade from a bundle; return what was printed."""
        where = self.machine.path("/root/kiosk-central")
        shutil.rmtree(where, ignore_errors=True)
        with bundle.open("rb") as file:
            subprocess.run(["tar", "xz", "-C", where.parent], stdin=file, check=True)
        return self.say("/root/kiosk-central/install")

    def set_up(self, database: str) -> None:
        """Do what the manual says after the installation."""
        encrypt = (
            "systemd-creds encrypt --name=kiosk-central.{0} - "
            "/etc/credstore.encrypted/kiosk-central.{0}"
        )
        self.say(
            "sh",
            "-c",
            "umask 077; /opt/kiosk-central/current/bin/kiosk-central master-key"
            " create --print | " + encrypt.format("master-key-file"),
        )
        for name, file in (("certificate", "certificate.pem"), ("key", "certificate.key")):
            self.say("sh", "-c", encrypt.format(name), given=(self._tls / file).read_text())
        self.configure(database)
        self.say("systemctl", "enable", "--now", _UNIT, "kiosk-central-backup.timer")

    def configure(self, database: str) -> None:
        text = _SETTINGS.format(name=CENTRAL, database=database, host=self._net.machine)
        self.write("/etc/kiosk-central/central.toml", text)
        self.say("chgrp", "kiosk-central", "/etc/kiosk-central/central.toml")
        self.say("chmod", "640", "/etc/kiosk-central/central.toml")

    def kiosk(self, card: PersonalCard) -> Kiosk:
        """Enrol a kiosk of an organisation that has this card."""
        self.central("seed-demo", given=json.dumps(card.document("Trust A")))
        token = self.central("kiosks", "enrol-token", "ward 7", "--organisation", "Trust A")
        new = Kiosk(_Address(self.url), "ward 7", "Trust A", authority=self.authority)  # type: ignore[arg-type]
        sync = Ed25519PrivateKey.generate()
        public = sync.public_key().public_bytes_raw()
        offered = SyncKey(public_key=public, signature=sync.sign(sync_possession(public)))
        new.enrolled = new.entrance.enrol(token.splitlines()[0].strip(), new.key, offered)
        return new

    def exposure(self, unit: str) -> float:
        said = self.say("systemd-analyze", "security", "--no-pager", unit)
        found = re.search(r"Overall exposure level for .*: ([\d.]+)", said)
        assert found, said
        return float(found[1])


def prove() -> str:
    """Return the figures; raises AssertionError, or NotHere if this machine cannot boot a tree."""
    tree.needed()
    with tempfile.TemporaryDirectory(prefix="kiosk-central-") as name:
        folder = Path(name)
        bundles = _bundles(folder)
        size = bundles[0].stat().st_size / 1e6
        told = []
        for kind in ("sqlite", "postgresql"):
            (folder / kind).mkdir()
            with _server(folder / kind) as server:
                told.append(f"{kind}: {_live(server, kind, bundles)}")
    return "; ".join([f"bundle of {size:.0f} MB, installed without network", *told])


def _live(server: Server, kind: str, bundles: list[Path]) -> str:
    """Go through the service's life; return its figures."""
    begun = time.monotonic()
    server.unpack(bundles[0])
    installed = time.monotonic() - begun
    if kind == "postgresql":
        server.say("su", "postgres", "-c", "createuser kiosk-central")
        server.say("su", "postgres", "-c", "createdb --owner=kiosk-central kiosk-central")
    server.set_up(_DATABASES[kind])
    card = PersonalCard()
    kiosk = server.kiosk(card)
    _unlock(kiosk, card)
    exposed = [server.exposure(each) for each in (_UNIT, "kiosk-central-backup.service")]
    assert max(exposed) <= _LIMIT, exposed
    _killed(server)
    if kind == "postgresql":
        _database_comes_later(server)
    restored = _lost_and_restored(server, kind, kiosk, card)
    _upgraded(server, kiosk, card, bundles[1:])
    return (
        f"installed in {installed:.0f} s, exposed {exposed[0]} and {exposed[1]}, killed and back,"
        f" backed up, lost and restored in {restored:.0f} s with every key, upgraded, and back from"
        " an upgrade that failed"
    )


_DATABASES = {
    "sqlite": "sqlite:////var/lib/kiosk-central/central.db",
    "postgresql": "postgresql:///kiosk-central",
}


def _unlock(kiosk: Kiosk, card: PersonalCard) -> None:
    """Unlock the card in a visit that it signs for."""
    kiosk.finish(card, kiosk.granted(card))


def _killed(server: Server) -> None:
    """The service comes back after kill -9."""
    machine = server.machine
    before = machine.pid(_UNIT)
    machine.strike(before)
    machine.wait(lambda: machine.pid(_UNIT) not in {0, before}, "it is started again")
    machine.wait(lambda: machine.is_up(_UNIT), "it serves again")


def _database_comes_later(server: Server) -> None:
    """The service is tried until its database is there."""
    machine = server.machine
    server.say("systemctl", "stop", _UNIT, "postgresql.service", "postgresql@*")
    server.say("systemctl", "start", "--no-block", _UNIT)
    machine.wait(lambda: machine.property(_UNIT, "NRestarts") not in {"", "0"}, "it was tried")
    server.say("systemctl", "start", "postgresql.service")
    machine.wait(lambda: machine.is_up(_UNIT), "it serves, now that its database is there")


def _lost_and_restored(server: Server, kind: str, kiosk: Kiosk, card: PersonalCard) -> float:
    """Back up, go on, lose the database, restore it; return the seconds that this took."""
    machine = server.machine
    server.write(
        "/etc/kiosk-central/backup.env",
        "KIOSK_CENTRAL_BACKUP_COPY=cp -t /var/lib/kiosk-central\n",
    )
    server.say("systemctl", "start", "kiosk-central-backup.service")
    backups = sorted(machine.path("/var/backups/kiosk-central").glob("central-*.backup"))
    assert len(backups) == 1
    assert machine.path(f"/var/lib/kiosk-central/{backups[0].name}").exists()
    assert "Copied, and confirmed" in machine.log("-u", "kiosk-central-backup.service")
    for _ in range(2):
        _unlock(kiosk, card)
    begun = time.monotonic()
    server.say("systemctl", "stop", _UNIT)
    if kind == "sqlite":
        for each in machine.path("/var/lib/kiosk-central").glob("central.db*"):
            each.unlink()
    else:
        server.say("su", "postgres", "-c", "dropdb kiosk-central")
        server.say("su", "postgres", "-c", "createdb --owner=kiosk-central kiosk-central")
    server.central("backup", "restore", f"/var/backups/kiosk-central/{backups[0].name}")
    journals = machine.path("/var/lib/kiosk-central/journal").iterdir()
    names = [f"/var/lib/kiosk-central/journal/{each.name}" for each in sorted(journals)]
    recovered = server.central("escrow", "recover", *names)
    assert "grants recovered: 2" in recovered, recovered
    epoch = json.loads(server.central("epochs", "new", "--json"))["epoch"]
    server.say("systemctl", "start", _UNIT)
    assert kiosk.open(card).status_code == requests.codes.conflict  # no kiosk has reported yet
    kiosk.report_again(epoch)
    _unlock(kiosk, card)
    return time.monotonic() - begun


def _upgraded(server: Server, kiosk: Kiosk, card: PersonalCard, bundles: list[Path]) -> None:
    """Upgrade to a version that works; then to one whose revision fails, which changes nothing."""
    good, bad = bundles
    assert "upgraded to 0.1.1" in server.unpack(good)
    assert server.central("--version") == "0.1.1"
    _unlock(kiosk, card)
    with pytest.raises(AssertionError, match="goes on"):
        server.unpack(bad)
    assert server.central("--version") == "0.1.1"
    assert server.machine.is_up(_UNIT)
    _unlock(kiosk, card)


# ---------------------------------------------------------------- what is installed


def _bundles(folder: Path) -> list[Path]:
    """Build the bundle, one of the next version, and one of a version that cannot come."""
    now = _bundle(ROOT, folder / "0")
    made = [now]
    before = _head()
    for number, then in ((1, "pass"), (2, 'op.execute("no SQL")')):
        sources = folder / f"sources-{number}"
        _copy(sources)
        version = sources / "kiosk/__init__.py"
        version.write_text(
            re.sub(r'__version__ = ".*"', f'__version__ = "0.1.{number}"', version.read_text())
        )
        versions = sources / "kiosk/central/migrations/versions"
        for step in range(1, number + 1):
            name = f"9{step:03d}"
            text = _REVISION.format(
                name=name,
                before=before if step == 1 else f"9{step - 1:03d}",
                table=f"planted{step}",
                then=then if step == number else "pass",
            )
            (versions / f"{name}_planted.py").write_text(text)
        made.append(_bundle(sources, folder / str(number)))
    return made


def _head() -> str:
    """Return the newest revision."""
    versions = sorted((ROOT / "kiosk/central/migrations/versions").glob("[0-9]*.py"))
    found = re.search(r'^revision(?:: \S+)? = "(\w+)"', versions[-1].read_text(), re.MULTILINE)
    assert found
    return found[1]


def _copy(to: Path) -> None:
    """Copy what git has of the project, as it is now."""
    names = tree.run("git", "-C", str(ROOT), "ls-files", "-z").split("\0")
    for each in filter(None, names):
        if (ROOT / each).is_file():
            (to / each).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / each, to / each)


def _bundle(sources: Path, into: Path) -> Path:
    tree.run(
        sys.executable,
        str(sources / "provisioning/central/bundle.py"),
        str(into),
        PYTHON=sys.executable,
        SOURCE_DATE_EPOCH="1700000000",
    )
    (made,) = into.glob("*.tar.gz")
    return made


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    """Provide a booted Debian 13 that has the packages of the list, and PostgreSQL."""
    with ExitStack() as stack:
        ours = folder / "ours"
        ours.mkdir()
        debians = tree.debian([*tree.package_names(_HERE / "packages"), *_ALSO])
        root = stack.enter_context(tree.over(debians, ours, folder))
        net = stack.enter_context(wire())
        machine = Machine(root, net.name, folder, volatile=False)
        stack.callback(machine.close)
        machine.boot()
        yield Server(machine, net, folder)

# SPDX-License-Identifier: Apache-2.0
"""The real units, booted: ready, used, disturbed, and used again.

Debian 13 under systemd-nspawn, with the project installed as IT installs it; pcscd with a virtual
reader, central over a virtual cable with TLS, the state on a disk whose power can be cut.
Differences from a real installation are in `guest`, and named in the proof's line.
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.central import settings
from kiosk.central.audit import trail
from kiosk.central.service import assembly
from kiosk.demo import journey as jr
from kiosk.flow.view import Intent
from kiosk.site import site_file
from tests.proofs.appliance import ward as wd
from tests.proofs.appliance.boot import Machine
from tests.proofs.appliance.tree import exposure_limit
from tests.proofs.appliance.ward import START, Ward, to_the_work
from tests.proofs.interrupting import CardPoint, Disturbance
from tests.proofs.ward import ROOT

_NOT_RECORDED = "This kiosk cannot unlock smartcards just now"
_RESTARTS = 5  # of kiosk.service: then it is given up
_WATCHDOG_SECONDS = 30
_IDLE_SECONDS = 60
_CLOCK = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
_CLOCK_FILE = "/run/kiosk-proof-clock"
_QUICK = ("Environment=GALLIUM_DRIVER=llvmpipe", "MemoryDenyWriteExecute=no")

# By count of commands in a visit: 9 for the report, 3 for the proof, 13 and 14 begin, 15 unblocks,
# 16 verifies, 17 changes the key, 18 signs. If central can only assume the worst of a visit, the
# next one leaves evidence: the proof of the interruptions covers a card that is disturbed every
# time.
PLUGS = (
    CardPoint(10, acted=False, deed="power"),
    CardPoint(15, acted=True, deed="power"),
    CardPoint(16, acted=True, deed="power"),
    CardPoint(15, acted=False, deed="power"),
    CardPoint(17, acted=False, deed="power"),
    CardPoint(17, acted=True, deed="power"),
    CardPoint(18, acted=False, deed="power"),
    CardPoint(12, acted=True, deed="power"),
    CardPoint(16, acted=False, deed="power"),
    CardPoint(18, acted=True, deed="power"),
)


@dataclass
class Figures:
    """The results, part by part."""

    parts: list[str] = field(default_factory=list)

    def add(self, what: str) -> None:
        self.parts.append(what)


def prove(plugs: tuple[CardPoint, ...] = PLUGS) -> str:
    """Run all parts; raises NotHere, an AssertionError, if this machine cannot do it."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="kiosk-booted-") as name, wd.ward(Path(name)) as ward:
        ward.prepare()
        for part in (first_boot, in_its_own_sandbox, idle, killed, card_service, frozen):
            part(ward, figures)
        full(ward, figures)
        clock(ward, figures)
        plug(ward, figures, plugs)
        given_up(ward, figures)
        hung_too_soon(ward, figures)
        _audit_holds(ward)
    figures.add(
        "not as on a wall: a picture in memory in place of a screen, a finger in the kiosk's own"
        " process in place of a touch screen, a virtual reader, no udev; after the first unlock"
        " drawn by code made at run time (MemoryDenyWriteExecute off), for speed"
    )
    return "; ".join(figures.parts)


def first_boot(ward: Ward, figures: Figures) -> None:
    """The files on the boot partition make it a kiosk, and the token is deleted afterwards."""
    machine = ward.machine
    seconds = ward.boot_until_ready()
    machine.wait(lambda: machine.is_up("kiosk-sync.service"), "the sync runs")
    if (ward.boot / "enrolment-token").exists() or (ward.boot / "kiosk.toml.wrong.txt").exists():
        raise AssertionError("the token is still there, or the settings were wrong")
    failed = machine.inside("systemctl", "--failed", "--plain", "--no-legend")
    if failed:
        raise AssertionError(f"failed at the first boot: {failed}")
    _understood(machine)
    _firewall_is_seen(machine)
    figures.add(f"first boot, enrolment and ready in {seconds:.1f} s")


def _firewall_is_seen(machine: Machine) -> None:
    """The service that fills the firewall notices missing rules, and the doctor reports them."""
    status = machine.path("/run/smartcard-kiosk-firewall/firewall")
    if status.read_text():
        raise AssertionError(f"the firewall reports a fault: {status.read_text()}")
    machine.inside("nft", "flush", "ruleset")
    machine.try_inside("systemctl", "restart", "kiosk-firewall.service")
    if not status.read_text().startswith("nft: "):
        raise AssertionError("the doctor does not report the missing rules")
    machine.inside("systemctl", "restart", "nftables.service", "kiosk-firewall.service")
    if status.read_text() or "central4" not in machine.inside("nft", "list", "ruleset"):
        raise AssertionError("the rules were not loaded again")


def _understood(machine: Machine) -> None:
    """Debian 13's own systemd and udev report no fault, and no unit is too exposed."""
    units = sorted(path.name for path in (ROOT / "systemd/system").glob("*.*") if path.is_file())
    verified = machine.try_inside("systemd-analyze", "verify", "--man=no", *units)
    if complaints := [line for line in verified.stderr.splitlines() if "kiosk" in line]:
        raise AssertionError(f"systemd: {complaints}")
    root = "/run/kiosk-proof-units"  # with Debian's units and ours, and without the proof's lines
    machine.inside("mkdir", "-p", f"{root}/usr/lib")
    machine.inside("cp", "-a", "/usr/lib/systemd", f"{root}/usr/lib/")
    for service in (*(each for each in units if each.endswith(".service")), "pcscd.service"):
        limit = f"--threshold={exposure_limit(service)}"
        security = ("security", "--offline=true", "--no-pager", limit)
        machine.inside("systemd-analyze", f"--root={root}", *security, service)
    ours = ("/usr/lib/udev/rules.d/70-smartcard-kiosk.rules", f"/run/{site_file.KEYPADS}")
    machine.inside("udevadm", "verify", "--no-summary", *ours)


def in_its_own_sandbox(ward: Ward, figures: Figures) -> None:
    """Unlock a card with every line of the units in force; then continue with a quicker screen."""
    seconds = ward.unlock()
    ward.wait_until_reported()
    figures.add(f"unlocked by touches in {seconds:.0f} s (drawn by software)")
    ward.machine.drop_in("kiosk", *_QUICK)
    _start_anew(ward)
    figures.add(f"in {ward.unlock():.0f} s (drawn quicker)")


def idle(ward: Ward, figures: Figures) -> None:
    """An unattended kiosk does not write to the state's disk."""
    ward.wait_until_reported()
    time.sleep(5)  # what the visit left for later
    before = ward.state.sectors_written()
    time.sleep(_IDLE_SECONDS)
    if written := ward.state.sectors_written() - before:
        raise AssertionError(f"{written} sectors were written while nothing happened")
    figures.add(f"idle for {_IDLE_SECONDS} s: no sector written to the state's disk")


def killed(ward: Ward, figures: Figures) -> None:
    """Kill each process with SIGKILL in turn: each restarts, and cards are unlocked."""
    machine, seconds = ward.machine, []
    victims: tuple[tuple[str, Callable[[], int]], ...] = (
        ("screen", lambda: machine.pid("kiosk.service")),
        ("card worker", lambda: machine.child("kiosk.service", "reader.worker")),
        ("watcher", lambda: machine.child("kiosk.service", "reader.watcher")),
        ("sync", lambda: machine.pid("kiosk-sync.service")),
        ("pcscd", lambda: machine.pid("pcscd.service")),
    )
    for name, find in victims:
        machine.wait(lambda find=find: bool(find()), f"{name} runs")  # type: ignore[misc]
        before = find()
        machine.strike(before)

        def back(find: Callable[[], int] = find, before: int = before) -> bool:
            return find() not in {0, before} and machine.is_up("kiosk.service")

        seconds.append(f"{name} {machine.wait(back, f'{name} is back'):.1f} s")
    figures.add(f"kill -9, and back after: {', '.join(seconds)}; unlocked in {ward.unlock():.0f} s")


def card_service(ward: Ward, figures: Figures) -> None:
    """Stop and start pcscd; then freeze it, which the kiosk resolves by its unit for requests."""
    machine, units = ward.machine, ("pcscd.socket", "pcscd.service")
    machine.inside("systemctl", "stop", *units)
    ward.walk([jr.See("The card reader is not available")])
    machine.inside("systemctl", "start", "pcscd.socket")
    ward.walk([START])
    machine.wait(lambda: bool(machine.pid("pcscd.service")), "pcscd runs")
    before = machine.pid("pcscd.service")
    machine.strike(before, signal.SIGSTOP)
    seconds = machine.wait(
        lambda: machine.pid("pcscd.service") not in {0, before}, "pcscd was restarted", 90
    )
    ward.walk([START])
    figures.add(f"pcscd stopped and started: seen; frozen: replaced after {seconds:.0f} s")


def frozen(ward: Ward, figures: Figures) -> None:
    """The watchdog kills a frozen screen, and another one starts."""
    machine = ward.machine
    before, restarts = machine.pid("kiosk.service"), _restarts(ward)
    machine.strike(before, signal.SIGSTOP)

    def back() -> bool:
        return machine.pid("kiosk.service") not in {0, before} and machine.is_up("kiosk.service")

    seconds = machine.wait(back, "the watchdog acts", 3 * _WATCHDOG_SECONDS)
    if "watchdog" not in machine.log("-u", "kiosk.service", "--grep", "atchdog").lower():
        raise AssertionError("the screen restarted, but not through the watchdog")
    if _restarts(ward) != restarts + 1:
        raise AssertionError("the screen was started more than once")
    figures.add(f"frozen screen: killed by the watchdog and ready again after {seconds:.0f} s")


def full(ward: Ward, figures: Figures) -> None:
    """On a full disk no unrecorded work is done to a card; with room again, everything works."""
    machine = ward.machine
    ward.card.lock()
    left = ward.card.unblocking_left
    ward.leave_no_room()
    try:
        _start_anew(ward)
        machine.wait(lambda: machine.is_up("kiosk.service"), "ready without room")
        machine.wait(lambda: machine.is_up("kiosk-sync.service"), "the sync runs without room")
        ward.leave_no_room()  # also in the files that they had opened before
        ward.walk([*to_the_work(), jr.See(_NOT_RECORDED), jr.Press(Intent.CLOSE)])
        ward.take()
        if any(_restarts(ward, each) for each in ("kiosk", "kiosk-sync")):
            raise AssertionError(f"a full disk ended a service\n{machine.log()}")
    finally:
        ward.state.free()
    if ward.card.unblocking_left != left or ward.card.passcode_left:
        raise AssertionError("unrecorded work was done to the card")
    ward.walk([START])
    report = "full disk: both services started on it, said so, and nothing done to the card"
    figures.add(f"{report}; then unlocked in {ward.unlock():.0f} s")


def clock(ward: Ward, figures: Figures) -> None:
    """The clock jumps in the middle of a visit: 400 days ahead, then back before today."""
    machine = ward.machine
    turned = (
        f"Environment=LD_PRELOAD={_CLOCK} FAKETIME_TIMESTAMP_FILE={_CLOCK_FILE}",
        "Environment=FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1",
    )
    file = machine.path(_CLOCK_FILE)
    _turn(file, "+0d")
    for service in ("kiosk", "kiosk-sync"):
        machine.drop_in(service, *turned, *(_QUICK if service == "kiosk" else ()))
    _start_anew(ward)
    ward.card.lock()
    journey = to_the_work()
    middle = len(journey) // 2
    ward.walk(journey[:middle])
    _turn(file, "+400d")
    ward.walk(journey[middle:-1])
    _turn(file, "-40d")
    ward.walk([journey[-1], jr.See("Your smartcard is unlocked"), jr.Take(), START])
    ward.wait_until_reported()
    log = machine.log("-u", "kiosk.service")
    for day in (_days_on(400), _days_on(-40)):
        if day not in log:
            raise AssertionError(f"the clock did not jump to {day}")
    for service in ("kiosk", "kiosk-sync"):
        machine.drop_in(service, *(_QUICK if service == "kiosk" else ()))
    _start_anew(ward)
    figures.add("clock: +400 days and -40 days within a visit, unlocked and reported all the same")


def plug(ward: Ward, figures: Figures, plugs: tuple[CardPoint, ...]) -> None:
    """Cut the power during the card's work, ten times; each time the next visit succeeds.

    After two interrupted visits in a row the card would wait for the RA.
    """
    machine, ready, seconds = ward.machine, [], []
    for point in plugs:
        ward.card.lock()
        deed = Disturbance(ward.pull_the_plug)
        ward.watched.begin_visit(point, deed)
        with suppress(wd.Gone, OSError):
            ward.walk([*to_the_work(), jr.See("Your smartcard is unlocked")])
        if not deed.begun.wait(1):
            raise AssertionError(f"{point}: not reached\n{machine.log()}")
        deed.over.wait()
        ward.take()
        ready.append(ward.boot_until_ready())
        if ward.card.unblocking_left < 2:
            raise AssertionError(f"{point}: {ward.card.unblocking_left} tries left")
        ward.watched.begin_visit(None, lambda: None)
        seconds.append(ward.unlock())
        ward.wait_until_reported()
        left = (ward.card.passcode_left, ward.card.unblocking_left)
        if left != (3, ward.card.unblocking_maximum):
            raise AssertionError(f"{point}: unlocked, but tries are missing: {left}")
    figures.add(
        f"{len(plugs)} power cuts at {len(set(map(str, plugs)))} moments of the card's work, ready"
        f" again in {max(ready):.1f} s at most; each time then unlocked, in {max(seconds):.0f} s at"
        " most, outbox delivered, no try and no fact lost"
    )


def given_up(ward: Ward, figures: Figures) -> None:
    """A kiosk that cannot be kept running shows whom to call, and is retried."""
    machine = ward.machine
    machine.inside("systemctl", "reset-failed", "kiosk.service")
    kills = 0
    while not machine.is_up("kiosk-help.service"):
        if kills > 2 * _RESTARTS:
            raise AssertionError("systemd never gave the kiosk up")
        machine.wait(lambda: _alive(ward) or machine.is_up("kiosk-help.service"), "it is started")
        if process := machine.pid("kiosk.service"):
            machine.strike(process)
            kills += 1
    machine.wait(lambda: machine.is_up("kiosk-retry.timer"), "a further try is due")
    time.sleep(3)
    if not machine.is_up("kiosk-help.service"):
        raise AssertionError("the help screen did not stay")
    machine.inside("systemctl", "start", "kiosk-retry.service")
    machine.wait(lambda: machine.is_up("kiosk.service"), "the kiosk is tried again")
    _no_try_is_due(machine)
    figures.add(f"given up after {kills} kills in a row: help screen, then tried again")


def hung_too_soon(ward: Ward, figures: Figures) -> None:
    """After wrong settings or a missing central, the kiosk recovers without help."""
    machine, file = ward.machine, ward.boot / site_file.FILE
    right = file.read_text()
    file.write_text(right.replace("idle_seconds = 300", "idle_seconds = -1"))
    ward.pull_the_plug()
    machine.boot()
    machine.wait(lambda: machine.is_up("kiosk-help.service"), "wrong settings: the help screen")
    if "idle_seconds" not in (ward.boot / site_file.TOLD).read_text():
        raise AssertionError("no message says what is wrong")
    file.write_text(right)
    ward.make_new()
    ward.central.stop()
    machine.boot()
    machine.wait(lambda: machine.is_up("kiosk-help.service"), "no central: the help screen")
    report = ward.boot / "enrolment-token.wrong.txt"
    machine.wait(lambda: "cannot be reached" in report.read_text(), "a message beside the token")
    ward.central.start()
    seconds = machine.wait(lambda: machine.is_up("kiosk.service"), "enrolled once there is central")
    _no_try_is_due(machine)
    if report.exists():
        raise AssertionError(f"enrolled, and the message is still there: {report.read_text()}")
    figures.add(
        "wrong settings: help, and word beside them; no central at the first boot: the same, ready"
        f" {seconds:.0f} s after it came"
    )


def _no_try_is_due(machine: Machine) -> None:
    """Once the kiosk serves again, nothing restarts it in the middle of a visit."""
    machine.wait(lambda: not machine.is_up("kiosk-help.service"), "the help screen goes", 10)
    machine.wait(lambda: not machine.is_up("kiosk-retry.timer"), "no further try is due", 10)


def _turn(clock: Path, how_far: str) -> None:
    """Do all at once: the file is read at every look at the clock."""
    new = clock.with_suffix(".new")
    new.write_text(how_far + "\n")
    new.replace(clock)


def _days_on(number: int) -> str:
    return (datetime.now(UTC) + timedelta(days=number)).date().isoformat()


def _alive(ward: Ward) -> bool:
    return bool(ward.machine.pid("kiosk.service"))


def _restarts(ward: Ward, service: str = "kiosk") -> int:
    return int(ward.machine.property(f"{service}.service", "NRestarts"))


def _start_anew(ward: Ward) -> None:
    ward.machine.inside("systemctl", "reset-failed", "kiosk.service")
    ward.machine.inside("systemctl", "restart", "kiosk.service", "kiosk-sync.service")


def _audit_holds(ward: Ward) -> None:
    environment = ward.central.environment()
    names = {name.removeprefix(settings.PREFIX).lower(): v for name, v in environment.items()}
    service = assembly.assemble(settings.read(**names))
    try:
        with service.database.transaction() as database:
            if trail.first_break(database) is not None:
                raise AssertionError("the audit's chain is broken")
    finally:
        service.database.close()

# SPDX-License-Identifier: Apache-2.0
"""Other programs agree with the simulated cards, over a real pcscd, in both directions.

They block a card and the kiosk's code unblocks it; the kiosk's code sets a passcode and they verify
it. All passcodes and keys here are values of these tests.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.card import public_keys
from kiosk.card.cryptogram import AdministratorKey
from kiosk.card.recognition import inspect, recognise
from kiosk.devices.reader.pcsc import PcscConnection, PcscContext, has_card
from kiosk.simulated.gids_card import SimulatedGidsCard
from kiosk.simulated.gids_memory import GidsMemory
from kiosk.simulated.iso7816_card import Iso7816Memory, SimulatedIso7816Card
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.pcscd import PrivatePcscd
from kiosk.simulated.piv_card import SimulatedPivCard
from kiosk.simulated.virtual_card import SimulatedCard
from kiosk.simulated.vpcd import VirtualReaderCard
from kiosk.values import Counters, Secret
from tests.patience import PATIENCE, wait_until

PASSCODE, WRONG, NEW, NEWER = "246802", "999999", "975318", "864209"
ADMINISTRATOR_KEY = "010203040506070801020304050607080102030405060708"
PIV_KEY, ISO_KEY, SERIAL = "12345678", "1234567890123456", "00112233445566778899AABBCCDDEEFF"
_PACKAGES = {
    "gids-tool": "opensc",
    "opensc-tool": "opensc",
    "pkcs15-crypt": "opensc",
    "pkcs15-init": "opensc",
    "pkcs15-tool": "opensc",
    "yubico-piv-tool": "yubico-piv-tool",
}


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    """Fail if these programs are missing: without them the tests would show nothing."""
    missing = {package for program, package in _PACKAGES.items() if shutil.which(program) is None}
    if missing:
        pytest.fail(f"not installed: {', '.join(sorted(missing))} (see provisioning/packages)")


@contextmanager
def inserted(service: PrivatePcscd, card: SimulatedCard) -> Iterator[None]:
    """Insert the card into the virtual reader; wait at both ends until pcscd has noticed."""
    slot = VirtualReaderCard(card, service.port)
    slot.insert()
    _wait(present=True)
    try:
        yield
    finally:
        slot.remove()
        _wait(present=False)


def _wait(*, present: bool) -> None:
    context = PcscContext()
    try:

        def noticed() -> bool:
            states = context.wait(dict.fromkeys(context.readers(), 0), 0)
            return present == any(has_card(state) for state in states.values())

        wait_until(noticed, "pcscd notices the card, or that it is gone")
    finally:
        context.release()


@contextmanager
def connected() -> Iterator[PcscConnection]:
    """Connect the kiosk's side: a transaction with the card in the reader."""
    context = PcscContext()
    try:
        states = context.wait(dict.fromkeys(context.readers(), 0), 0)
        (reader,) = (name for name, state in states.items() if has_card(state))
        with context.card(reader) as connection:
            yield connection
    finally:
        context.release()


def run(*arguments: str) -> str:
    """Run a program; raises CalledProcessError if it fails."""
    done = subprocess.run(
        arguments,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout + done.stderr


def fails(*arguments: str) -> None:
    """Run a program that must fail."""
    with pytest.raises(subprocess.CalledProcessError):
        run(*arguments)


def opensc_verifies(passcode: str) -> None:
    run("pkcs15-tool", "--verify-pin", "--pin", passcode)


def opensc_blocks() -> None:
    for _ in range(3):
        fails("pkcs15-tool", "--verify-pin", "--pin", WRONG)
    with connected() as card:
        assert inspect(card).counters.locked


# ---------------------------------------------------------------- GIDS


def test_gids(pcscd: PrivatePcscd) -> None:
    """Gids-tool initialises a blank card, opensc blocks it, the kiosk unblocks it, and so on."""
    memory = GidsMemory()
    with inserted(pcscd, SimulatedGidsCard(memory)):
        made = ("--pin", PASSCODE, "--admin-key", ADMINISTRATOR_KEY, "--serial-number", SERIAL)
        run("gids-tool", "--initialize", *made)
        assert "GIDS" in run("opensc-tool", "--name")
        with connected() as card:
            assert inspect(card).identity.serial == SERIAL
        opensc_verifies(PASSCODE)
        for mutual in (True, False):
            opensc_blocks()
            authority = AdministratorKey(Secret(bytes.fromhex(ADMINISTRATOR_KEY)), mutual=mutual)
            with connected() as card:
                recognise(card).unblock(authority, Secret(NEW.encode()))
            opensc_verifies(NEW)
        opensc_blocks()
        run("gids-tool", "--unblock", "--admin-key", ADMINISTRATOR_KEY, "--pin", NEWER)
        with connected() as card:
            recognise(card).verify(Secret(NEWER.encode()))
        with connected() as card:
            recognise(card).change(Secret(NEWER.encode()), Secret(PASSCODE.encode()))
        opensc_verifies(PASSCODE)
        run("pkcs15-tool", "--change-pin", "--pin", PASSCODE, "--new-pin", NEW)
        with connected() as card:
            recognise(card).verify(Secret(NEW.encode()))


def test_gids_certificate_and_signature(pcscd: PrivatePcscd, folder: Path) -> None:
    memory = SimulatedIssuer.make().issue_gids("A Nurse", passcode=PASSCODE.encode())
    digest = b"d" * 32
    (folder / "to-sign").write_bytes(public_keys.SHA256_INFO + digest)
    with inserted(pcscd, SimulatedGidsCard(memory)):
        run("pkcs15-tool", "--read-certificate", "00", "--output", str(folder / "certificate"))
        where = ("--input", str(folder / "to-sign"), "--output", str(folder / "signature"))
        run("pkcs15-crypt", "--sign", "--pkcs1", "--key", "00", "--pin", PASSCODE, *where)
        with connected() as card:
            session = recognise(card)
            certificate = session.certificates().authentication
            assert certificate is not None
            key = public_keys.from_certificate(certificate, "kxc00")
            session.verify(Secret(PASSCODE.encode()))
            ours = session.sign_as_holder(key, digest)
    assert public_keys.verifies(key, ours, digest)
    assert ours == (folder / "signature").read_bytes()
    assert "BEGIN CERTIFICATE" in (folder / "certificate").read_text()


# ---------------------------------------------------------------- ISO 7816: IsoApplet


def test_isoapplet(pcscd: PrivatePcscd) -> None:
    memory = Iso7816Memory()
    with inserted(pcscd, SimulatedIso7816Card(memory)):
        run(
            "pkcs15-init", "--create-pkcs15", "--so-pin", PASSCODE, "--so-puk", ISO_KEY,
            "--serial", SERIAL[:16],
        )  # fmt: skip
        assert "IsoApplet" in run("opensc-tool", "--name")
        with connected() as card:
            report = inspect(card)
        assert (report.identity.serial, report.counters) == (SERIAL[:16], Counters(3))
        opensc_blocks()
        with connected() as card:
            recognise(card).unblock(Secret(ISO_KEY.encode()), Secret(NEW.encode()))
        opensc_verifies(NEW)
        opensc_blocks()
        run("pkcs15-tool", "--unblock-pin", "--puk", ISO_KEY, "--new-pin", NEWER)
        with connected() as card:
            recognise(card).verify(Secret(NEWER.encode()))
        with connected() as card:
            recognise(card).change(Secret(NEWER.encode()), Secret(PASSCODE.encode()))
        opensc_verifies(PASSCODE)


# ---------------------------------------------------------------- PIV


def test_piv_with_opensc(pcscd: PrivatePcscd) -> None:
    issuer = SimulatedIssuer.make()
    memory = issuer.issue_piv(
        "A Nurse", passcode=PASSCODE.encode(), unblocking_key=PIV_KEY.encode()
    )
    with inserted(pcscd, SimulatedPivCard(memory)):
        opensc_verifies(PASSCODE)
        opensc_blocks()
        with connected() as card:
            assert inspect(card).counters.locked
            recognise(card).unblock(Secret(PIV_KEY.encode()), Secret(NEW.encode()))
        opensc_verifies(NEW)


def test_piv_with_yubico_piv_tool(pcscd: PrivatePcscd) -> None:
    issuer = SimulatedIssuer.make()
    memory = issuer.issue_piv(
        "A Nurse", passcode=PASSCODE.encode(), unblocking_key=PIV_KEY.encode()
    )
    tool = ("yubico-piv-tool", "--reader", "Virtual")
    verify = (*tool, "--action", "verify-pin", "--pin")
    with inserted(pcscd, SimulatedPivCard(memory)):
        piv_tool = subprocess.run([*verify, PASSCODE], capture_output=True, text=True, check=False)
        if "Not supported" in piv_tool.stderr:
            version = run("yubico-piv-tool", "--version").strip()
            pytest.skip(f"{version} speaks to its maker's cards alone, as Debian 13's does")
        assert piv_tool.returncode == 0, piv_tool.stderr
        for _ in range(3):
            fails(*verify, WRONG)
        with connected() as card:
            assert inspect(card).counters.locked
            recognise(card).unblock(Secret(PIV_KEY.encode()), Secret(NEW.encode()))
        run(*verify, NEW)
        opensc_verifies(NEW)
        opensc_blocks()
        with connected() as card:
            session = recognise(card)
            session.unblock(Secret(PIV_KEY.encode()), Secret(NEWER.encode()))
            session.change_key(Secret(PIV_KEY.encode()), Secret(PIV_KEY[::-1].encode()))
        unblock = (*tool, "--action", "unblock-pin", "--pin")
        fails(*unblock, PIV_KEY, "--new-pin", NEW)
        run(*unblock, PIV_KEY[::-1], "--new-pin", NEW)
        with connected() as card:
            recognise(card).verify(Secret(NEW.encode()))
        with connected() as card:
            recognise(card).change(Secret(NEW.encode()), Secret(PASSCODE.encode()))
        run(*verify, PASSCODE)
        certificate = run(*tool, "--action", "read-certificate", "--slot", "9a")
        assert "BEGIN CERTIFICATE" in certificate

# SPDX-License-Identifier: Apache-2.0
"""`kiosk enrol`, run as a command against a running central."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from kiosk.central import __main__ as command_line
from kiosk.central.keys import master_key
from kiosk.contract.enrolment import Role
from kiosk.demo import cardholders
from kiosk.demo.service import CentralProcess
from kiosk.link import Entrance
from kiosk.site import identity
from tests.patience import PATIENCE
from tests.secrets_search import search

pytestmark = pytest.mark.dealt


class RunningCentral(CentralProcess):
    """Central as a process; its commands run in this process, because they are slow to start."""

    def does(self, *command: str) -> str:
        """Run a command of central's; return what it printed."""
        with pytest.MonkeyPatch.context() as patched, redirect_stdout(StringIO()) as output:
            for name, value in self.environment().items():
                patched.setenv(name, value)
            assert command_line.main(command) == 0
        return output.getvalue().strip()

    def token(self, kiosk: str) -> str:
        """Return a token that lets a device become the kiosk of this name."""
        named = ("--organisation", cardholders.ORGANISATION)
        return self.does("kiosks", "enrol-token", kiosk, *named)


@pytest.fixture(scope="module")
def central(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentral]:
    folder = tmp_path_factory.mktemp("central")
    central_process = RunningCentral(folder)
    master_key.create(folder / "master.key")
    central_process.does("organisations", "add", cardholders.ORGANISATION)
    central_process.start()
    yield central_process
    central_process.stop()


class Box:
    """A device, and the commands that run on it."""

    def __init__(self, state: Path, url: str) -> None:
        self.state = state
        self.environment = {
            **os.environ,
            "KIOSK_STATE_DIRECTORY": str(state),
            "KIOSK_CENTRAL_URL": url,
        }

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kiosk", *command],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    @property
    def who(self) -> dict[str, object]:
        kept: dict[str, object] = json.loads((self.state / "identity.json").read_text())
        return kept


@pytest.fixture
def box(folder: Path, central: RunningCentral) -> Box:
    return Box(folder / "state", central.url)


def test_a_kiosk_is_enrolled_replaced_and_retired(
    central: RunningCentral, box: Box, folder: Path
) -> None:
    for service in ("sync", "run"):
        if service == "run" and "DISPLAY" not in os.environ:
            box.environment["SDL_VIDEODRIVER"] = "offscreen"
        early = box.run(service)
        assert early.returncode == 2
        assert "not set up yet: run `kiosk enrol`" in early.stderr

    token = central.token("ward 1")
    first = box.run("enrol", stdin=token + "\n")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("enrolled")
    assert first.stdout.endswith(
        f": ward 1, of {cardholders.ORGANISATION}, at {cardholders.CENTRAL}\n"
    )
    who = box.who
    assert f"ward 1,{cardholders.ORGANISATION}," in central.does("kiosks", "list", "--csv")

    again = box.run("enrol")  # no token is read, nothing happens
    assert (again.returncode, box.who) == (0, who)
    assert again.stdout.startswith("this device is enrolled already")

    # Another device that takes this one's place has the same identity and another key.
    file = folder / "token"
    file.write_text(central.token("ward 1"))
    file.chmod(0o644)
    open_to_all = box.run("enrol", "--again", "--token-file", str(file))
    assert (open_to_all.returncode, box.who) == (2, who)
    assert "others can read it" in open_to_all.stderr
    file.chmod(0o600)
    assert box.run("enrol", "--again", "--token-file", str(file)).returncode == 0
    assert box.who["kiosk"] == who["kiosk"]
    assert box.who["public_key"] != who["public_key"]
    assert box.who["sync_key"] != who["sync_key"]

    # A restart of either side changes nothing.
    central.stop(signal.SIGKILL)
    central.start()
    central.does("kiosks", "retire", "ward 1")
    sync = box.run("sync")
    assert sync.returncode == 0
    assert "retired" in sync.stderr
    assert not list(box.state.iterdir())
    (listed,) = csv.DictReader(StringIO(central.does("kiosks", "list", "--csv")))
    assert (listed["retiring"], listed["revoked"]) == ("no", "yes")

    for written in (central.folder, folder / "state"):
        assert not search([written], {"token": token.encode()})
    assert token not in first.stdout + first.stderr + sync.stderr


def test_an_enrolment_is_repeated_if_its_answer_was_lost(central: RunningCentral, box: Box) -> None:
    token = central.token("ward 2")
    key, sync = identity.next_key(box.state, Role.SCREEN), identity.offered_sync_key(box.state)
    lost = Entrance(central.url).enrol(token, key, sync)
    assert box.run("enrol", stdin=token).returncode == 0
    assert box.who["kiosk"] == str(lost.kiosk)


def test_a_revoked_kiosk_is_enrolled_again_by_a_file_with_a_new_token(
    central: RunningCentral, box: Box, folder: Path
) -> None:
    file = folder / "token"
    file.touch(0o600)
    file.write_text(central.token("ward 3"))
    assert box.run("enrol", "--token-file", str(file)).returncode == 0
    who = box.who

    # The power failed before the file was removed: its token is used up, which is no error.
    again = box.run("enrol", "--token-file", str(file))
    assert (again.returncode, box.who) == (0, who)
    assert again.stdout.startswith("this device is enrolled already")

    # If central rejects the kiosk, a used token does not enrol it.
    central.does("kiosks", "revoke", "ward 3")
    refused = box.run("enrol", "--token-file", str(file))
    assert (refused.returncode, box.who) == (2, who)
    assert "used, too old, or void" in refused.stderr
    file.write_text(central.token("ward 3"))
    assert box.run("enrol", "--token-file", str(file)).returncode == 0
    assert box.who["kiosk"] == who["kiosk"]
    assert box.who["public_key"] != who["public_key"]


@pytest.mark.parametrize("broken", ["identity.json", "screen/device.key"])
def test_a_kiosk_with_damaged_files_is_enrolled_again(
    central: RunningCentral, box: Box, broken: str
) -> None:
    assert box.run("enrol", stdin=central.token("ward 4")).returncode == 0
    (box.state / broken).write_bytes(b"")
    assert box.run("enrol", stdin=central.token("ward 4")).returncode == 0
    assert identity.load(box.state, Role.SCREEN).enrolled.name == "ward 4"


@pytest.mark.parametrize("token", ["", "short", "x" * 42 + "é", "x" * 44, "x" * 43])
def test_an_invalid_token_is_refused_and_not_shown(box: Box, token: str) -> None:
    refused = box.run("enrol", stdin=token)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1
    assert not token or token not in refused.stderr
    assert identity.find(box.state, Role.SCREEN) is None


def test_a_token_is_not_accepted_as_an_argument(box: Box) -> None:
    assert box.run("enrol", "x" * 43).returncode == 2
    assert box.run("enrol", "--token", "x" * 43).returncode == 2


def test_only_the_key_is_kept_if_central_does_not_answer(
    central: RunningCentral, folder: Path
) -> None:
    box = Box(folder / "state", "http://127.0.0.1:1")
    failed = box.run("enrol", stdin="x" * 43)
    assert failed.returncode == 2
    assert "The central service cannot be reached" in failed.stderr
    there = sorted(str(path.relative_to(box.state)) for path in box.state.rglob("*.*"))
    assert there == ["screen/device-next.key", "sync-key.json", "sync/device-next.key"]


def test_an_error_names_an_unwritable_state_directory(
    central: RunningCentral, folder: Path
) -> None:
    (folder / "state").write_text("a file")
    failed = Box(folder / "state", central.url).run("enrol", stdin="x" * 43)
    assert failed.returncode == 2
    assert str(folder / "state") in failed.stderr

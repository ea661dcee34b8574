# SPDX-License-Identifier: Apache-2.0
"""`kiosk enrol` as it is run, against central as it is run."""

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
from kiosk.demo import cardholders
from kiosk.demo.service import CentralProcess
from kiosk.link import Entrance
from kiosk.site import identity
from tests.patience import PATIENCE
from tests.secrets_search import search

pytestmark = pytest.mark.dealt


class Ground(CentralProcess):
    """Central as a process, and commands beside it, in this process: they are slow to start."""

    def does(self, *command: str) -> str:
        """What a command of central's said."""
        with pytest.MonkeyPatch.context() as patched, redirect_stdout(StringIO()) as said:
            for name, value in self.environment().items():
                patched.setenv(name, value)
            assert command_line.main(command) == 0
        return said.getvalue().strip()

    def token(self, kiosk: str) -> str:
        """A token by which a device may become this kiosk."""
        named = ("--organisation", cardholders.ORGANISATION, "--operator", "Rita")
        return self.does("kiosks", "enrol-token", kiosk, *named)


@pytest.fixture(scope="module")
def central(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("central")
    ground = Ground(folder)
    master_key.create(folder / "master.key")
    ground.does("organisations", "add", cardholders.ORGANISATION, "--operator", "Rita")
    ground.start()
    yield ground
    ground.stop()


class Box:
    """A device, and the commands that are run on it."""

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
def box(folder: Path, central: Ground) -> Box:
    return Box(folder / "state", central.url)


def test_from_the_token_to_the_end(central: Ground, box: Box, folder: Path) -> None:
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

    # Another device in its place is the same device, with another key.
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

    # Restarts of either side change nothing.
    central.stop(signal.SIGKILL)
    central.start()
    central.does("kiosks", "retire", "ward 1", "--operator", "Rita")
    sync = box.run("sync")
    assert sync.returncode == 0
    assert "retired" in sync.stderr
    assert not list(box.state.iterdir())
    (listed,) = csv.DictReader(StringIO(central.does("kiosks", "list", "--csv")))
    assert (listed["retiring"], listed["revoked"]) == ("no", "yes")

    for written in (central.folder, folder / "state"):
        assert not search([written], {"token": token.encode()})
    assert token not in first.stdout + first.stderr + sync.stderr


def test_an_enrolment_whose_answer_was_lost_is_made_again(central: Ground, box: Box) -> None:
    token = central.token("ward 2")
    key = identity.next_key(box.state)
    lost = Entrance(central.url).enrol(token, key)
    assert box.run("enrol", stdin=token).returncode == 0
    assert box.who["kiosk"] == str(lost.kiosk)


def test_a_revoked_kiosk_is_enrolled_anew_by_the_file_of_another_token(
    central: Ground, box: Box, folder: Path
) -> None:
    file = folder / "token"
    file.touch(0o600)
    file.write_text(central.token("ward 3"))
    assert box.run("enrol", "--token-file", str(file)).returncode == 0
    who = box.who

    # The power failed before the file was removed: its token is used up, and all is well.
    again = box.run("enrol", "--token-file", str(file))
    assert (again.returncode, box.who) == (0, who)
    assert again.stdout.startswith("this device is enrolled already")

    # Of a kiosk that central does not let in, a token that is used up makes none.
    central.does("kiosks", "revoke", "ward 3", "--operator", "Rita")
    refused = box.run("enrol", "--token-file", str(file))
    assert (refused.returncode, box.who) == (2, who)
    assert "used, too old, or void" in refused.stderr
    file.write_text(central.token("ward 3"))
    assert box.run("enrol", "--token-file", str(file)).returncode == 0
    assert box.who["kiosk"] == who["kiosk"]
    assert box.who["public_key"] != who["public_key"]


@pytest.mark.parametrize("broken", ["identity.json", "device.key"])
def test_a_damaged_kiosk_is_enrolled_anew(central: Ground, box: Box, broken: str) -> None:
    assert box.run("enrol", stdin=central.token("ward 4")).returncode == 0
    (box.state / broken).write_bytes(b"")
    assert box.run("enrol", stdin=central.token("ward 4")).returncode == 0
    assert identity.load(box.state).enrolled.name == "ward 4"


@pytest.mark.parametrize("token", ["", "short", "x" * 42 + "é", "x" * 44, "x" * 43])
def test_a_token_that_is_none_is_refused_and_not_shown(box: Box, token: str) -> None:
    refused = box.run("enrol", stdin=token)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1
    assert not token or token not in refused.stderr
    assert identity.find(box.state) is None


def test_a_token_is_no_argument(box: Box) -> None:
    assert box.run("enrol", "x" * 43).returncode == 2
    assert box.run("enrol", "--token", "x" * 43).returncode == 2


def test_without_central_nothing_is_kept_but_the_key(central: Ground, folder: Path) -> None:
    box = Box(folder / "state", "http://127.0.0.1:1")
    failed = box.run("enrol", stdin="x" * 43)
    assert failed.returncode == 2
    assert "The central service cannot be reached" in failed.stderr
    assert [path.name for path in box.state.iterdir()] == ["device-next.key"]


def test_a_state_directory_that_cannot_be_written_is_named(central: Ground, folder: Path) -> None:
    (folder / "state").write_text("a file")
    failed = Box(folder / "state", central.url).run("enrol", stdin="x" * 43)
    assert failed.returncode == 2
    assert str(folder / "state") in failed.stderr

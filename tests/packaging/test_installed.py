# SPDX-License-Identifier: Apache-2.0
"""Installations from a wheel, in an environment that knows nothing of the repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import kiosk
from kiosk.flow.preferences import Language
from tests.packaging.building import ROOT, Installation, Ran
from tests.proofs.appliance.tree import BROUGHT_ALONG

pytestmark = pytest.mark.dealt
_DRAWN = """
from dataclasses import replace

import kiosk
from kiosk import compose
from kiosk.flow import State, render
from kiosk.flow.preferences import Language
from kiosk.site import enrolment, firewall, site_file
from kiosk.ui.catalogue import load_all
from kiosk.ui.gallery import Gallery

gallery = Gallery((640, 400))
from kivy.uix.label import Label
for each in Language:
    view = render(replace(State(), language=each))
    gallery.show(view)
    drawn = [one.text for one in gallery.app.stage.walk() if isinstance(one, Label)]
    heading = load_all()[each].say(view.heading)
    assert heading in drawn
    print(each.value, heading)
print(kiosk.__file__)
"""
_LETTERS = """
from kiosk.central.mail.wording import LANGUAGES, wording
for each in LANGUAGES:
    print(each, wording(each).text("Your code to unlock your smartcard"))
"""
_ONE_LINE = "kiosk-central: {} is not installed: install smartcard-kiosk[central].\n"


@pytest.fixture(params=["whole", "appliance"])
def installed(request: pytest.FixtureRequest) -> Installation:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Installation)
    return found


def test_both_commands_print_their_version(whole: Installation, appliance: Installation) -> None:
    ran = [
        whole.run("kiosk", "--version"),
        whole.run("kiosk-central", "--version"),
        appliance.run("kiosk", "--version"),
    ]
    assert [each.out.strip() for each in ran] == [kiosk.__version__] * 3
    assert not appliance.has("kiosk-central")


def _few_programs(installation: Installation) -> Path:
    """Make a folder with the programs of every Debian, and no optional one."""
    folder = installation.folder / "few"
    folder.mkdir(exist_ok=True)
    for each in ("bash", "sh", "unshare", "true"):
        if not (folder / each).exists():
            (folder / each).symlink_to(Path("/usr/bin") / each)
    return folder


def _by_language(ran: Ran) -> dict[str, str]:
    assert ran.status == 0, ran.err
    lines = [line.split(" ", 1) for line in ran.out.splitlines() if line[2:3] == " "]
    found = dict(lines)
    assert set(found) == set(Language)
    assert len(set(found.values())) == len(found), "no language silently falls back to English"
    return found


def test_the_screen_is_drawn_in_every_language(installed: Installation) -> None:
    """The wheel's files suffice: modules, fonts, catalogues; the appliance's wheel is complete."""
    ran = installed.run("python", "-c", _DRAWN)
    drawn = _by_language(ran)
    assert drawn["en"] == "Insert your smartcard"
    assert drawn["cy"] == "Rhowch eich cerdyn clyfar i mewn"
    assert Path(ran.out.splitlines()[-1]).is_relative_to(installed.folder.parent / "venv")


def test_letters_are_written_in_every_language(whole: Installation) -> None:
    written = _by_language(whole.run("python", "-c", _LETTERS))
    assert written["en"] == "Your code to unlock your smartcard"
    assert written["cy"] == "Eich cod i ddatgloi eich cerdyn clyfar"


def test_the_proof_can_add_its_finger(appliance_wheel: Path, folder: Path) -> None:
    """`make prove PROOF=booted` touches the appliance's screen with a part of the demonstration."""
    appliance = Installation(folder, appliance_wheel)
    (appliance.site / "kiosk/demo").mkdir()
    for each in BROUGHT_ALONG:
        shutil.copy(ROOT / "kiosk/demo" / each, appliance.site / "kiosk/demo")
    drawn = "from kiosk.ui.gallery import Gallery; Gallery((640, 400)); import kiosk.demo.finger"
    ran = appliance.run("python", "-c", drawn)
    assert ran.status == 0, ran.err


# ---------------------------------------------------------------- missing parts


@pytest.mark.parametrize("command", [["serve"], ["audit", "verify"], ["cards", "--help"]])
def test_central_without_its_extra_says_what_to_install(
    plain: Installation, command: list[str]
) -> None:
    ran = plain.run("kiosk-central", *command)
    assert (ran.status, ran.out) == (2, "")
    missing = ("alembic", "email_validator", "fastapi", "pkcs11")
    assert ran.err in {_ONE_LINE.format(each) for each in missing}


def test_central_without_postgresqls_library_says_what_to_install(
    wheel: Path, folder: Path
) -> None:
    partly = Installation(folder, wheel, "central", without=("psycopg", "psycopg-binary"))
    chosen = {
        "KIOSK_CENTRAL_DATABASE": "postgresql:///central",
        "KIOSK_CENTRAL_NAME": "Example",
        "KIOSK_CENTRAL_MASTER_KEY_FILE": str(folder / "master.key"),
    }
    ran = partly.run("kiosk-central", "migrate", environment=chosen)
    assert (ran.status, ran.err) == (2, _ONE_LINE.format("psycopg"))


def test_the_demonstration_without_central_says_what_to_install(plain: Installation) -> None:
    ran = plain.run("kiosk", "demo")
    assert (ran.status, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert line.startswith("kiosk demo: missing: ")
    assert line.endswith(" is not installed: install smartcard-kiosk[central]")


def test_the_demonstration_without_a_card_service_says_what_to_install(
    whole: Installation,
) -> None:
    """No other program that could query the card is there either; everything is in one line."""
    few = whole.folder / "few"
    few.mkdir()
    for each in ("bash", "sh", "unshare", "true"):
        (few / each).symlink_to(Path("/usr/bin") / each)
    ran = whole.run("kiosk", "demo", "--unattended", bare=True, environment={"PATH": str(few)})
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        "kiosk demo: missing: pcscd (a Debian package); vsmartcard-vpcd (a Debian package);"
        " yubico-piv-tool or opensc (Debian packages)\n"
    )


def test_the_demonstration_names_a_folder_that_it_cannot_write(
    whole: Installation, folder: Path
) -> None:
    (folder / "build").write_text("no folder")
    ran = whole.run("kiosk", "demo", "--unattended", folder=folder)
    assert (ran.status, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert "a folder for its pictures, build/demo" in line
    assert "Debian" not in line, "only the folder is missing on this machine"


def test_an_appliance_reports_that_it_has_no_demonstration(appliance: Installation) -> None:
    ran = appliance.run("kiosk", "demo")
    line = "kiosk: this installation has no kiosk.demo: install the full wheel.\n"
    assert (ran.status, ran.out, ran.err) == (2, "", line)


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["sync"],
        ["enrol"],
        ["site", "nowhere", "nowhere"],
        ["firewall"],
        ["doctor"],
        ["doctor", "card"],
        ["doctor", "--json"],
        ["doctor", "--metrics"],
        ["technician-code"],
    ],
)
def test_no_command_ends_in_a_traceback_if_everything_is_missing(
    appliance: Installation, command: list[str]
) -> None:
    """Neither a card service nor nftables, pins, espeak-ng, central or settings."""
    nothing = {
        "PATH": str(_few_programs(appliance)),
        "KIOSK_PINS": '{"ready": 17}',
        "KIOSK_STATE_DIRECTORY": str(appliance.folder / "state"),
        "PCSCLITE_CSOCK_NAME": str(appliance.folder / "no-socket"),
    }
    ran = appliance.run("kiosk", *command, bare=True, environment=nothing)
    assert "Traceback" not in ran.out + ran.err
    assert ran.status in (1, 2)

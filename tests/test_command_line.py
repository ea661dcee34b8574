# SPDX-License-Identifier: Apache-2.0
"""The kiosk's tree of commands, and the rules that both command lines share."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

import kiosk
from kiosk import command_line
from kiosk.__main__ import main
from kiosk.cli.application import kiosk as tree
from kiosk.command_line import PrintingCommand
from kiosk.errors import SettingsError

SILENT = {
    "completion": "it prints a script for a shell",
    "demo": "it tells a person what it does",
    "firewall": "it prints nothing",
    "help-screen": "it prints nothing",
    "run": "it prints nothing",
    "site": "it prints nothing",
    "sync": "it prints nothing",
}


def paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from paths(found, (*path, name))
    if path and (not isinstance(command, click.Group) or command.invoke_without_command):
        yield " ".join(path)


@pytest.mark.parametrize("path", [*paths(tree)])
def test_every_printing_command_has_a_json_option(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*path.split(), "--help"]) == 0
    assert ("--json" in capsys.readouterr().out) is (path not in SILENT)


def test_the_doctor_prints_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("KIOSK_STATE_DIRECTORY", str(folder))
    monkeypatch.setenv("KIOSK_CENTRAL_URL", "http://127.0.0.1:1")
    assert main(["doctor", "--json"]) == 1
    found = {each["part"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["central"]["verdict"] == "failed"
    assert set(found["central"]) == {"part", "verdict", "found", "advice"}


def test_the_hash_of_a_code_is_printed_as_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    script = "import sys; from kiosk.__main__ import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, "technician-code", "--json"],
        input="40710299\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["technician_code"].startswith("$argon2id$")


@pytest.mark.parametrize("command", [["sync"], ["enrol"], ["enrol", "--json"]])
def test_an_error_is_one_sentence_or_json(command: list[str], folder: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "kiosk", *command],
        env={"KIOSK_STATE_DIRECTORY": str(folder / "state"), "KIOSK_CENTRAL_URL": "nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    sentence = "KIOSK_CENTRAL_URL: must be an https address."
    assert (ran.returncode, ran.stdout) == (2, "")
    if "--json" in command:
        assert json.loads(ran.stderr) == {"error": sentence, "status": 2}
    else:
        assert ran.stderr == f"kiosk: {sentence}\n"


@pytest.mark.parametrize(
    ("command", "absent"),
    [
        (["--version"], {"kivy", "sqlalchemy", "cryptography", "pydantic", "smartcard"}),
        (["sync", "--help"], {"kivy", "sqlalchemy", "cryptography", "smartcard"}),
        (["doctor", "--help"], {"kivy", "sqlalchemy", "cryptography", "smartcard"}),
    ],
)
def test_a_command_imports_only_what_it_needs(command: list[str], absent: set[str]) -> None:
    script = (
        "import sys; from kiosk.__main__ import main; status = main(sys.argv[1:]);"
        f"print(status, {absent} & set(sys.modules))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script, *command], capture_output=True, text=True, check=True
    )
    assert printed.stdout.splitlines()[-1] == "0 set()"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{kiosk.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed_for_each_shell(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    assert "_KIOSK_COMPLETE" in capsys.readouterr().out


@dataclass(frozen=True)
class Named:
    """A row with a name that came from outside."""

    name: str


HIDDEN = ["\x00", "\x1b", "\x7f", "\x9b", "\u200b", "\u2028", "\u202e", "\u2066", "\ufeff"]


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
@pytest.mark.parametrize("failing", [False, True])
def test_no_output_has_a_character_that_changes_a_terminal(
    capsys: pytest.CaptureFixture[str], hidden: str, form: tuple[str, ...], *, failing: bool
) -> None:
    name = f"No{hidden}ra"

    @click.command(cls=PrintingCommand)
    @command_line.for_spreadsheets
    def command() -> None:
        command_line.remark(f"about {name}")
        command_line.show_rows([Named(name)], {"name": "name"})
        command_line.show(Named(name), name)
        command_line.show_text(Named(name), name)
        if failing:
            raise SettingsError(name, "is wrong")

    assert command_line.run(command, "test", form, {}) == (2 if failing else 0)
    out, err = capsys.readouterr()
    assert all(each.isprintable() for each in (out + err).replace("\n", "")), (out, err)
    if form == ("--json",):
        assert json.loads(out[: out.index("]") + 1]) == [{"name": name}], "programs get it all"
    else:
        assert "No\N{REPLACEMENT CHARACTER}ra" in out

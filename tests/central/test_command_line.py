# SPDX-License-Identifier: Apache-2.0
"""The tree of commands: each has a JSON form and completion, and imports only what it needs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from nacl.signing import SigningKey
from sqlmodel import select

import kiosk
from kiosk.central.__main__ import main
from kiosk.central.cli.application import kiosk_central
from kiosk.central.http import process
from kiosk.central.tables import Cardholder, Organisation
from kiosk.contract.approval import HeldChange, sign
from tests.central.actor import UUID, Actor
from tests.central.authority import Authority
from tests.central.desk import Operator
from tests.central.world import KioskClient, PersonalCard, b64

HELD = HeldChange(organisation=1, kiosk="ward 7", epoch="0" * 16, head=1)
AUTHORITY = Authority()
SILENT = {"completion": "it prints a script for a shell"}


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from leaves(found, (*path, name))
    else:
        yield path


PATHS = [" ".join(path) for path in leaves(kiosk_central)]


@pytest.fixture
def actor(operator: Operator, kiosk: KioskClient, card: PersonalCard, folder: Path) -> Actor:
    return Actor(operator.service, kiosk, card, folder)


def _file(actor: Actor, name: str, content: bytes) -> str:
    (actor.folder / name).write_bytes(content)
    return str(actor.folder / name)


def _sealed(actor: Actor) -> list[str]:
    keys = _file(actor, "keys.csv", b"family,serial,key\npiv,00112233,Imported\n")
    public = b64(bytes([9, *bytes(31)]))
    return [keys, "--to", public, "--output", f"{actor.folder}/keys.sealed"]


def _holders(actor: Actor) -> list[str]:
    rows = f"uuid,name,email,organisation\n{UUID},Nora,nora@nhs.net,Trust A\n"
    return ["--cardholders", _file(actor, "holders.csv", rows.encode())]


def _key(actor: Actor) -> list[str]:
    return ["--key", _file(actor, "it.key", bytes(SigningKey.generate()).hex().encode())]


def _card(actor: Actor) -> list[str]:
    return [actor.card.serial]


def _none(_actor: Actor) -> list[str]:
    return []


def _lacking(actor: Actor) -> list[str]:
    actor.set(Organisation, missing_grants=True)
    return ["--organisation", "Trust A"]


ARGUMENTS: dict[str, Callable[[Actor], list[str]]] = {
    "actions list": _none,
    "alerts": _none,
    "approvals create-key": lambda actor: [f"{actor.folder}/new.key"],
    "approvals give": lambda _: [sign(SigningKey.generate(), HELD).model_dump_json()],
    "approvals list": _none,
    "approvals sign": lambda actor: [*_key(actor), HELD.model_dump_json()],
    "audit sign": _none,
    "audit verify": _none,
    "backup confirm": lambda _: ["--until", "2025-01-01T02:00:00Z"],
    "backup make": lambda actor: [str(actor.folder)],
    "backup restore": lambda actor: [f"{actor.folder}/none.backup"],
    "cardholders erase": lambda _: [UUID],
    "cards activate": _card,
    "cards leaver": _card,
    "cards list": _none,
    "cards lost": _card,
    "cards replace": lambda actor: [actor.card.serial, "--by", actor.card.serial],
    "cards suspend": _card,
    "cards thaw": lambda actor: [actor.card.serial, "--tries", "3"],
    "epochs new": _none,
    "epochs settle": lambda actor: [actor.kiosk.name],
    "escrow declare-lost": _lacking,
    "escrow journals": _none,
    "escrow recover": lambda actor: [_file(actor, "journal", b"")],
    "import": _holders,
    "import-key create": lambda actor: [f"{actor.folder}/import.key"],
    "import-key show": lambda actor: [f"{actor.folder}/none.key"],
    "keys seal": _sealed,
    "kiosks enrol-token": lambda _: ["ward 9", "--organisation", "Trust A"],
    "kiosks lent": lambda actor: [actor.kiosk.name],
    "kiosks list": _none,
    "kiosks networks": lambda actor: [actor.kiosk.name, "10.1.0.0/16"],
    "kiosks retire": lambda actor: [actor.kiosk.name],
    "kiosks revoke": lambda actor: [actor.kiosk.name],
    "master-key create": _none,
    "metrics": _none,
    "migrate": _none,
    "organisations add": lambda _: ["Trust B"],
    "organisations list": _none,
    "organisations policy": lambda _: ["Trust A", "--offline", "on", "--contact", "IT", "1"],
    "registrations list": _none,
    "registrations release": _card,
    "registrations remove": _card,
    "reports ending": _none,
    "reports months": _none,
    "retention apply": lambda _: ["--days", "log-ins", "30"],
    "retention show": _none,
    "seed-demo": _none,
    "serve": _none,
    "settings": _none,
    "tombstones prune": _none,
    "trust add-anchor": lambda actor: [_file(actor, "anchor", AUTHORITY.der)],
    "trust add-issuer": lambda actor: [_file(actor, "issuer", AUTHORITY.der)],
    "trust add-list": lambda actor: [_file(actor, "list", AUTHORITY.revocations())],
    "trust list": _none,
    "unlocking resume": lambda _: ["--all"],
    "unlocking stop": lambda _: ["--organisation", "Trust A"],
}
DECLINED = {
    "cardholders erase", "cards activate", "cards replace", "cards thaw", "epochs settle",
    "backup restore", "import-key show",
    "master-key create", "registrations release", "seed-demo", "trust add-list",
}  # fmt: skip
LISTS = {path for path in PATHS if path.endswith(" list")} | {
    "alerts", "metrics", "reports ending", "reports months", "retention show", "retention apply",
    "settings", "approvals give", "approvals sign", "kiosks lent", "escrow journals",
}  # fmt: skip


def test_every_command_has_a_sample_call() -> None:
    assert set(PATHS) == {*ARGUMENTS, *SILENT}


@pytest.mark.dealt
@pytest.mark.parametrize("path", ARGUMENTS)
def test_a_command_prints_json(
    actor: Actor, operator: Operator, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        process, "serve", lambda _chosen, _level, announce, _notifier: announce("http://x")
    )
    arguments = ARGUMENTS[path](actor)
    with (actor.folder / "empty").open("w+") as nothing, monkeypatch.context() as patched:
        patched.setattr(sys, "stdin", nothing)
        status = operator.run(*path.split(), *arguments, "--json")
    if path in DECLINED:
        output = json.loads(operator.err)
        assert (status, operator.out) == (2, "")
        assert output["status"] == 2
        assert output["error"].endswith(".")
    else:
        assert status in {0, 1}, operator.err
        assert isinstance(json.loads(operator.out), list if path in LISTS else dict)
        assert operator.err == ""


@pytest.mark.dealt
def test_values_have_types_in_json(actor: Actor, operator: Operator) -> None:
    assert operator.run("cards", "list", "--json") == 0
    (card,) = json.loads(operator.out)
    assert card["serial"] == actor.card.serial
    assert (card["frozen"], card["expires"], card["status"]) == (False, None, "active")
    assert (
        operator.run("kiosks", "enrol-token", "ward 9", "--organisation", "Trust A", "--json") == 0
    )
    made = json.loads(operator.out)
    assert len(made["token"]) > 40
    assert datetime.fromisoformat(made["expires_at"]) > datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.dealt
def test_rejected_rows_are_printed_as_json(actor: Actor, operator: Operator) -> None:
    rows = b"uuid,name,email,organisation\n12,Nora,nora@nhs.net,Trust A\n"
    file = _file(actor, "wrong.csv", rows)
    assert operator.run("import", "--cardholders", file, "--json") == 2
    (row,) = json.loads(operator.err)["rows"]
    assert (row["file"], row["line"], row["field"]) == (file, 2, "uuid")


@pytest.mark.dealt
def test_output_contains_no_control_sequences(actor: Actor, operator: Operator) -> None:
    """The import refuses such names today; databases have names that came in before."""
    rows = f"uuid,name,email,organisation\n{UUID},Nora,nora@nhs.net,Trust A\n"
    operator.does("import", "--cardholders", _file(actor, "h.csv", rows.encode()))
    with actor.service.services.database.transaction() as session:
        for holder in session.exec(select(Cardholder).where(Cardholder.uuid == UUID)):
            holder.name = "No\x1b[2Jra"
        session.flush()
        session.connection().exec_driver_sql(
            "UPDATE card SET cardholder_id = (SELECT max(id) FROM cardholder)"
        )
    assert operator.run("cards", "list") == 0
    assert "\x1b" not in operator.out
    assert "No\N{REPLACEMENT CHARACTER}[2Jra" in operator.out


# ---------------------------------------------------------------- without a database


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], "No such command 'nothing'. See `kiosk-central --help`."),
        (["cards", "thaw", "AA", "--tries", "x"], "See `kiosk-central cards thaw --help`."),
        (["unlocking", "stop"], "Give either --organisation NAME or --all."),
        (["unlocking", "stop", "--all", "--organisation", "A"], "Give either"),
        (["backup", "confirm", "--until", "2025-01-01T02:00:00"], "a time with its zone"),
        (["backup", "confirm", "--until", "yesterday"], "a time with its zone"),
        (["import", "--keys", "k"], "--keys needs --import-key"),
    ],
)
def test_a_usage_error_is_one_line(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert sentence in output.err or "k: No such file" in output.err
    assert re.fullmatch(r"kiosk-central: .*\.\n", output.err)
    assert main([*arguments, "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["status"] == 2


@pytest.mark.parametrize("group", [[], ["cards"]])
def test_a_noun_without_a_verb_lists_its_verbs(
    group: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(group) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "Commands:" in output.err


@pytest.mark.parametrize("path", PATHS)
def test_every_command_has_help(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*path.split(), "--help"]) == 0
    output = capsys.readouterr().out
    assert output.startswith(f"Usage: kiosk-central {path}")
    assert ("--json" in output) is (path not in SILENT)


def test_the_version_is_printed_without_a_database() -> None:
    script = (
        "import sys; from kiosk.central.__main__ import main; status = main(['--version']);"
        "print(status, {'sqlalchemy', 'uvicorn', 'cryptography'} & set(sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert output.stdout.splitlines() == [kiosk.__version__, "0 set()"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed_for_each_shell(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    assert "_KIOSK_CENTRAL_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "completed"),
    [("car", "cards"), ("unlocking re", "resume"), ("cards list --re", "--renewal-due")],
)
def test_nouns_verbs_and_options_are_completed(
    words: str, completed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_KIOSK_CENTRAL_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"kiosk-central {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split())))
    with pytest.raises(SystemExit):
        main([])
    assert f"plain,{completed}" in capsys.readouterr().out.splitlines()

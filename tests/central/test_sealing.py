# SPDX-License-Identifier: Apache-2.0
"""Unblocking keys are sealed at their source, and are never shown on the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.card.cryptogram import KeyKind
from kiosk.central.__main__ import main
from kiosk.central.keys import sealing
from kiosk.central.keys.sealing import UnreadableRows

SECRET = "Planted1"
ADMINISTRATOR = "0123456789ABCDEF" * 3
KEYS = f"""family,serial,key,cipher
piv,00112233,{SECRET},
gids,44556677,{ADMINISTRATOR},3des
"""


def command(folder: Path, *arguments: str, keys: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command as on the RA's machine: without any setting of the service."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")}
    return subprocess.run(
        [sys.executable, "-m", "kiosk.central", *arguments],
        cwd=folder,
        env={**bare, "PYTHONPATH": str(Path(__file__).parents[2])},
        input=keys,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.dealt
def test_keys_are_sealed_without_a_database_and_opened_only_by_the_private_half(
    tmp_path: Path,
) -> None:
    public = command(tmp_path, "import-key", "create", "import.key").stdout.strip()
    assert (tmp_path / "import.key").stat().st_mode & 0o777 == 0o600
    assert command(tmp_path, "import-key", "show", "import.key").stdout.strip() == public
    sealed = command(
        tmp_path, "keys", "seal", "-", "--to", public, "--output", "keys.sealed", keys=KEYS
    )
    assert (sealed.returncode, sealed.stderr) == (0, "")
    content = (tmp_path / "keys.sealed").read_bytes()
    assert SECRET.encode() not in content
    keys = sealing.unseal(content, sealing.load_import_key(tmp_path / "import.key"))
    assert [(key.family, key.serial, key.cipher) for key in keys] == [
        ("piv", "00112233", None),
        ("gids", "44556677", KeyKind.TRIPLE_DES),
    ]
    assert keys[0].secret.reveal() == SECRET.encode()
    assert keys[1].secret.reveal() == bytes.fromhex(ADMINISTRATOR)
    sealing.create_import_key(tmp_path / "another.key")
    with pytest.raises(UnreadableRows, match="another import key"):
        sealing.unseal(content, sealing.load_import_key(tmp_path / "another.key"))
    for place in (len(content) // 2, len(content) - 1):
        damaged = bytearray(content)
        damaged[place] ^= 1
        with pytest.raises(UnreadableRows):
            sealing.unseal(bytes(damaged), sealing.load_import_key(tmp_path / "import.key"))
    again = command(tmp_path, "import-key", "create", "import.key")
    assert (again.returncode, again.stderr) == (2, "kiosk-central: import.key: File exists.\n")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (f"piv,00112233,{SECRET}x,", "row"),
        (f"gids,00112233,{SECRET}{SECRET},3des", "row"),
        (f"gids,00112233,{ADMINISTRATOR},", "row"),
        (f"piv,00112233,{SECRET},3des", "row"),
        (f"piv,{SECRET},{SECRET},", "serial"),
        (f"{SECRET},00112233,{SECRET},", "family"),
        (f"piv,00112233,{SECRET},{SECRET}", "cipher"),
        (f"piv,00112233,{SECRET},,{SECRET}", "further cells"),
        ("piv,00112233,,", "key"),
        (f"piv,00112233,{SECRET},\npiv,00112233,{SECRET},", "serial"),
    ],
)
def test_a_row_error_names_the_line_and_not_the_content(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str, field: str
) -> None:
    source, output = tmp_path / "keys.csv", tmp_path / "keys.sealed"
    source.write_text(f"family,serial,key,cipher\n{row}\n")
    public = sealing.create_import_key(tmp_path / "import.key")
    arguments = ["keys", "seal", str(source), "--to", public, "--output", str(output)]
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert f"line {2 + row.count(chr(10))}, {field}: " in printed.err
    assert "Nothing was sealed" in printed.err
    assert SECRET not in printed.err + printed.out
    assert ADMINISTRATOR not in printed.err + printed.out
    assert not output.exists()


@pytest.mark.parametrize("first", [f"piv,00112233,{SECRET}", "", f"family,serial,key,{SECRET}"])
def test_a_file_without_headings_is_refused_and_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], first: str
) -> None:
    source = tmp_path / "keys.csv"
    source.write_text(f"{first}\n")
    public = sealing.create_import_key(tmp_path / "import.key")
    assert main(["keys", "seal", str(source), "--to", public, "--output", f"{tmp_path}/s"]) == 2
    errors = capsys.readouterr().err
    assert "the first line must name the columns: family, serial, key" in errors
    assert SECRET not in errors


def test_a_file_in_another_encoding_is_refused_and_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "keys.csv"
    source.write_bytes(KEYS.encode("utf-16"))
    public = sealing.create_import_key(tmp_path / "import.key")
    assert main(["keys", "seal", str(source), "--to", public, "--output", f"{tmp_path}/s"]) == 2
    assert capsys.readouterr().err == f"kiosk-central: {source}: not in UTF-8.\n"


def test_a_private_half_that_others_can_read_is_refused(tmp_path: Path) -> None:
    sealing.create_import_key(tmp_path / "import.key")
    (tmp_path / "import.key").chmod(0o644)
    with pytest.raises(UnreadableRows, match="chmod 600"):
        sealing.load_import_key(tmp_path / "import.key")


def test_keys_are_not_in_their_repr() -> None:
    keys, flaws = sealing.read_keys("a file", KEYS)
    assert not flaws
    assert SECRET not in repr(keys)
    assert ADMINISTRATOR not in repr(keys)


def test_an_invalid_public_key_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "keys.csv", tmp_path / "sealed"
    source.write_text("family,serial,key\npiv,00112233,Imported\n")
    assert main(["keys", "seal", str(source), "--to", "A" * 43 + "=", "--output", str(output)]) == 2
    expected = "kiosk-central: not the public half of an import key.\n"
    assert capsys.readouterr().err == expected
    assert not output.exists()

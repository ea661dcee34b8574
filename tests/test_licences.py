# SPDX-License-Identifier: Apache-2.0
"""Every tracked file names its licence, in itself or in REUSE.toml."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[1]
LINE = re.compile(rb"^.{0,5}SPDX-License-Identifier: Apache-2\.0", re.MULTILINE)


def annotated() -> list[str]:
    document = tomllib.loads((ROOT / "REUSE.toml").read_text())
    paths = [each["path"] for each in document["annotations"]]
    return [path for group in paths for path in ([group] if isinstance(group, str) else group)]


def matches(name: str, pattern: str) -> bool:
    begin, many, _ = pattern.partition("**")
    if not many:
        return PurePath(name).match(pattern)
    return name.startswith(begin)


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_every_file_names_its_licence() -> None:
    without = [
        name
        for name in tracked()
        if not any(matches(name, pattern) for pattern in annotated())
        and not LINE.search((ROOT / name).read_bytes()[:400])
    ]
    assert tracked()
    assert without == []

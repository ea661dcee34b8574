#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Build the API reference from the docstrings into a folder: `make reference`.

It ends with status 1 if pdoc warns about a module of ours, such as one that it cannot import.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

TOP = Path(__file__).parents[1]


def main(folder: Path) -> int:
    """Write the pages of every module of the package."""
    os.chdir(TOP)
    sys.path.insert(0, str(TOP))
    # The screen's modules open a window when they are imported.
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    os.environ["KIVY_NO_ARGS"] = os.environ["KIVY_NO_CONSOLELOG"] = "1"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _write(folder)
    ours = [text for each in caught if _is_ours(text := str(each.message))]
    for text in ours:
        print(text, file=sys.stderr)
    pages = len(list(folder.rglob("*.html")))
    print(f"{pages} pages in {folder}")
    return 1 if ours else 0


def _write(folder: Path) -> None:
    import pdoc  # noqa: PLC0415 - after the environment

    pdoc.render.configure(docformat="markdown", show_source=False)
    # By name, because pdoc leaves out what a package's `__all__` does not name.
    pdoc.pdoc(*_modules(), "!kiosk.central.migrations.env", output_directory=folder)


def _is_ours(warning: str) -> bool:
    """Return whether a warning is about our modules, and not about a class of a library.

    Each module is found by its name and once more in its package. Only Alembic can import its
    environment.
    """
    expected = ("already been added", "import kiosk.central.migrations.env")
    return "kiosk" in warning and not any(each in warning for each in expected)


def _modules() -> list[str]:
    """Return the names of all modules, but those that are commands or migrations."""
    names = []
    for source in sorted((TOP / "kiosk").rglob("*.py")):
        parts = source.relative_to(TOP).with_suffix("").parts
        if parts[-1] not in {"__main__", "env"} and "versions" not in parts:
            names.append(".".join(parts).removesuffix(".__init__"))
    return names


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

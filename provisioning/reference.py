#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Build the API reference from the docstrings into a folder: `make reference`.

Any warning of pdoc, such as a module that cannot be imported, ends it with status 1.
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
    warnings.simplefilter("error")
    # Alembic's environment can be imported by Alembic alone.
    warnings.filterwarnings("ignore", r"(?s)Couldn't import kiosk\.central\.migrations\.env:.*")
    import pdoc  # noqa: PLC0415 - after the environment

    pdoc.render.configure(docformat="markdown", show_source=False)
    pdoc.pdoc("kiosk", "!kiosk.central.migrations.env", output_directory=folder)
    pages = len(list(folder.rglob("*.html")))
    print(f"{pages} pages in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

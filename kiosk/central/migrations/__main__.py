# SPDX-License-Identifier: Apache-2.0
"""Writes the first migration again from the tables: `make migration`.

Until the first release no database has to be kept, so there is only one migration. After it, each
change of the tables gets its own migration, and this file is removed.
"""

from __future__ import annotations

from kiosk.central.migrations import FOLDER, write_first

if __name__ == "__main__":
    for old in (FOLDER / "versions").glob("0*.py"):
        old.unlink()
    write_first(FOLDER / "versions")

# SPDX-License-Identifier: Apache-2.0
"""Write the first migration anew, from the tables: `make migration`.

Until there is a release no database needs to be kept, and one migration is all there is. After it,
a change of the tables is a migration of its own, and this file goes.
"""

from __future__ import annotations

from kiosk.central.migrations import FOLDER, write_first

if __name__ == "__main__":
    for old in (FOLDER / "versions").glob("0*.py"):
        old.unlink()
    write_first(FOLDER / "versions")

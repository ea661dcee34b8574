# SPDX-License-Identifier: Apache-2.0
"""Write the next revision, from the revisions there are to the tables: `make migration`."""

from __future__ import annotations

import sys

from kiosk.central.migrations import FOLDER, write


def main() -> int:
    """Write it, and say where; 1 if there is nothing to write, 2 without a message."""
    message = " ".join(sys.argv[1:]).strip()
    if not message:
        sys.stderr.write('say what changes: make migration MESSAGE="…"\n')
        return 2
    written = write(FOLDER / "versions", message)
    if written is None:
        sys.stderr.write("the revisions make the tables as they are declared: nothing to write\n")
        return 1
    sys.stdout.write(f"{written}\nlook through it, then list it: see the README beside it\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""The `kiosk-central` command, which says what to install if the extra `central` is missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from kiosk.errors import NotInstalled


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status: see `cli.command_line`."""
    try:
        from kiosk.central.cli.command_line import run  # noqa: PLC0415 - needs the extra

        return run(arguments)
    except ImportError as error:
        print(f"kiosk-central: {NotInstalled.of(error, 'central')}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

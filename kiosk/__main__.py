# SPDX-License-Identifier: Apache-2.0
"""The `kiosk` command."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from kiosk.cli import application


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line of `cli`; gives the process's exit status."""
    return application.run(arguments)


if __name__ == "__main__":
    sys.exit(main())

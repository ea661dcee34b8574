# SPDX-License-Identifier: Apache-2.0
"""Run the proofs, one line each, as `python -m tests.proofs [NAME]`; fail if one fails."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable

from tests.proofs import (
    attack,
    central_service,
    everybody,
    filling,
    hostile,
    interpreters,
    interruptions,
    load,
    machine,
    pages,
    search,
    theft,
    unlocks,
    walkups,
)
from tests.proofs.appliance import booted, sandbox

PROOFS: dict[str, Callable[[], str]] = {
    "unlocks": unlocks.prove,
    "interruptions": interruptions.prove,
    "hostile card": hostile.prove,
    "filling": filling.prove,
    "machine": machine.prove,
    "load": load.prove,
    "attack": attack.prove,
    "theft": theft.prove,
    "pages": pages.prove,
    "everybody": everybody.prove,
    "walk-ups": walkups.prove,
    "search": search.prove,
    "interpreters": interpreters.prove,
    "databases": interpreters.prove_databases,
    "booted": booted.prove,
    "sandbox": sandbox.prove,
    "central service": central_service.prove,
}


def main(names: list[str]) -> int:
    unknown = set(names) - PROOFS.keys()
    if unknown:
        print(f"no proof of that name: {', '.join(unknown)}; there are {', '.join(PROOFS)}")
        return 2
    failed = False
    for name in names or PROOFS:
        begun = time.monotonic()
        try:
            figures = PROOFS[name]()
        except Exception:  # noqa: BLE001 - it is printed, and the next proof runs
            failed = True
            traceback.print_exc()
            figures = "FAILED"
        print(f"{name}: {figures} ({time.monotonic() - begun:.0f} s)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main([name for name in sys.argv[1:] if name]))

# SPDX-License-Identifier: Apache-2.0
"""Another program at the same reader: `rival(MODE)` holds the card from a process of its own.

Run as `python -m tests.devices.rival MODE`: it prints "held", and lets go when its standard input
ends.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from smartcard import scard

from tests.processes import running


class Hold(StrEnum):
    """The ways to hold the card."""

    LOOKING_ON = "looking on"  # shared, without a transaction
    TRANSACTION = "transaction"
    EXCLUSIVE = "exclusive"


@contextmanager
def rival(hold: Hold) -> Iterator[None]:
    """Make another program hold the card in the first reader until the block ends."""
    with running(
        [sys.executable, "-m", "tests.devices.rival", hold],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as program:
        if program.output.readline() != b"held\n":
            raise RuntimeError("the rival has not got the card")
        yield


def main(hold: Hold) -> None:
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    _, readers = scard.SCardListReaders(context, [])
    exclusive = hold is Hold.EXCLUSIVE
    mode = scard.SCARD_SHARE_EXCLUSIVE if exclusive else scard.SCARD_SHARE_SHARED
    protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    result, card, _ = scard.SCardConnect(context, min(readers), mode, protocols)
    if result == scard.SCARD_S_SUCCESS and hold is not Hold.LOOKING_ON:
        result = scard.SCardBeginTransaction(card)
    if result == scard.SCARD_S_SUCCESS:
        print("held", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Hold(sys.argv[1]))

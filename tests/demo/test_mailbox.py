# SPDX-License-Identifier: Apache-2.0
"""The demonstration has no mail server: it prints each letter on the terminal."""

from __future__ import annotations

import threading
from pathlib import Path

from kiosk.central.addresses import Sender
from kiosk.central.mail.letters import Letter
from kiosk.central.mail.transport import FolderMailTransport
from kiosk.demo.mailbox import show_arriving


def test_letters_are_printed_as_they_arrive(folder: Path) -> None:
    told: list[str] = []
    stop, heard = threading.Event(), threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        if "042042" in line:
            heard.set()

    showing = threading.Thread(target=show_arriving, args=(folder, tell, stop))
    showing.start()
    mail_transport = FolderMailTransport(folder, Sender("", "kiosk@trust.example"))
    mail_transport.deliver(
        "n@nhs.net", Letter("Your code", ("Dear Nora,", "It is valid."), "042042")
    )
    assert heard.wait(timeout=20)
    stop.set()
    showing.join()
    assert told[0] == "email to n@nhs.net: Your code"
    assert [line.strip() for line in told[1:] if line.strip()] == [
        "Dear Nora,",
        "042042",
        "It is valid.",
    ]

# SPDX-License-Identifier: Apache-2.0
"""`kiosk run` with a finger on its screen: orders come over a socket in the runtime directory.

An order is a line of JSON, ["see", words], ["press", button], ["choose", label] or ["write", keys].
The answer is a line too: ["done"], or ["missing", text on the screen instead].
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import threading
from functools import partial
from pathlib import Path

from kiosk import compose
from kiosk.errors import KioskError
from kiosk.flow.view import Intent
from kiosk.site import settings
from kiosk.systemd import Notifier

SOCKET = Path(os.environ["RUNTIME_DIRECTORY"]) / "finger"


def serve(kiosk: compose.ScreenService) -> None:
    """Follow the orders of one connection after the other."""
    from kiosk.demo.finger import Eye, Finger, drawing  # noqa: PLC0415 - imports Kivy, ready by now

    finger, quick = Finger(kiosk.screen, hold=0.01, patience=20), Finger(kiosk.screen, hold=0)
    eye = Eye(kiosk.screen, patience=20)

    def follow(order: str, what: str) -> None:
        match order:
            case "see":
                eye.wait_for(what)
            case "press":
                finger.press(Intent(what) if what in set(Intent) else what)
            case "choose":
                finger.choose(what)
            case "write":
                for key in what:  # in the thread that draws: drawing by software is slow
                    drawing(kiosk.screen, partial(quick.key, key))

    SOCKET.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(SOCKET))
        server.listen()
        while True:
            hand, _ = server.accept()
            with hand, hand.makefile("rw") as lines:
                for line in lines:
                    try:
                        follow(*json.loads(line))
                        answer = ["done"]
                    except LookupError:
                        answer = ["missing", *eye.texts()]
                    print(json.dumps(answer), file=lines, flush=True)


def main() -> int:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        kiosk = compose.ScreenService(settings.read(), notifier=Notifier.of(os.environ))
    except KioskError as error:
        print(f"kiosk run: {error}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: kiosk.stop())
    threading.Thread(target=serve, args=(kiosk,), daemon=True).start()
    return 0 if kiosk.run() else 1


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Shown keys: the sealing keys that this kiosk has shown central, on its disk.

Central takes it for a copy of this kiosk if a request does not name the newest key that it knows.
So a key is on the disk before central sees it, and stays there until central has answered a later
one: the answer to the first request with a key may have been lost.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from pathlib import Path

from kiosk.contract.packs import MOST_KEYS
from kiosk.errors import StoreFailed

FILE = "shown-keys"
_NEW = ".new"  # suffix of the file that is being written


class ShownKeys:
    """The public halves of the keys, in a folder of the screen's own; methods raise StoreFailed."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / FILE

    def show(self, key: bytes) -> tuple[bytes, ...]:
        """Write `key` to the disk; return the keys that a request with it has to name.

        If there are too many of them, the last answered one and the newest ones are left.
        """
        keys = self._read()
        if key not in keys:
            keys = [*keys, key]
            keys = [*keys[:1], *keys[1:][1 - MOST_KEYS :]]
            self._write(keys)
        return tuple(keys)

    def answered(self, key: bytes) -> None:
        """Forget the keys before `key`, because central has answered a request with it."""
        if self._read() != [key]:
            self._write([key])

    def _read(self) -> list[bytes]:
        try:
            return [b64decode(line, validate=True) for line in self._file.read_bytes().split()]
        except FileNotFoundError:
            return []
        except (OSError, Base64Error) as error:
            raise StoreFailed(f"{FILE}: {type(error).__name__}") from None

    def _write(self, keys: list[bytes]) -> None:
        new = self._file.with_name(FILE + _NEW)
        try:
            self._file.parent.mkdir(mode=0o700, exist_ok=True)
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"\n".join(map(b64encode, keys)))
                file.flush()
                os.fsync(descriptor)
            new.rename(self._file)
            folder = os.open(self._file.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StoreFailed(f"{FILE}: {type(error).__name__}") from None

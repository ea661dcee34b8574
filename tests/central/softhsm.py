# SPDX-License-Identifier: Apache-2.0
"""A software PKCS #11 token (Debian's SoftHSM) in a folder of the test's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pkcs11
import pytest

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
LABEL = "central of the tests"
PIN = "123456"


class SoftToken:
    """A token that was initialised; it has no keys yet."""

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._tokens = folder / "tokens"
        self._tokens.mkdir(parents=True)
        configuration = folder / "softhsm2.conf"
        configuration.write_text(
            f"directories.tokendir = {self._tokens}\n"
            "objectstore.backend = file\nlog.level = ERROR\n"
        )
        environment.setenv("SOFTHSM2_CONF", str(configuration))
        subprocess.run(
            [
                "softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN,
                "--so-pin", "12345678", "--module", str(MODULE),
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
        self.pin_file = folder / "pin"
        self.give_pin(PIN)

    def give_pin(self, pin: str) -> None:
        """Write a PIN to the PIN file."""
        self.pin_file.write_text(f"{pin}\n")
        self.pin_file.chmod(0o600)

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings of a service with this token."""
        return {
            "master_key_module": str(MODULE),
            "master_key_token": LABEL,
            "master_key_pin_file": str(self.pin_file),
        }

    @contextmanager
    def away(self) -> Iterator[None]:
        """Remove the token from the machine for the block."""
        elsewhere = self.folder / "a drawer"
        self._tokens.rename(elsewhere)
        yield
        elsewhere.rename(self._tokens)

    def forget_sessions(self) -> pkcs11.Token:
        """Forget all sessions, as after a removal and a return of the token; return the token."""
        library = pkcs11.lib(str(MODULE))
        library.reinitialize()
        return library.get_token(token_label=LABEL)

    @property
    def files(self) -> list[Path]:
        """Return the files in which the token keeps its content."""
        return [path for path in self._tokens.rglob("*") if path.is_file()]

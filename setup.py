# SPDX-License-Identifier: Apache-2.0
"""The build beyond `pyproject.toml`: message catalogues, and the appliance's wheel.

The catalogues (`.po`) are compiled to what gettext reads (`.mo`) by every build: wheel, sdist to
wheel, and editable installation. With `KIOSK_APPLIANCE=1` in the environment the package leaves
out what no appliance may have; `provisioning/wheel --appliance` sets it.
"""

from __future__ import annotations

import os
import shutil
from io import BytesIO
from pathlib import Path
from typing import ClassVar

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from setuptools import Command, find_packages, setup
from setuptools.command.build import build

LEFT_OUT = ("kiosk.central", "kiosk.simulated", "kiosk.demo")
SCRIPTS = {"kiosk": "kiosk.__main__:main", "kiosk-central": "kiosk.central.__main__:main"}


class Build(build):
    """Builds in an empty folder: a file that an earlier build left there would be installed."""

    sub_commands: ClassVar = [*build.sub_commands, ("build_catalogues", None)]

    def run(self) -> None:
        """Empty the build folder, then build."""
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


class BuildCatalogues(Command):
    """Compiles the `locale` folder of every package, wherever it is.

    In an editable installation, for which setuptools sets `editable_mode`, it writes beside the
    sources.
    """

    description = "compile the message catalogues"
    user_options: ClassVar = [("editable-mode", None, "write beside the sources")]
    boolean_options: ClassVar = ["editable-mode"]

    def initialize_options(self) -> None:
        """Set the defaults."""
        self.editable_mode = False
        self.build_lib = ""

    def finalize_options(self) -> None:
        """Take the build folder from `build_py`."""
        self.build_lib = self.get_finalized_command("build_py").build_lib

    def run(self) -> None:
        """Compile every catalogue, and write those that changed."""
        for built, source in self.get_output_mapping().items():
            compiled = _compile(source)
            target = Path(source).with_suffix(".mo") if self.editable_mode else Path(built)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != compiled:
                target.write_bytes(compiled)

    def get_source_files(self) -> list[str]:
        """Return the catalogues, for the sdist."""
        packages = [Path(*each.split(".")) for each in self.distribution.packages]
        found = (each.glob("locale/*/LC_MESSAGES/*.po") for each in packages)
        return sorted(str(catalogue) for each in found for catalogue in each)

    def get_outputs(self) -> list[str]:
        """Return the compiled catalogues, in the build folder."""
        return list(self.get_output_mapping())

    def get_output_mapping(self) -> dict[str, str]:
        """Return what each compiled catalogue is made from."""
        return {
            str(Path(self.build_lib, each).with_suffix(".mo")): each
            for each in self.get_source_files()
        }


def _compile(source: str) -> bytes:
    compiled = BytesIO()
    with Path(source).open("rb") as catalogue:
        try:
            write_mo(compiled, read_po(catalogue, abort_invalid=True))
        except PoFileError as error:
            raise SystemExit(f"{source}:{error.lineno}: {error}") from None
    return compiled.getvalue()


appliance = os.environ.get("KIOSK_APPLIANCE") == "1"
left_out = LEFT_OUT if appliance else ()
setup(
    packages=find_packages(
        include=["kiosk", "kiosk.*"],
        exclude=[each + rest for each in left_out for rest in ("", ".*")],
    ),
    entry_points={
        "console_scripts": [
            f"{name} = {where}" for name, where in SCRIPTS.items() if not where.startswith(left_out)
        ]
    },
    cmdclass={"build": Build, "build_catalogues": BuildCatalogues},
)

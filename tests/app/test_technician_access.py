# SPDX-License-Identifier: Apache-2.0
"""The technician's code, the waits between wrong codes, and checks that fail."""

from __future__ import annotations

import subprocess
import sys

import pytest
from nacl.pwhash import argon2id

from kiosk.app.technician_access import FREE_TRIES, Technician
from kiosk.flow.diagnosis import Part
from kiosk.values import Secret

CODE = "40710299"
HASH = argon2id.str(CODE.encode(), 1, 8192).decode()  # a cheap hash, because the test tries often


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def technician(clock: Clock) -> Technician:
    return Technician(HASH, lambda: (), clock)


def test_only_the_code_admits_a_technician(technician: Technician) -> None:
    assert technician.admit(Secret(b"40710298")) == 0
    assert technician.admit(Secret(CODE.encode())) is None


def test_waits_double_and_hold_for_the_right_code_too(technician: Technician, clock: Clock) -> None:
    waits = []
    for _ in range(FREE_TRIES + 8):
        wait = technician.admit(Secret(b"12345678"))
        assert wait is not None
        waits.append(wait)
        if wait:
            clock.now += wait - 1
            assert technician.admit(Secret(CODE.encode())) == 1, (
                "the wait is not over, even for the right code"
            )
            clock.now += 1
    assert waits == [0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert technician.admit(Secret(CODE.encode())) is None
    assert technician.admit(Secret(b"12345678")) == 0, "a success resets the waits"


def test_a_failed_check_becomes_a_finding() -> None:
    def explode() -> tuple[()]:
        raise ZeroDivisionError

    (found,) = Technician(HASH, explode).look()
    assert found.part is Part.CHECKS
    assert found.is_trouble


@pytest.mark.parametrize(("typed", "status"), [(f"{CODE}\n", 0), ("1234567\n", 2)])
def test_the_command_prints_the_hash_for_the_settings(typed: str, status: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "technician-code"],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert typed.strip() not in done.stdout + done.stderr
    if status == 0:
        assert Technician(done.stdout.strip(), lambda: ()).admit(Secret(CODE.encode())) is None

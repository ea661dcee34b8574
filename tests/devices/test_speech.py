# SPDX-License-Identifier: Apache-2.0
"""Speech by the real espeak-ng, which writes sound files here instead of playing them."""

from __future__ import annotations

import os
import shutil
import threading
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.devices.speech import Speech
from kiosk.devices.speech.espeak import EspeakSpeech
from tests import patience
from tests.patience import PATIENCE


def wait_until(true: Callable[[], bool]) -> None:
    patience.wait_until(true, "the speech goes on")


def loudness(path: Path) -> int:
    with wave.open(str(path)) as sound:
        return max(map(abs, array("h", sound.readframes(sound.getnframes()))), default=0)


@pytest.mark.parametrize("language", ["en", "cy", "pl", "uk"])
def test_speech_is_audible_in_every_language(tmp_path: Path, language: str) -> None:
    sound = tmp_path / "sound.wav"
    speech = EspeakSpeech(options=["-w", str(sound)])
    assert speech.present
    speech.say("Smartcard 123", language)
    wait_until(lambda: speech._speaking is None)
    assert speech.present
    assert loudness(sound) > 1000


def test_every_spoken_sign_has_a_name(tmp_path: Path) -> None:
    sound = tmp_path / "sound.wav"
    speech = EspeakSpeech(options=["-w", str(sound)])
    for sign in ("-", ".", "'"):
        speech.say(sign, "en")
        wait_until(lambda: speech._speaking is None)
        assert loudness(sound) > 1000, sign
        sound.unlink()


def test_new_speech_interrupts_the_old(tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\necho $$ >>pids\nexec sleep 60\n")
    slow.chmod(0o755)
    started = tmp_path / "pids"
    os.chdir(tmp_path)
    speech = EspeakSpeech(program=str(slow))
    for number in range(1, 4):
        speech.say("something long", "en")
        wait_until(lambda number=number: started.exists() and number == lines(started))  # type: ignore[misc]
    speech.say("", "en")
    wait_until(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in started.read_text().split())
    )
    assert speech.present, "stopping is not a failure"


def lines(path: Path) -> int:
    return len(path.read_text().split())


def test_spoken_text_is_never_on_an_argument_list(tmp_path: Path) -> None:
    echo = tmp_path / "echo"
    echo.write_text('#!/bin/sh\necho "$@" >"$0.arguments"\ncat >"$0.heard"\n')
    echo.chmod(0o755)
    speech: Speech = EspeakSpeech(program=str(echo))
    speech.say("Insert your smartcard", "en")
    wait_until(lambda: (tmp_path / "echo.heard").exists() and bool(lines(tmp_path / "echo.heard")))
    assert (tmp_path / "echo.heard").read_text() == "Insert your smartcard"
    assert "smartcard" not in (tmp_path / "echo.arguments").read_text()


def test_a_missing_program_is_reported(tmp_path: Path) -> None:
    speech = EspeakSpeech(program=str(tmp_path / "nothing"))
    assert not speech.present
    speech.say("words", "en")


def test_a_failed_voice_is_missing_from_then_on() -> None:
    lost = threading.Event()
    speech = EspeakSpeech(lost.set, program="false")
    assert shutil.which("false")
    assert speech.present
    speech.say("words", "en")
    assert lost.wait(PATIENCE)
    assert not speech.present


def test_the_start_and_the_end_of_speech_are_reported(
    tmp_path: Path,
) -> None:
    slow = tmp_path / "slow"
    slow.write_text('#!/bin/sh\nread words; case "$words" in long*) exec sleep 60;; esac\n')
    slow.chmod(0o755)
    going: list[bool] = []
    speech = EspeakSpeech(going=going.append, program=str(slow))
    speech.say("short", "en")
    wait_until(lambda: going == [True, False])
    speech.say("long", "en")
    speech.say("short", "en")
    wait_until(lambda: going == [True, False, True, True, False])
    speech.say("", "en")
    assert len(going) == 5, "it was silent already"
    speech.say("short", "en")
    speech.say("short too", "en", politely=True)
    speech.say("and this", "en", politely=True)
    wait_until(lambda: going[5:] == [True, True, True, False])
    del going[5:]
    speech.say("long", "en")
    speech.say("short", "en", politely=True)
    speech.say("short", "en")
    wait_until(lambda: going[5:] == [True, True, False])  # the waiting text is discarded
    del going[5:]
    speech.say("long", "en")
    speech.say("", "en")
    assert going[5:] == [True, False]
    speech.say("long", "en")
    speech.close()
    assert going[7:] == [True, False]
    speech.say("short", "en")
    assert len(going) == 9

"""espeak-ng, as a process for each thing that is said: being quiet is killing it."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence

_log = logging.getLogger(__name__)

_VOICES = {"en": "en-gb", "cy": "cy", "pl": "pl", "uk": "uk"}
_WORDS_A_MINUTE = "150"


class EspeakSpeech:
    """Keeps `Speech`. `lost` is called, from another thread, once it turns out that it cannot.

    What is said goes to its standard input: not onto an argument list, which others can read.
    """

    def __init__(
        self,
        lost: Callable[[], None] = lambda: None,
        program: str = "espeak-ng",
        options: Sequence[str] = (),
    ) -> None:
        self._program = shutil.which(program)
        self._options = tuple(options)
        self._lost = lost
        self._lock = threading.Lock()
        self._speaking: subprocess.Popen[bytes] | None = None

    @property
    def present(self) -> bool:
        """Whether the program is there, and has not failed."""
        return self._program is not None

    def say(self, words: str, language: str) -> None:
        """Say `words` instead of whatever is being said."""
        with self._lock:
            self._be_quiet()
            if not words or self._program is None:
                return
            voice = _VOICES.get(language, "en-gb")
            # A sign alone is a key that somebody looks for by ear; within words it is a pause.
            signs = ["--punct"] if len(words) == 1 else []
            command = [self._program, "-v", voice, "-s", _WORDS_A_MINUTE, *signs, *self._options]
            try:
                speaking = subprocess.Popen(
                    [*command, "--stdin"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            except OSError as error:
                self._give_up(type(error).__name__)
                return
            self._speaking = speaking
        threading.Thread(target=self._attend, args=(speaking, words), daemon=True).start()

    def close(self) -> None:
        """Be quiet."""
        with self._lock:
            self._be_quiet()
            self._program = None

    def _attend(self, speaking: subprocess.Popen[bytes], words: str) -> None:
        """Hand over what to say, and see how it ended."""
        try:
            speaking.communicate(words.encode())
        except OSError:
            speaking.wait()
        with self._lock:
            if speaking is self._speaking:  # nobody has killed it
                self._speaking = None
                if speaking.returncode != 0:
                    self._give_up(f"exit status {speaking.returncode}")

    def _be_quiet(self) -> None:
        if self._speaking is not None:
            self._speaking.kill()
            self._speaking = None

    def _give_up(self, reason: str) -> None:
        _log.warning("no speech: %s", reason)
        self._program = None
        self._lost()

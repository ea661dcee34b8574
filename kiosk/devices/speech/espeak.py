# SPDX-License-Identifier: Apache-2.0
"""espeak-ng, as a process for each thing that is said: being quiet is killing it."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence

_log = logging.getLogger(__name__)

_VOICES = {"en": "en-gb", "cy": "cy", "pl": "pl", "uk": "uk"}
_WORDS_A_MINUTE = "150"
_LONGEST_SECONDS = 300.0  # a page takes one or two minutes; a device that is stuck takes for ever


class EspeakSpeech:
    """Keeps `Speech`. `lost` is called, from another thread, once it turns out that it cannot.

    `going` hears, from any thread and in order, that something is being said (true) and that all
    of it has been, or that there is silence (false); what takes the place of another is said
    without an end between. Both return at once.

    What is said goes to its standard input: not onto an argument list, which others can read.
    """

    def __init__(
        self,
        lost: Callable[[], None] = lambda: None,
        going: Callable[[bool], None] = lambda _: None,
        program: str = "espeak-ng",
        options: Sequence[str] = (),
    ) -> None:
        self._program = shutil.which(program)
        self._options = tuple(options)
        self._lost, self._going = lost, going
        self._lock = threading.Lock()
        self._speaking: subprocess.Popen[bytes] | None = None
        self._next: deque[tuple[str, str]] = deque()  # what waits politely

    @property
    def present(self) -> bool:
        """Whether the program is there, and has not failed."""
        return self._program is not None

    def say(self, words: str, language: str, *, politely: bool = False) -> None:
        """Say `words` instead of whatever is being said; `politely`, after it."""
        with self._lock:
            if politely and self._speaking is not None:
                self._next.append((words, language))
                return
            interrupted = self._be_quiet()
            if words and self._program is not None:
                self._begin(words, language)
            elif interrupted:
                self._going(False)

    def close(self) -> None:
        """Be quiet."""
        self.say("", "")
        self._program = None

    def _begin(self, words: str, language: str) -> None:
        voice = _VOICES.get(language, "en-gb")
        # A sign alone is a key that somebody looks for by ear; within words it is a pause.
        signs = ["--punct"] if len(words) == 1 else []
        command = [str(self._program), "-v", voice, "-s", _WORDS_A_MINUTE, *signs, *self._options]
        try:
            speaking = subprocess.Popen(
                [*command, "--stdin"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            self._going(False)
            self._give_up(type(error).__name__)
            return
        self._speaking = speaking
        self._going(True)
        threading.Thread(target=self._attend, args=(speaking, words), daemon=True).start()

    def _attend(self, speaking: subprocess.Popen[bytes], words: str) -> None:
        """Hand over what to say, and see how it ended."""
        stuck = False
        try:
            speaking.communicate(words.encode(), timeout=_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            stuck = True
            speaking.kill()
            speaking.wait()
        except OSError:
            speaking.wait()
        with self._lock:
            if speaking is not self._speaking:
                return  # killed, for something else or for silence
            self._speaking = None
            failed = speaking.returncode != 0
            if self._next and not failed:
                self._begin(*self._next.popleft())
                return
            self._going(False)
            if failed and not stuck:
                self._give_up(f"exit status {speaking.returncode}")

    def _be_quiet(self) -> bool:
        """End what is being said; whether anything was."""
        self._next.clear()
        speaking, self._speaking = self._speaking, None
        if speaking is not None:
            speaking.kill()
        return speaking is not None

    def _give_up(self, reason: str) -> None:
        _log.warning("no speech: %s", reason)
        self._program = None
        self._lost()

# SPDX-License-Identifier: Apache-2.0
"""Speaks with espeak-ng, one process for each text; killing the process silences it."""

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
_LONGEST_SECONDS = 300.0  # a page takes one or two minutes; a stuck sound device takes for ever


class EspeakSpeech:
    """Implements `Speech`; `lost` is called, in another thread, if speech turns out not to work.

    `going` is called, in any thread and in order: with true when a text begins, with false when all
    texts have been said or there is silence. A text that replaces another causes no false in
    between. Both callbacks return at once.

    The text is written to the process's standard input, not to its argument list, which others can
    read.
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
        self._next: deque[tuple[str, str]] = deque()  # texts that wait

    @property
    def present(self) -> bool:
        """Whether the program is installed and has not failed."""
        return self._program is not None

    def say(self, words: str, language: str, *, politely: bool = False) -> None:
        """Say `words` in place of the present text, or after it if `politely`."""
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
        """Be silent for good."""
        self.say("", "")
        self._program = None

    def _begin(self, words: str, language: str) -> None:
        voice = _VOICES.get(language, "en-gb")
        # Name a punctuation mark that is alone: it is a key that a user looks for by ear. Inside
        # words it is a pause.
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
        """Write the text to the process, wait for its end, and check its result."""
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
        """Stop the present text; return whether there was one."""
        self._next.clear()
        speaking, self._speaking = self._speaking, None
        if speaking is not None:
            speaking.kill()
        return speaking is not None

    def _give_up(self, reason: str) -> None:
        _log.warning("speech failed: %s", reason)
        self._program = None
        self._lost()

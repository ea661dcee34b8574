# SPDX-License-Identifier: Apache-2.0
"""Stories, walked by touches at the real widgets, through a real pcscd and a real server.

Close variants are left out; the proof `everybody` walks all stories, at both sizes.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from tests.dealing import dealt
from tests.journeys.given import given
from tests.journeys.mishaps import AT_FULL_SIZE, EVERY_STORY
from tests.journeys.walking import Told, walk_all
from tests.secrets_search import search

SHARE = dealt(story for story in EVERY_STORY if story not in AT_FULL_SIZE)
_STORIES_EACH = 24
WALKERS = -(-len(SHARE) // _STORIES_EACH)


@pytest.fixture(scope="module")
def premises(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with all files that the kiosk, central and the sync write."""
    return tmp_path_factory.mktemp("journeys")


@pytest.fixture(scope="module")
def walked(premises: Path) -> Told:
    """Walk the stories, and return the result of each."""
    return walk_all(premises, "800x480", turn=0, walkers=WALKERS, which="smaller")


@pytest.mark.timeout(1560)
@pytest.mark.parametrize("story", SHARE)
def test_story(walked: Told, story: str) -> None:
    assert walked[story]["failed"] is None, walked[story]["way"]


@pytest.mark.parametrize("story", SHARE)
def test_no_personal_data_is_left(walked: Told, story: str) -> None:
    assert walked[story]["remains"] == []


def secrets_of(walked: Told) -> dict[str, bytes]:
    """Return all that was typed in these stories, and all keys that opened the card."""
    words = {f"word {number}": word.encode() for number, word in enumerate(sorted(given()))}
    # The key as a PIV card holds it and a grant carries it; the walker prints it in hexadecimal.
    found = {bytes.fromhex(key) for each in walked.values() for key in each["keys"]}
    keys = {f"key {number}": key for number, key in enumerate(sorted(found))}
    return {**words, **keys}


def test_no_written_file_contains_a_secret(walked: Told, premises: Path) -> None:
    """Search the most verbose logs, both databases with their journals, and the pictures."""
    for folder in premises.iterdir():
        written = {path.name for path in folder.iterdir()}
        assert {"kiosk.log", "stderr.log", "central.log", "sync.log"} <= written
        assert {"central.sqlite3", "state"} <= written
        assert "kiosk.app.runtime" in (folder / "kiosk.log").read_text()
    assert search([premises], secrets_of(walked)) == []


def test_the_search_finds_a_planted_secret(walked: Told, premises: Path) -> None:
    for name, secret in secrets_of(walked).items():
        planted = premises / "planted.log"
        apdu = b"> " + secret.hex(" ").upper().encode()
        for content in (secret, secret.hex().encode(), apdu, b64encode(b"{" + secret + b"}")):
            planted.write_bytes(b"2026 INFO: " + content + b" and more")
            assert search([planted], {name: secret}), name
        planted.unlink()

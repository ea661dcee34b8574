# SPDX-License-Identifier: Apache-2.0
"""Names that cannot be encoded are failures like others, wherever they are looked up or written."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from kiosk.central.addresses import Sender
from kiosk.central.http import door
from kiosk.central.mail.conversation import conversation
from kiosk.central.mail.letters import Letter
from kiosk.central.mail.transport import FolderMailTransport, SmtpMailTransport
from kiosk.errors import MailFailed
from tests.host_names import UNENCODABLE

SENDER = Sender("Kiosk", "kiosk@example.nhs.uk")


@pytest.mark.parametrize("host", UNENCODABLE)
def test_a_mail_server_of_that_name_takes_no_letter(host: str) -> None:
    letter = Letter("a code", ("Dear Nora",), "042042")
    with pytest.raises(MailFailed):
        SmtpMailTransport(host, 25, SENDER).deliver("nora@nhs.net", letter)


@pytest.mark.parametrize("host", UNENCODABLE)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_conversation_fails_by_an_unencodable_name(host: str, wrapped: bool) -> None:
    with (
        pytest.raises(MailFailed),
        conversation(host, 465, ssl.create_default_context(), wrapped=wrapped),
    ):
        pass


@pytest.mark.parametrize("place", ["subject", "text"])
def test_a_letter_with_half_a_character_is_not_sent(tmp_path: Path, place: str) -> None:
    name = "Nora \udcff"
    subject, text = (name, "Dear Nora") if place == "subject" else ("a code", name)
    letter = Letter(subject, (text,), "")
    with pytest.raises(MailFailed):
        FolderMailTransport(tmp_path, SENDER).deliver("nora@nhs.net", letter)
    with pytest.raises(MailFailed):
        SmtpMailTransport("127.0.0.1", 9, SENDER).deliver("nora@nhs.net", letter)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", UNENCODABLE)
def test_nothing_listens_at_that_name(host: str) -> None:
    with pytest.raises(OSError, match=r"encode|not known|Name"):
        door.listen(host, 0)

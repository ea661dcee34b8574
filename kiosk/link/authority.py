# SPDX-License-Identifier: Apache-2.0
"""Central as the authority over a card: it holds the administrator key and answers for it."""

from __future__ import annotations

from uuid import UUID

from pydantic import ValidationError

from kiosk.contract import messages as msg
from kiosk.errors import CardMalformed
from kiosk.link.client import CentralClient


class CentralAuthority:
    """Implements `card.session.Authority`; each call is a request and raises the client's errors.

    Raises CardMalformed if the card sends something that no such card sends.
    """

    def __init__(self, central: CentralClient, session: UUID) -> None:
        self._central = central
        self._session = session
        self._dialogue: msg.ChallengeOpened | None = None

    def opening(self) -> bytes:
        """Return central's challenge, or nothing for the external form."""
        self._dialogue = self._central.open_challenge(self._session)
        return self._dialogue.opening

    def answer(self, challenge: bytes) -> bytes:
        """Return the response to the card's challenge."""
        try:
            request = msg.CardChallenge(challenge=challenge)
        except ValidationError:
            raise CardMalformed(f"challenge: {len(challenge)} bytes") from None
        number = self._opened.number
        return self._central.answer_challenge(self._session, number, request).response

    def check(self, reply: bytes) -> None:
        """Ask central to check the card's reply, in the mutual form."""
        if not self._opened.opening:
            return
        try:
            request = msg.CardReply(reply=reply)
        except ValidationError:
            raise CardMalformed(f"reply: {len(reply)} bytes") from None
        self._central.judge_reply(self._session, self._opened.number, request)

    @property
    def _opened(self) -> msg.ChallengeOpened:
        if self._dialogue is None:
            raise CardMalformed("no dialogue was opened")
        return self._dialogue

# SPDX-License-Identifier: Apache-2.0
"""The troubles that a help screen explains."""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """A trouble that a help screen explains; ASKED: nothing is wrong, and the user pressed Help."""

    ASKED = "asked"
    CARD_NOT_KNOWN = "card not known"
    CARD_UNREADABLE = "card unreadable"
    CARD_MUTE = "card mute"
    CARD_PULLED = "card pulled"
    CARD_PULLED_AT_WORK = "card pulled at work"
    CARD_PULLED_REGISTERING = "card pulled registering"
    CARD_SWAPPED = "card swapped"
    CARD_SPENT = "card spent"
    READER = "reader"
    NOT_REGISTERED = "not registered"
    CARD_STOPPED = "card stopped"
    LOCKED_OUT = "locked out"
    WAIT = "wait"
    FROZEN = "frozen"
    MAIL = "mail"
    NOT_TRUSTED = "not trusted"
    UNLOCK_ONLY = "unlock only"
    SESSION_OVER = "session over"
    NO_MORE_CODES = "no more codes"
    UNSETTLED = "unsettled"
    OFFLINE_OVER = "offline over"
    CHANGE_FAILED = "change failed"
    CENTRAL = "central"
    UNLOCK_FAILED = "unlock failed"
    STORE = "store"
    OUT_OF_SERVICE = "out of service"
    UNVERIFIED = "unverified"
    SCREEN = "screen"

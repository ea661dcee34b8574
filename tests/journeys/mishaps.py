# SPDX-License-Identifier: Apache-2.0
"""Mishaps of card, reader, card service and other programs, and what the user sees.

The stories are like those of `stories`, with steps for what happens beside the screen. Each ends at
the start screen, and the next story finds everything working.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from kiosk.demo.journey import (
    Block,
    DemoCard,
    Insert,
    Press,
    Renew,
    See,
    Step,
    Take,
    new_passcode,
)
from kiosk.demo.premises import Premises
from kiosk.flow.view import Intent
from kiosk.simulated.faults import Fault, Mishap
from kiosk.simulated.issuing import new_key
from kiosk.simulated.piv_card import PivMemory
from kiosk.simulated.virtual_card import Blank
from kiosk.values import Family
from tests.devices.bench import workers
from tests.devices.cards import UNBLOCK
from tests.devices.rival import Hold, rival
from tests.journeys.breakage import OUT_OF_SERVICE, SCREEN_FAILURES
from tests.journeys.happening import MISSED, Do, Story, While, Within
from tests.journeys.late_codes import LATE_CODES
from tests.journeys.offline import WITHOUT_CENTRAL
from tests.journeys.refusals import REFUSALS
from tests.journeys.registering import REGISTERING
from tests.journeys.stories import AT_LAST, FIRST, RIGHT, START, STORIES, UNLOCKED, answers
from tests.patience import wait_until

# Shorter than in service, because a story waits for a mute card.
DEADLINES = {"unlock": 10.0}


def insert(*faults: Fault) -> Do:
    """Return a step that inserts the cardholder's card with these faults."""
    return Do(f"insert {faults}", lambda premises: premises.insert(DemoCard.HERS, *faults))


def _kill_worker(_: Premises) -> None:
    for pid in wait_until(workers, "a card worker"):
        os.kill(pid, signal.SIGKILL)


@contextmanager
def _service_stopped(premises: Premises) -> Iterator[None]:
    premises.pcscd.stop()
    try:
        yield
    finally:
        premises.pcscd.start()


@contextmanager
def _reader_unplugged(premises: Premises) -> Iterator[None]:
    premises.pcscd.unplug()
    try:
        yield
    finally:
        premises.pcscd.plug()


@contextmanager
def _central_hangs(premises: Premises) -> Iterator[None]:
    premises.central.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        premises.central.send_signal(signal.SIGCONT)


def _is_locked(premises: Premises) -> None:
    time.sleep(2.0)  # nothing is done to it meanwhile
    if premises.card.passcode_left:
        raise AssertionError("the card was unlocked")


@contextmanager
def _forged_keys(premises: Premises) -> Iterator[None]:
    """Give the card other keys, with the same certificates."""
    memory = premises.card.chip.memory
    if not isinstance(memory, PivMemory):
        raise TypeError(premises.card.family)
    keys = memory.keys
    memory.keys = {slot: new_key("P-256") for slot in keys}
    try:
        yield
    finally:
        memory.keys = keys


def _thaw(premises: Premises) -> None:
    """Thaw the card as the RA does, with the tries it reports; fails unless the card is frozen."""
    tries = ("--tries", str(premises.card.unblocking_left))
    premises.central.run("cards", "thaw", premises.card.serial, *tries)


def _rival(_: Premises) -> AbstractContextManager[None]:
    return rival(Hold.TRANSACTION)


TOO_SOON = See("Your smartcard was taken out too soon")
NO_ANSWER = See("Your smartcard does not answer")
READER_STOPPED = See("The card reader has stopped working")
LEAVE: list[Step] = [Take(), Press(Intent.CLOSE), *START]
# Three right answers are enough.
ANSWERED = answers(*RIGHT[:3], None)
READ_ANEW: list[Step] = [Insert(), See(FIRST), Take(), *START]
# Pulled during the command: nobody can know whether the card did it.
PULLED_AT_WORK: list[Step | Do | Within] = [
    insert(Fault(Mishap.PULLED, instruction=UNBLOCK)),
    *ANSWERED,
    *new_passcode("846213"),
    TOO_SOON,
    Take(),
    MISSED,  # pcscd looks every 0.4 s, and nobody is quicker
]

MISHAPS: dict[str, Story] = {
    "the card gives an empty answer": [
        *START,
        # Several times: pcscd may see the card gone for a moment, and then it is read again.
        insert(*(Fault(Mishap.EMPTY_REPLY, at=command) for command in (3, 6, 9, 12))),
        TOO_SOON,
        See("Insert it again and leave it in"),
        *LEAVE,
    ],
    "the card gives an answer of one byte": [
        insert(Fault(Mishap.ONE_BYTE_REPLY, at=3)),
        TOO_SOON,
        *LEAVE,
    ],
    "the card answers more than it was asked": [
        insert(Fault(Mishap.LONG_REPLY, at=3)),
        See("Your smartcard could not be read"),
        See("the card may be damaged"),
        *LEAVE,
    ],
    "the card loses its contacts at a command": [
        insert(Fault(Mishap.PULLED, at=3)),
        TOO_SOON,
        *LEAVE,
    ],
    "the card is swapped at a command, too fast to be seen go": [
        insert(Fault(Mishap.PULLED, at=3, other=Blank())),
        See("ext. 3333"),  # the help page depends on whether pcscd saw the first card go
        *LEAVE,
    ],
    "the card falls silent": [
        insert(Fault(Mishap.MUTE, at=3)),
        NO_ANSWER,
        See("Take your smartcard out and insert it again"),
        *LEAVE,
    ],
    # Slow, so that even a busy machine draws the page in time.
    "the card is taken while it is read": [
        *START,
        Block(),
        insert(Fault(Mishap.SLOW, at=3, seconds=5.0)),
        See("Reading your smartcard"),
        Take(),
        TOO_SOON,
        Press(Intent.CLOSE),
        *START,
    ],
    "the card is slow": [
        insert(Fault(Mishap.SLOW, at=3, seconds=1.0)),
        See(FIRST),
        Take(),
        *START,
    ],
    "the card's process is killed": [
        insert(Fault(Mishap.MUTE, at=3)),
        Do("kill the worker", _kill_worker),
        NO_ANSWER,
        *LEAVE,
    ],
    "the card service stops at a question, and starts": [
        Insert(),
        See(FIRST),
        While(
            "the card service is stopped",
            _service_stopped,
            [
                READER_STOPPED,
                See("Take your smartcard with you"),
                Take(),
                Press(Intent.CLOSE),
                See("The card reader is not available"),
            ],
        ),
        *READ_ANEW,
    ],
    "the reader is unplugged, and plugged in": [
        While("the reader is unplugged", _reader_unplugged, [See("There is no card reader")]),
        *READ_ANEW,
    ],
    "another program holds the card": [
        Insert(),
        See(FIRST),
        While("a rival holds the card", _rival, [*ANSWERED, READER_STOPPED]),
        *LEAVE,
    ],
    "another chip, with all that can be read of hers": [
        While(
            "the card is a forgery",
            _forged_keys,
            [Insert(), *ANSWERED, See("This is not the smartcard you started with"), *LEAVE],
        ),
    ],
    "the card falls silent when it was unlocked, and comes back": [
        insert(Fault(Mishap.MUTE, instruction=UNBLOCK, acted=True)),
        *ANSWERED,
        *new_passcode("420693"),
        NO_ANSWER,
        See("Nothing on it has been lost"),
        *LEAVE,
        Insert(),
        See("Your smartcard is not locked"),
        Take(),
        *START,
    ],
    "the card is pulled twice while it is unlocked, and the RA looks at it": [
        *START,
        Renew(Family.PIV),
        *PULLED_AT_WORK,
        *PULLED_AT_WORK,
        # Each may have cost it a try: the next one could be its last.
        Insert(),
        See("Your smartcard needs to be looked at"),
        See("Unlocking it was interrupted several times."),
        See("ext. 3333"),
        *LEAVE,
        Do("the RA looks at it, and lets it be unlocked again", _thaw),
        Insert(),
        *answers(*RIGHT),
        *new_passcode("846213"),
        *UNLOCKED,
    ],
    "the card is pulled before central has answered, and comes back": [
        *START,
        Block(),
        Insert(),
        *ANSWERED,
        *new_passcode("581374")[:-1],
        While(
            "central hangs",
            _central_hangs,
            [
                Press(Intent.CONTINUE),
                See("Do not remove your smartcard"),
                Take(),
                TOO_SOON,
                MISSED,
                Insert(),
                See("Looking up your registration"),
            ],
        ),
        See(FIRST),
        Do("nothing of the visit before is done to the card", _is_locked),
        Take(),
        *START,
    ],
    # Another card: central does not unlock one that was interrupted twice in a row.
    "the card is swapped when it is to be unlocked": [
        Renew(Family.PIV),
        insert(Fault(Mishap.PULLED, instruction=UNBLOCK, other=Blank())),
        *ANSWERED,
        *new_passcode("420693"),
        See("ext. 3333"),  # as above
        *LEAVE,
    ],
}

# Close variants of others, whose parts have tests of their own: walked only by the proof.
AT_FULL_SIZE = frozenset(
    {
        "the card gives an answer of one byte",
        "the card answers more than it was asked",
        "the card is swapped at a command, too fast to be seen go",
        "the card is slow",
        "the card is swapped when it is to be unlocked",
        "capitals, spaces and a forgotten answer are forgiven",
        "a card of another organisation",
        "an ISO 7816 card, which can be unlocked and nothing else",
        "a nurse registers again, and gives her present answers twice",
        "a pause after wrong answers, and the end of them",
        "without central there are few attempts, and central hears of them",
    }
)

# The stories without a mishap come last: the kiosk has been through all mishaps then.
EVERY_STORY: dict[str, Story] = {
    **MISHAPS,
    **STORIES,
    **REGISTERING,
    **REFUSALS,
    **LATE_CODES,
    **WITHOUT_CENTRAL,
    **SCREEN_FAILURES,
    **AT_LAST,
    **OUT_OF_SERVICE,
}


def steps_of(story: Story) -> Iterator[Step]:
    """Yield each step of the story at the screen."""
    for step in story:
        if isinstance(step, While):
            yield from steps_of(step.steps)
        elif not isinstance(step, Do | Within):
            yield step

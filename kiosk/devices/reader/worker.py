# SPDX-License-Identifier: Apache-2.0
"""The card worker: a process that does one card operation at a time, and can be killed.

`process` starts it with the file descriptor of its socket as the only argument.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from kiosk.card import passcode_work
from kiosk.card.apdu import Connection
from kiosk.card.examination import examine
from kiosk.card.proving import prove
from kiosk.card.recognition import inspect
from kiosk.card.unlock_work import CardStep, unlock
from kiosk.devices.reader import wire, worker_messages
from kiosk.devices.reader.pcsc import PcscContext, has_card
from kiosk.errors import CardError, CardRemoved, ReaderUnavailable
from kiosk.hardening import harden
from kiosk.values import ReaderTrouble

_SERVICE_SECONDS = 1.0  # to retry a connection that breaks before the card was sent anything
_RETRIED = {ReaderTrouble.NO_SERVICE, ReaderTrouble.NO_ACCESS}


def serve(parent: socket.socket) -> None:
    """Answer requests until the parent is gone."""
    while True:
        request = wire.read(parent)
        try:
            answer = {"result": perform(request, parent)}
        except CardError as error:
            answer = {"error": worker_messages.from_error(error)}
        wire.write(parent, answer)


def perform(request: wire.Fields, parent: socket.socket) -> wire.Fields:
    """Do the requested operation with the inserted card; raises CardError.

    The request's secrets are wiped afterwards, even if there was no card.
    """
    if request["operation"] == "answer":
        return {}
    with _wiped(request), _inserted_card() as card:
        wire.write(parent, worker_messages.HAS_CARD)
        return _OPERATIONS[request["operation"]](card, request, parent)


def _inspect(card: Connection, _: wire.Fields, _parent: socket.socket) -> wire.Fields:
    return worker_messages.from_report(inspect(card))


def _examine(card: Connection, _: wire.Fields, _parent: socket.socket) -> wire.Fields:
    return {"findings": [[each.what, each.found] for each in examine(card)]}


def _prove(card: Connection, request: wire.Fields, _: socket.socket) -> wire.Fields:
    identity = worker_messages.to_identity(request["identity"])
    return {"signature": prove(card, identity, request["certificate"], request["digest"])}


def _sign(card: Connection, request: wire.Fields, _: socket.socket) -> wire.Fields:
    expected, passcode = worker_messages.to_expected(request), request["passcode"]
    signature = passcode_work.sign(
        card, expected, request["certificate"], passcode, request["digest"]
    )
    return {"signature": signature}


def _change(card: Connection, request: wire.Fields, _: socket.socket) -> wire.Fields:
    passcode_work.change(card, worker_messages.to_expected(request), request["old"], request["new"])
    return {}


def _unlock(card: Connection, request: wire.Fields, parent: socket.socket) -> wire.Fields:
    plan = worker_messages.to_plan(request["plan"])
    authority = _ParentsAuthority(parent)
    unlocked = unlock(card, plan, lambda step: _record(parent, step), authority)
    return {"generation": unlocked.generation}


_OPERATIONS = {
    "inspect": _inspect,
    "examine": _examine,
    "prove": _prove,
    "sign": _sign,
    "change": _change,
    "unlock": _unlock,
}


@contextmanager
def _wiped(request: wire.Fields) -> Iterator[None]:
    """Wipe every secret of the request at the end, even after an error."""
    try:
        yield
    finally:
        for secret in wire.secrets_in(request):
            secret.wipe()


def _record(parent: socket.socket, step: CardStep) -> None:
    wire.write(parent, {"step": worker_messages.from_step(step)})
    if wire.read(parent) != worker_messages.RECORDED:
        raise wire.WireClosed


class _ParentsAuthority:
    """The parent's authority, asked over the wire; implements `card.session.Authority`."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent

    def opening(self) -> bytes:
        return self._consult("opening")

    def answer(self, challenge: bytes) -> bytes:
        return self._consult("answer", challenge)

    def check(self, reply: bytes) -> None:
        self._consult("check", reply)

    def _consult(self, what: str, content: bytes = b"") -> bytes:
        wire.write(self._parent, {"consult": what, "bytes": content})
        answer: bytes = wire.read(self._parent)["said"]
        return answer


@contextmanager
def _inserted_card() -> Iterator[Connection]:
    """Open the card in the first reader that has one, in a new context.

    The context is new each time, because one that has seen pcscd stop claims to be valid and is
    not. If the connection to pcscd breaks on the way to the card, nothing was spent, so it is
    retried for a short time before it counts as a failed service.
    """
    with ExitStack() as open_now:
        end = time.monotonic() + _SERVICE_SECONDS
        while True:
            try:
                card = _connected(open_now)
                break
            except ReaderUnavailable as error:
                open_now.close()
                if error.trouble not in _RETRIED or time.monotonic() > end:
                    raise
                time.sleep(0.1)
        yield card


def _connected(open_now: ExitStack) -> Connection:
    context = PcscContext()
    open_now.callback(context.release)
    readers = context.readers()
    if not readers:
        raise ReaderUnavailable(ReaderTrouble.NO_READER)
    states = context.wait(dict.fromkeys(readers, 0), 0)
    for reader in readers:
        if has_card(states.get(reader, 0)):
            return open_now.enter_context(context.card(reader))
    raise CardRemoved("connect")


def main() -> None:
    """Run as `python -m kiosk.devices.reader.worker FD`."""
    harden()
    with socket.socket(fileno=int(sys.argv[1])) as parent:
        try:
            serve(parent)
        except wire.WireClosed:
            return


if __name__ == "__main__":
    main()

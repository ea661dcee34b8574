# SPDX-License-Identifier: Apache-2.0
"""Short APDUs, chaining, GET RESPONSE, and the answers of a card that is being removed."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.card.apdu import TRAFFIC, Command, must, send
from kiosk.errors import CardMalformed, CardRefused, CardRemoved
from tests.card.connections import Scripted

READ = Command("READ", 0xCB, 0x3F, 0xFF, b"\x5c\x00", expected=256)


def test_a_long_answer_is_collected() -> None:
    card = Scripted("AA" * 256 + "6110", "BB" * 16 + "9000")
    assert send(card, READ).data == b"\xaa" * 256 + b"\xbb" * 16
    assert card.commands[1] == bytes.fromhex("00C0000010")


def test_a_long_command_is_chained() -> None:
    card = Scripted("9000", "9000")
    send(card, Command("SIGN", 0x87, 7, 0x9A, bytes(range(256)) + b"\xff", expected=256))
    assert card.commands[0][:5] == bytes.fromhex("1087079AFF")
    assert card.commands[1] == bytes.fromhex("0087079A02FFFF00")


def test_a_chain_stops_when_the_card_refuses() -> None:
    card = Scripted("6700")
    response = send(card, Command("SIGN", 0x87, 7, 0x9A, bytes(300), expected=256))
    assert (response.status, len(card.commands)) == (0x6700, 1)


def test_a_command_is_repeated_with_the_length_that_the_card_names() -> None:
    card = Scripted("6C03", "0102039000")
    assert send(card, Command("READ", 0xCA, 0, 0, expected=256)).data == b"\x01\x02\x03"
    assert card.commands[1] == bytes.fromhex("00CA000003")


def test_a_command_with_data_is_never_sent_twice() -> None:
    card = Scripted("6C10")
    assert send(card, Command("UNBLOCK", 0x2C, 0, 0x80, bytes(16), expected=256)).status == 0x6C10
    assert len(card.commands) == 1


@pytest.mark.parametrize("reply", ["", "90"])
def test_an_answer_without_status_word_means_a_removed_card(reply: str) -> None:
    with pytest.raises(CardRemoved):
        send(Scripted(reply), READ)


def test_an_answer_longer_than_asked_is_refused() -> None:
    with pytest.raises(CardMalformed):
        send(Scripted("AA" * 4 + "9000"), Command("READ", 0xCA, 0, 0, expected=3))
    with pytest.raises(CardMalformed):
        send(Scripted("AA9000"), Command("VERIFY", 0x20, 0, 0x80))


def test_an_endless_answer_is_cut_off() -> None:
    with pytest.raises(CardMalformed):
        send(Scripted(*["AA" * 200 + "61C8"] * 200), READ)
    with pytest.raises(CardMalformed):
        send(Scripted("6110", *["6110"] * 9), READ)


def test_a_refusal_names_the_refused_command() -> None:
    with pytest.raises(CardRefused) as caught:
        must(Scripted("6A82"), READ)
    assert (caught.value.command, caught.value.status) == ("READ", 0x6A82)


@given(st.binary(min_size=6, max_size=16))
def test_the_traffic_log_contains_no_data(data: bytes) -> None:
    logger = logging.getLogger("kiosk.card.apdu")
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Lines()
    logger.addHandler(handler)
    logger.setLevel(TRAFFIC)
    try:
        send(Scripted("9000"), Command("VERIFY", 0x20, 0, 0x80, data))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert len(lines) == 1
    assert data.hex() not in lines[0]


# ---------------------------------------------------------------- extended length

LONG = Command("SIGN", 0x87, 7, 0x9A, bytes(270), expected=256, repeatable=True)


class Announcing(Scripted):
    """A card whose historical bytes announce extended length and no chaining."""

    atr = bytes.fromhex("3B858001807300004000")


def test_extended_length_is_used_if_the_card_announces_it_without_chaining() -> None:
    card = Announcing("AA" * 264 + "9000")
    assert len(send(card, LONG).data) == 264
    assert card.commands == [bytes.fromhex("0087079A00010E") + bytes(270) + b"\0\0"]


def test_short_commands_stay_short() -> None:
    card = Announcing("9000")
    send(card, Command("VERIFY", 0x20, 0, 0x80, bytes(8)))
    assert card.commands == [bytes.fromhex("0020008008") + bytes(8)]


@pytest.mark.parametrize("status", ["6884", "6883", "6E00", "6700"])
def test_a_repeatable_command_is_sent_whole_if_chaining_is_refused(status: str) -> None:
    card = Scripted(status, "AA9000")
    assert send(card, LONG).data == b"\xaa"
    assert [command[:5] for command in card.commands] == [
        bytes.fromhex("1087079AFF"),
        bytes.fromhex("0087079A00"),
    ]


def test_a_command_that_could_spend_a_try_is_never_sent_in_another_form() -> None:
    card = Scripted("6884")
    spending = Command("UNBLOCK", 0x2C, 0, 0x80, bytes(270))
    assert send(card, spending).status == 0x6884
    assert len(card.commands) == 1


def test_an_answer_in_tiny_parts_is_cut_off() -> None:
    with pytest.raises(CardMalformed):
        send(Scripted(*["AA6101"] * 400), READ)

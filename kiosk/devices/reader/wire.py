# SPDX-License-Identifier: Apache-2.0
"""The protocol between the kiosk and its card worker: frames over a socket pair.

A frame is the length of a JSON head (4 bytes, big-endian), the head, then each secret as 2 bytes of
length and its bytes. Bytes in the head are `{"hex": …}`. A secret is `{"secret": n}` with its bytes
outside the head, so that they pass only through buffers that can be wiped, never through a str. The
format is JSON and not pickle: a worker that a hostile card has taken over must not take over its
parent.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

from kiosk.values import Secret

_LONGEST_HEAD = 1 << 20
_MOST_SECRETS = 8  # in one frame: an unlock's plan has three

Fields = dict[str, Any]


class WireClosed(Exception):
    """The other side is gone, or sent an invalid frame."""


def write(connection: socket.socket, fields: Fields, until: float | None = None) -> None:
    """Send one frame; `fields` may hold str, int, bool, None, bytes, Secret, lists and dicts.

    Raises TimeoutError if it is not sent completely by `until` (of the monotonic clock).
    """
    secrets: list[Secret] = []
    head = json.dumps(_outward(fields, secrets)).encode()
    frame = bytearray(len(head).to_bytes(4, "big") + head)
    for secret in secrets:
        frame += len(secret).to_bytes(2, "big") + secret.reveal()
    try:
        if until is not None:
            connection.settimeout(_left(until))  # of `sendall` as a whole
        connection.sendall(frame)
    except TimeoutError:
        raise
    except OSError as error:
        raise WireClosed from error
    finally:
        frame[:] = bytes(len(frame))


def read(connection: socket.socket, until: float | None = None) -> Fields:
    """Receive one frame; raises WireClosed if anything is wrong with it.

    Raises TimeoutError if it is not complete by `until` (of the monotonic clock). Without `until`
    it waits for ever.
    """
    length = int.from_bytes(_exactly(connection, 4, until), "big")
    if length > _LONGEST_HEAD:
        raise WireClosed
    text = _exactly(connection, length, until)
    secrets: list[Secret] = []
    try:
        head = json.loads(text)
        count = _count_secrets(head)
        if not isinstance(head, dict) or count > _MOST_SECRETS:
            raise WireClosed
        for _ in range(count):
            size = int.from_bytes(_exactly(connection, 2, until), "big")
            data = _exactly(connection, size, until)
            secrets.append(Secret(data))
            data[:] = bytes(len(data))
        inward = _inward(head, secrets)
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        for secret in secrets:
            secret.wipe()
        raise WireClosed from error
    if not isinstance(inward, dict):
        raise WireClosed
    return inward


def secrets_in(value: Any) -> Iterator[Secret]:
    """Yield every secret in received fields."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from secrets_in(each)


def _exactly(connection: socket.socket, count: int, until: float | None) -> bytearray:
    data = bytearray(count)
    view, done = memoryview(data), 0
    while done < count:
        # Set again before each piece: a slow sender must not get the whole time for every byte.
        if until is not None:
            connection.settimeout(_left(until))
        try:
            received = connection.recv_into(view[done:])
        except TimeoutError:
            raise
        except OSError as error:
            raise WireClosed from error
        if not received:
            raise WireClosed
        done += received
    return data


def _left(until: float) -> float:
    """Return the seconds until then; raises TimeoutError if none are left."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _outward(value: Any, secrets: list[Secret]) -> Any:
    if isinstance(value, Secret):
        secrets.append(value)
        return {"secret": len(secrets) - 1}
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, dict):
        return {key: _outward(each, secrets) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_outward(each, secrets) for each in value]
    return value


def _inward(value: Any, secrets: list[Secret]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"hex"}:
            return bytes.fromhex(value["hex"])
        if value.keys() == {"secret"}:
            return secrets[value["secret"]]
        return {key: _inward(each, secrets) for key, each in value.items()}
    if isinstance(value, list):
        return [_inward(each, secrets) for each in value]
    return value


def _count_secrets(value: Any) -> int:
    if isinstance(value, dict):
        if value.keys() == {"secret"}:
            return 1
        return sum(_count_secrets(each) for each in value.values())
    if isinstance(value, list):
        return sum(_count_secrets(each) for each in value)
    return 0

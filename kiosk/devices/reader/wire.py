"""What passes between the kiosk and its card worker: frames over a socket pair.

A frame is the length of a JSON head (4 bytes, big-endian), the head, then each secret as 2 bytes of
length and its bytes. Bytes in the head are `{"hex": …}`; a secret is `{"secret": n}`, its bytes
outside of the head, so that they pass through buffers which can be wiped and never through a str.
JSON and not pickle: a worker that a hostile card has taken over must not take over its parent.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

from kiosk.values import Secret

_LONGEST_HEAD = 1 << 20

Fields = dict[str, Any]


class WireClosed(Exception):
    """The other side is gone."""


def write(connection: socket.socket, fields: Fields) -> None:
    """Send one frame. `fields` may hold str, int, bool, None, bytes, Secret, lists and dicts."""
    secrets: list[Secret] = []
    head = json.dumps(_outward(fields, secrets)).encode()
    frame = bytearray(len(head).to_bytes(4, "big") + head)
    for secret in secrets:
        frame += len(secret).to_bytes(2, "big") + secret.reveal()
    try:
        connection.sendall(frame)
    except TimeoutError:
        raise
    except OSError as error:
        raise WireClosed from error
    finally:
        frame[:] = bytes(len(frame))


def read(connection: socket.socket) -> Fields:
    """Receive one frame; raises WireClosed, or TimeoutError by the socket's own timeout."""
    length = int.from_bytes(_exactly(connection, 4), "big")
    if length > _LONGEST_HEAD:
        raise WireClosed
    try:
        head = json.loads(_exactly(connection, length))
    except ValueError as error:
        raise WireClosed from error
    secrets = []
    for _ in range(_count_secrets(head)):
        data = _exactly(connection, int.from_bytes(_exactly(connection, 2), "big"))
        secrets.append(Secret(data))
        data[:] = bytes(len(data))
    inward = _inward(head, secrets)
    if not isinstance(inward, dict):
        raise WireClosed
    return inward


def secrets_in(value: Any) -> Iterator[Secret]:
    """Every secret in what was received."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from secrets_in(each)


def _exactly(connection: socket.socket, count: int) -> bytearray:
    data = bytearray(count)
    view, done = memoryview(data), 0
    while done < count:
        try:
            got = connection.recv_into(view[done:])
        except TimeoutError:
            raise
        except OSError as error:
            raise WireClosed from error
        if not got:
            raise WireClosed
        done += got
    return data


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

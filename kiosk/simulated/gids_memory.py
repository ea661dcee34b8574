# SPDX-License-Identifier: Apache-2.0
"""The memory of a simulated GIDS card, and the differences between such cards."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.card.cryptogram import KeyKind


@dataclass(frozen=True)
class GidsBehaviour:
    """The differences between GIDS cards."""

    partial_select: bool = True  # false: only the whole name selects it
    names_itself: bool = True  # false: SELECT answers without data
    status_object: bool = True  # false: the counter is not reported
    old_counter_tag: bool = False  # 9F17, of the specification's first version
    blocked_at_last: bool = False  # the last wrong passcode answers 69 83 instead of 63 C0
    wrong_length_costs: bool = False  # the applet does not count a passcode of a wrong length
    external_form: bool = True
    mutual_form: bool = True
    administrator_tries: int | None = None  # the applet does not count
    tells_administrator_tries: bool = True  # false: it counts, but answers 69 82 all the same
    passcode_tries: int = 3


@dataclass
class DataFile:
    """A file of data objects (name -> content), with the conditions of PUT and GET."""

    put: int
    get: int
    objects: dict[bytes, bytes] = field(default_factory=dict)


@dataclass
class GidsMemory:
    """The data that the card keeps without power; a new one is not personalised yet."""

    passcode: bytes = b""
    administrator_key: bytes = b""
    administrator_kind: KeyKind = KeyKind.TRIPLE_DES
    files: dict[int, DataFile] = field(default_factory=dict)
    keys: dict[int, rsa.RSAPrivateKey] = field(default_factory=dict)
    personalised: bool = False
    passcode_left: int = 3
    administrator_left: int | None = None

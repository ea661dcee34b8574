# SPDX-License-Identifier: Apache-2.0
"""The buffers of what is typed, one for each entry; only this room knows them, and it wipes them.

A buffer never grows, because growing would leave a copy of its bytes in memory. No string is made
of a whole buffer: characters are read one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kiosk.values import PasscodeRules, Rule, Secret

LONGEST_CHARACTER = 4  # bytes of UTF-8


class _Buffer:
    """Up to `maximum` characters in UTF-8."""

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.bytes = bytearray(maximum * LONGEST_CHARACTER)
        self.ends: list[int] = [0]  # where each character ends; the first one begins at 0

    def __len__(self) -> int:
        return len(self.ends) - 1


class TypedText:
    """The buffers of all entries of a visit, by `Entry.field`; they live until `forget()`."""

    def __init__(self) -> None:
        self._buffers: dict[str, _Buffer] = {}

    def add(self, field: str, character: str, maximum: int) -> bool:
        """Append one character; return False if the buffer already holds `maximum` characters."""
        buffer = self._buffers.get(field)
        if buffer is None:
            buffer = self._buffers[field] = _Buffer(maximum)
        if len(buffer) >= min(maximum, buffer.maximum):
            return False
        encoded = character.encode()
        start = buffer.ends[-1]
        buffer.bytes[start : start + len(encoded)] = encoded
        buffer.ends.append(start + len(encoded))
        return True

    def fill(self, field: str, content: str, maximum: int) -> bool:
        """Fill a new `field` with `content`; return False if it exists or `content` is empty.

        A buffer that the user emptied stays empty until it is forgotten.
        """
        if not content or field in self._buffers:
            return False
        for character in content:
            self.add(field, character, maximum)
        return True

    def end(self, field: str, ending: str, maximum: int, others: Sequence[str] = ()) -> bool:
        """Give the email address in `field` this `ending`; return False if that is impossible.

        An ending that begins with @ replaces everything from the @ on. Any other ending is
        appended, with exactly one dot before it, and replaces one of the `others`. It is not
        appended to a complete address: the result would be nobody's address.
        """
        kept = list(self.characters(field))
        if ending.startswith("@"):
            kept = kept[: kept.index("@")] if "@" in kept else kept
        else:
            before = next((one for one in (ending, *others) if _ends(kept, one)), "")
            if before.startswith("@"):
                return False
            kept = kept[: len(kept) - len(before)]
        while ending.startswith(".") and kept and kept[-1] == ".":
            kept.pop()
        if len(kept) + len(ending) > maximum:
            return False
        while self.length(field) > len(kept):
            self.delete(field)
        for character in ending:
            self.add(field, character, maximum)
        return True

    def delete(self, field: str) -> bool:
        """Delete the last character; return False if there is none."""
        buffer = self._buffers.get(field)
        if not buffer:
            return False
        end = buffer.ends.pop()
        start = buffer.ends[-1]
        buffer.bytes[start:end] = bytes(end - start)
        return True

    def length(self, field: str) -> int:
        """Return the number of characters in `field`."""
        buffer = self._buffers.get(field)
        return len(buffer) if buffer else 0

    def characters(self, field: str, first: int = 0) -> Iterator[str]:
        """Yield the characters of `field`, one by one, beginning with number `first`."""
        buffer = self._buffers.get(field)
        if buffer:
            for start, end in zip(buffer.ends[first:], buffer.ends[first + 1 :], strict=False):
                yield buffer.bytes[start:end].decode()

    def met(self, field: str, rules: PasscodeRules | None) -> frozenset[Rule]:
        """Return the rules that `field` meets so far; without `rules`, an empty set."""
        if rules is None:
            return frozenset()
        held = self._held(field)
        try:
            return rules.met(held)
        finally:
            held[:] = bytes(len(held))

    def copy(self, field: str) -> Secret:
        """Return a copy of `field` in UTF-8; the caller has to wipe it."""
        held = self._held(field)
        try:
            return Secret(held)
        finally:
            held[:] = bytes(len(held))

    def _held(self, field: str) -> bytearray:
        buffer = self._buffers.get(field)
        return buffer.bytes[: buffer.ends[-1]] if buffer else bytearray()

    def forget(self, fields: tuple[str, ...] | None = None) -> None:
        """Overwrite the buffers of `fields`, or all buffers, with zeros and drop them."""
        for field in tuple(self._buffers) if fields is None else fields:
            buffer = self._buffers.pop(field, None)
            if buffer is not None:
                buffer.bytes[:] = bytes(len(buffer.bytes))
                buffer.ends[:] = [0]


def _ends(characters: list[str], ending: str) -> bool:
    return characters[-len(ending) :] == list(ending)

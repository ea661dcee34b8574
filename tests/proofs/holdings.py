# SPDX-License-Identifier: Apache-2.0
"""Count what a process with a window holds itself, without the graphics driver's memory.

The offscreen driver keeps frames that it has drawn, and frees them when it likes: the resident
memory of a drawing process varies by a fifth, and says nothing about a leak. Only our own holdings
are counted: the blocks that Python has allocated, the objects of the garbage collector, their bytes
and the bytes that they refer to, Kivy's textures with their pixels and its caches, and the buffers
of typed text. `tracemalloc` would report the same at a third of the pace.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any

_PIXEL_BYTES = 4
# Allowed growth per journey: less than one small object, and nothing that has pixels. Measured: a
# variation of ten blocks in a hundred journeys, and none of everything else.
_PER_JOURNEY = {
    "blocks": 1.0, "heap": 100.0, "objects": 0.2, "textures": 0.02, "pixels": 500.0,
    "cached": 0.05, "buffers": 0.02,
}  # fmt: skip


@dataclass(frozen=True)
class Holdings:
    """The holdings at one moment: bytes, or counts."""

    blocks: int
    heap: int
    objects: int
    textures: int
    pixels: int
    cached: int
    buffers: int

    def __str__(self) -> str:
        return (
            f"{self.blocks} blocks, heap {self.heap / 1024:.0f} KiB, {self.objects} objects, "
            f"{self.textures} textures of {self.pixels / 1024:.0f} KiB, {self.cached} cached, "
            f"{self.buffers} buffers"
        )


def begin() -> None:
    """Unfreeze the collector's objects: leaked objects may hang on what the app had frozen."""
    gc.unfreeze()


def measure(buffers: int) -> Holdings:
    """Return what this process holds, with that many `buffers`; call it in the thread that draws.

    Collects garbage first: widgets refer to one another.
    """
    from kivy.cache import Cache  # noqa: PLC0415 - the window is open by now
    from kivy.graphics.texture import Texture  # noqa: PLC0415

    while gc.collect():
        pass
    objects = gc.get_objects()
    textures = [each for each in objects if issubclass(type(each), Texture)]
    pixels = sum(each.width * each.height * _PIXEL_BYTES for each in textures)
    cached = sum(len(each) for each in Cache._objects.values())
    heap = _bytes_of(objects)
    count, number = len(objects), len(textures)
    del objects, textures
    return Holdings(sys.getallocatedblocks(), heap, count, number, pixels, cached, buffers)


def _bytes_of(objects: list[Any]) -> int:
    """Return the size of objects and of what they refer to.

    The collector does not list texts and bytes.
    """
    sizes: dict[int, int] = {}
    for each in objects:
        for one in (each, *gc.get_referents(each)):
            if id(one) not in sizes:
                with suppress(TypeError, ReferenceError):  # a proxy of a deleted object has no size
                    sizes[id(one)] = sys.getsizeof(one)
    return sum(sizes.values())


def growth(samples: Sequence[Holdings], journeys: int) -> dict[str, float]:
    """Return the growth per journey of each kind, from samples taken over `journeys`.

    The median of the last third is compared with that of the first: one sample says little.
    """
    third = max(len(samples) // 3, 1)
    between = max(journeys * (len(samples) - third) / max(len(samples) - 1, 1), 1)
    grown = {}
    for each in fields(Holdings):
        values = [getattr(one, each.name) for one in samples]
        grown[each.name] = (median(values[-third:]) - median(values[:third])) / between
    return grown


def not_flat(samples: Sequence[Holdings], journeys: int) -> list[str]:
    """Return the kinds that grow by more than is allowed; empty is right."""
    grown = growth(samples, journeys)
    return [
        f"{name}: {added:+.2f} a journey"
        for name, added in grown.items()
        if added > _PER_JOURNEY[name]
    ]


def resident() -> int:
    """Return the resident memory in KiB, with the driver's frames: it is printed, not promised."""
    ctypes.CDLL(None).malloc_trim(0)  # free memory is not in use, whoever holds it
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

"""What the sync does next, decided without doing it: pure."""

from __future__ import annotations

from dataclasses import dataclass

BATCH = 50
_IDLE_SECONDS = 1.0
_FIRST_RETRY_SECONDS = 1.0
_LONGEST_RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How the last rounds went."""

    failures: int = 0


def after_success(_: Pace) -> Pace:
    """Central took what it was handed."""
    return Pace()


def after_failure(pace: Pace) -> Pace:
    """Central could not be reached, or did not understand."""
    return Pace(pace.failures + 1)


def wait_seconds(pace: Pace, *, more: bool, jitter: float) -> float:
    """How long to rest: not at all while there is more, longer after each failure.

    `jitter` in 0..1 spreads the kiosks of a trust, which all lose the network at once.
    """
    if not pace.failures:
        return 0.0 if more else _IDLE_SECONDS
    doubled: float = _FIRST_RETRY_SECONDS * 2 ** (pace.failures - 1)
    return min(doubled, _LONGEST_RETRY_SECONDS) * (0.5 + jitter / 2)

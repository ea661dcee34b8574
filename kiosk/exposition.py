# SPDX-License-Identifier: Apache-2.0
"""Metrics in Prometheus' text format, for `kiosk doctor` and for central."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector


class _Collected(Collector):
    """Metrics that were collected before: the registry adds none of the process's own."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """Return the metrics that have samples."""
        return self._metrics


def exposition(metrics: Iterable[Metric]) -> str:
    """Return the text format, version 0.0.4; metrics without samples are left out."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected([each for each in metrics if each.samples]))
    return generate_latest(registry).decode()

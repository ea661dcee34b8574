# SPDX-License-Identifier: Apache-2.0
"""Prometheus' own parser reads back every label value as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from kiosk.exposition import exposition

VALUES = st.text(st.sampled_from('\\"\n\r{},= n#') | st.characters(codec="utf-8"), max_size=30)


@given(st.lists(VALUES, min_size=1, max_size=4, unique=True))
def test_a_label_value_is_read_back_unchanged(values: list[str]) -> None:
    family = GaugeMetricFamily("kiosk_test", "A gauge.", labels=("name",))
    for number, value in enumerate(values):
        family.add_metric((value,), number)
    (read,) = text_string_to_metric_families(exposition([family]))
    assert [(each.labels["name"], each.value) for each in read.samples] == [
        (value, number) for number, value in enumerate(values)
    ]


def test_metrics_without_samples_and_process_metrics_are_left_out() -> None:
    assert exposition([GaugeMetricFamily("kiosk_test", "A gauge.")]) == ""

"""Percentiles and histograms of latencies."""

from math import ceil
from random import Random

import pytest

from tradeflow.latencies import Latencies


def test_percentiles_are_within_one_percent_of_the_sorted_values() -> None:
    random = Random(4)
    values = sorted(random.lognormvariate(-5, 1) for _ in range(5_000))
    latencies = Latencies()
    for value in values:
        latencies.add(value)

    for percent in (1, 50, 90, 99, 99.9):
        exact = values[ceil(len(values) * percent / 100) - 1]
        assert latencies.percentile(percent) == pytest.approx(exact, rel=0.011)
    assert latencies.percentile(100) == latencies.max_seconds == values[-1]


def test_the_histogram_holds_every_value_once_and_has_no_hole() -> None:
    latencies = Latencies()
    for value in (0.001, 0.0011, 0.9):
        latencies.add(value)

    histogram = list(latencies.histogram())

    assert sum(count for _, count in histogram) == 3
    bounds = [bound for bound, _ in histogram]
    assert [b / a for a, b in zip(bounds, bounds[1:], strict=False)] == pytest.approx(
        [10**0.2] * (len(bounds) - 1)
    )


def test_nothing_measured_is_nothing() -> None:
    assert Latencies().percentile(99) == 0.0
    assert list(Latencies().histogram()) == []

"""Figures: medians, ratios, goals and how they are shown."""

from bench.figure import Goal, amount, at_least, at_most, figure, markdown, times


def test_value_is_the_median_and_the_ratio_that_of_neighbours() -> None:
    one = figure("stage", "ours", [10.0, 30.0, 100.0], "/s", beside=("theirs", [10.0, 10.0, 50.0]))

    assert (one.value, one.beside_value, one.ratio) == (30.0, 10.0, 2.0)


def test_goals_are_bounds_of_the_value_or_the_ratio() -> None:
    beside = ("theirs", [10.0])

    assert figure("b", "n", [20.0], "/s", goal=at_least(20)).is_met
    assert not figure("b", "n", [20.0], "/s", goal=at_least(21)).is_met
    assert figure("b", "n", [20.0], "ms", goal=at_most(20)).is_met
    assert not figure("b", "n", [20.0], "ms", goal=at_most(19)).is_met
    assert figure("b", "n", [20.0], "/s", beside=beside, goal=times(2)).is_met
    assert not figure("b", "n", [20.0], "/s", beside=beside, goal=times(2.1)).is_met
    assert figure("b", "n", [20.0], "µs", beside=beside, goal=Goal("ratio", "<=", 2)).is_met
    assert figure("b", "n", [20.0], "/s").is_met is None


def test_the_table_has_a_cell_for_each_column() -> None:
    shown = markdown(
        [
            figure("a", "plain", [1_234_567.0], "/s", goal=at_least(150_000)),
            figure("a", "beside", [2.0], "/s", beside=("other", [4.0]), goal=times(1)),
        ]
    )

    assert shown.splitlines() == [
        "| Benchmark | Figure | Value | Beside | Ratio | Goal | Met |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| a | plain | 1 234 600 /s |  |  | ≥ 150 000 | yes |",
        "| a | beside | 2.00 /s | other: 4.00 | 0.50 × | ≥ 1 × | no |",
    ]


def test_amounts_show_what_means_something() -> None:
    assert [amount(n) for n in (12_345, 1_234.5, 99.96, 9.994, 0.127)] == [
        "12 300",
        "1 234",
        "100.0",
        "9.99",
        "0.13",
    ]

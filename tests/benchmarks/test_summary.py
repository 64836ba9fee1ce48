import pytest

from benchmarks.summary import (
    best_peer,
    deviation,
    disturbance,
    paired_ratio,
    quantile,
    summarise,
)

FORWARD = {"model": "vgg16", "kind": "forward", "batch": 8}


def result(*rounds, numbers=(1.0, 2.0), **rest):
    """A contestant's record with these rounds."""
    empty = {"details": {}, "others": 0.0, "missing": "", "failed": False}
    return {**empty, "rounds": [list(r) for r in rounds], "result": list(numbers), **rest}


@pytest.mark.parametrize(("share", "expected"), [(0, 1), (0.5, 2.5), (1, 4), (0.1, 1.3)])
def test_quantile(share, expected):
    assert quantile([4, 2, 3, 1], share) == pytest.approx(expected)


def test_quantile_of_one_number():
    assert quantile([5], 0.9) == 5


def test_slow_minutes_cancel_in_the_ratio():
    """The machine was three times slower in the second round: for both."""
    assert paired_ratio([[1, 1], [3, 3], [1]], [[2, 2], [6, 6], [2, 50]]) == 2


def test_ratio_without_a_common_round():
    assert paired_ratio([[1]], []) is None
    assert paired_ratio([[]], [[1]]) is None


def test_deviation_is_relative_to_the_largest():
    assert deviation([1.0, 9.0], [0.0, 10.0]) == pytest.approx(0.1)


def test_results_of_other_shapes_do_not_compare():
    assert deviation([1.0], [1.0, 2.0]) is None


def test_summary():
    results = {
        "ours": result([1.0, 1.0]),
        "peer": result([1.5, 1.5], numbers=(1.0, 2.001)),
        "bound": result([0.8, 0.8]),
    }
    summary = summarise(FORWARD, results, "ours", ["bound"])
    assert summary["peer"]["ratio"] == 1.5
    assert summary["peer"]["agrees"]
    assert summary["ours"]["of_bound"] == pytest.approx(0.8)
    assert best_peer(summary, "ours", ["bound"]) == ("peer", 1.5)


def test_who_computes_something_else_is_found_out():
    results = {"ours": result([1.0]), "peer": result([0.1], numbers=(0.0, 0.0))}
    assert summarise(FORWARD, results, "ours")["peer"]["agrees"] is False


@pytest.mark.parametrize("numbers", [(float("nan"), 2.0), (1.0, float("nan"))])
def test_numbers_that_are_not_finite_do_not_agree(numbers):
    results = {"ours": result([1.0]), "peer": result([1.0], numbers=numbers)}
    assert summarise(FORWARD, results, "ours")["peer"]["agrees"] is False


def test_who_says_so_is_not_compared():
    odd = result([1.0], numbers=(5.0,), details={"comparable": False})
    assert summarise(FORWARD, {"odd": odd, "ours": result([1.0])}, "ours")["odd"]["agrees"] is None


def test_peers_are_summarised_without_ours():
    results = {"ours": result(missing="not in the zoo"), "peer": result([1.0])}
    summary = summarise(FORWARD, results, "ours")
    assert summary["ours"] == {"missing": "not in the zoo"}
    assert summary["peer"]["ratio"] is None
    assert best_peer(summary, "ours") is None


def test_fastest_bound_counts():
    results = {"ours": result([1.0]), "a": result([0.9]), "b": result([0.7])}
    assert summarise(FORWARD, results, "ours", ["a", "b"])["ours"]["of_bound"] == 0.7


def test_disturbance_is_a_share_of_all_cores():
    assert disturbance({"ours": result([1.0, 1.0], others=1.0)}, cores=2) == 0.25
    assert disturbance({"ours": result()}, cores=2) == 0

"""From raw times to the numbers in the tables. Pure functions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

# How far results may lie from the reference's, relative to the largest number among them.
TOLERANCE = {"forward": 1e-3, "bfloat16": 5e-2, "epoch": math.inf}
TRAINING_TOLERANCE = 1e-3
PRECISION_TOLERANCE = {"tf32": 1e-2, "bfloat16": 5e-2}

# What others may use of the machine during the timed steps before a table says so.
DISTURBED = 0.05


def quantile(values: Sequence[float], share: float) -> float:
    """The number below which `share` of `values` lie, interpolated; `values` are not empty."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def paired_ratio(
    ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]
) -> float | None:
    """Their time over ours: the median over the rounds of the ratio of the round's medians.

    What slows the whole machine for a while slows both in the same rounds and cancels. None
    where they share no round.
    """
    ratios = [statistics.median(b) / statistics.median(a) for a, b in zip(ours, theirs) if a and b]
    return statistics.median(ratios) if ratios else None


def deviation(result: Sequence[float], reference: Sequence[float]) -> float | None:
    """The largest difference, relative to the largest number; None where they do not compare."""
    if len(result) != len(reference) or not reference:
        return None
    if not all(map(math.isfinite, [*result, *reference])):
        return math.inf  # maximum and minimum may pass over NaN
    largest = max(abs(x) for x in reference)
    difference = max(abs(a - b) for a, b in zip(result, reference))
    return difference / largest if largest else difference


def summarise(
    task: Mapping[str, Any],
    results: Mapping[str, Mapping[str, Any]],
    reference: str,
    bounds: Sequence[str] = (),
) -> dict[str, dict[str, Any]]:
    """Numbers for each contestant on one task.

    Parameters
    ----------
    task : mapping
        ``Task.as_dict()``.
    results : mapping
        Contestant -> the fields of a ``Result``.
    reference : str
        The contestant whose time is the denominator of ratios: ours.
    bounds : sequence of str
        Contestants that are no peers; the fastest of them is the bound.

    Returns
    -------
    dict
        Contestant -> 'median', 'low', 'high' (seconds; tenth and ninetieth percentile), 'steps',
        'ratio' (their time / ours), 'of_bound' (the bound's time / theirs), 'deviation' (of the
        first step's result from that of the reference or, without one, of the first that has
        any) and 'agrees'. Only 'missing' where nothing was measured.
    """
    timed = {name: r for name, r in results.items() if any(r["rounds"])}
    comparable = {n: r for n, r in timed.items() if r["details"].get("comparable", True)}
    standard = comparable.get(reference) or next(iter(comparable.values()), None)
    tolerance = PRECISION_TOLERANCE.get(
        task.get("precision", ""), TOLERANCE.get(task["kind"], TRAINING_TOLERANCE)
    )
    fastest = [x for x in bounds if x in timed]
    summary: dict[str, dict[str, Any]] = {}
    for name, result in results.items():
        if name not in timed:
            summary[name] = {"missing": result["missing"] or "not measured"}
            continue
        seconds = [x for turn in result["rounds"] for x in turn]
        row: dict[str, Any] = {
            "median": statistics.median(seconds),
            "low": quantile(seconds, 0.1),
            "high": quantile(seconds, 0.9),
            "steps": len(seconds),
            "ratio": None,
            "of_bound": None,
            "deviation": None,
            "agrees": None,
        }
        if reference in timed:
            row["ratio"] = paired_ratio(timed[reference]["rounds"], result["rounds"])
        shares = [paired_ratio(result["rounds"], timed[x]["rounds"]) for x in fastest]
        row["of_bound"] = min((x for x in shares if x is not None), default=None)
        if standard is not None and name in comparable:
            row["deviation"] = deviation(result["result"], standard["result"])
            row["agrees"] = row["deviation"] is not None and row["deviation"] <= tolerance
        summary[name] = row
    return summary


def best_peer(
    summary: Mapping[str, Mapping[str, Any]], reference: str, bounds: Sequence[str] = ()
) -> tuple[str, float] | None:
    """The fastest other contestant and its time over ours; None without one."""
    ratios = {
        name: row["ratio"]
        for name, row in summary.items()
        if name != reference and name not in bounds and row.get("ratio") is not None
    }
    if not ratios:
        return None
    name = min(ratios, key=ratios.__getitem__)
    return name, ratios[name]


def disturbance(results: Mapping[str, Mapping[str, Any]], cores: int) -> float:
    """The share of all cores that other processes used during the timed steps."""
    wall = sum(x for r in results.values() for turn in r["rounds"] for x in turn)
    return sum(r["others"] for r in results.values()) / (wall * cores) if wall else 0.0

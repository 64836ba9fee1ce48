"""Results as Markdown. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.contestants import BOUNDS, CONTESTANTS, NO_PEERS, reference_of
from benchmarks.nodes import SIZE
from benchmarks.summary import DISTURBED, best_peer, disturbance, summarise
from benchmarks.tasks import TRAINED, Task

NONE = "-"
SECTIONS = (
    ("Forward, float32", ("forward",)),
    ("Forward, bfloat16", ("bfloat16",)),
    ("Training step", tuple(TRAINED)),
    ("Epoch", ("epoch",)),
    ("GPU, forward", ("gpu-forward",)),
    ("GPU, training step", ("gpu-train",)),
)

FIRST_STEP = (
    "From the start of the process, imports and all: with an empty / with a filled compile cache; "
    "one number where nothing is kept."
)
MEMORY = (
    "MiB: high-water mark of the process (of the timed steps, above what lay in memory before the "
    "first)."
)
DEVICE_MEMORY = "MiB: the most that each ever had on the GPU."
REWRITING = "What Aesara took for the graphs of all functions of the task; no cache shortens it."


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def seconds(value: float | None) -> str:
    """Three digits: 0.0384, 0.258, 1.07, 12.3, 124."""
    if value is None:
        return NONE
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")


def report(record: Mapping[str, Any]) -> str:
    """The whole document for a record that ``benchmarks run`` has written."""
    parts = [f"# Benchmarks of {record['date']}", _conditions(record)]
    everything = record["tasks"]
    for title, kinds in SECTIONS:
        found = [x for x in everything if x["task"]["kind"] in kinds and _timed(x)]
        if found:
            parts += [f"## {title}", times_table(found)]
    for title, text, table in (
        ("Seconds to the first step", FIRST_STEP, _detail_table(everything, _first_step)),
        ("Memory", MEMORY, _detail_table(everything, _memory)),
        ("Device memory", DEVICE_MEMORY, _detail_table(everything, _device_memory)),
        ("Rewriting the graph", REWRITING, rewriting_table(everything)),
    ):
        if table:
            parts += [f"## {title}", text, table]
    if everything:
        parts += ["## Notes", _notes(everything, record["machine"]["cores"])]
    return "\n\n".join(parts) + "\n"


def times_table(entries: Sequence[Mapping[str, Any]]) -> str:
    """Median seconds, in parentheses the ratio to ours; last the best peer and the bound."""
    names = _ordered(set().union(*map(_timed, entries)))
    references = {reference_of(entry["task"]["kind"]) for entry in entries}
    peers = any(name not in references and name not in NO_PEERS for name in names)
    bounded = any(name in BOUNDS for name in names)
    head = ["median seconds (ratio)", *map(_title, names)]
    head += ["best peer"] * peers + ["of bound"] * bounded
    rows = []
    for entry in entries:
        reference = reference_of(entry["task"]["kind"])
        summary = summarise(entry["task"], entry["results"], reference, BOUNDS)
        row = [Task(**entry["task"]).title, *(_time(summary, name, reference) for name in names)]
        if peers:
            best = best_peer(summary, reference, NO_PEERS)
            row.append(f"{best[1]:.2f}" if best else NONE)
        if bounded:
            share = summary.get(reference, {}).get("of_bound")
            row.append(f"{100 * share:.0f} %" if share is not None else NONE)
        rows.append(row)
    return markdown_table(head, rows)


def rewriting_table(entries: Sequence[Mapping[str, Any]]) -> str:
    """Seconds that Aesara took to rewrite all functions of a task; '' where nothing is known."""
    rows = []
    for entry in entries:
        ours = reference_of(entry["task"]["kind"])
        details = entry["results"].get(ours, {}).get("details", {})
        if "rewriting" in details:
            rows.append([Task(**entry["task"]).title, f"{details['rewriting']:.1f}"])
    return markdown_table(["theano_transfer", "seconds"], rows) if rows else ""


def _conditions(record) -> str:
    machine, settings = record["machine"], record["settings"]
    instructions = ", ".join(machine["instructions"]) or "instruction sets not known"
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    sizes = sorted({Task(**entry["task"]).size for entry in record["tasks"]}) or [SIZE]
    sides = " and ".join(f"{size} x {size}" for size in sizes)
    text = (
        f"{machine['cpu']} ({instructions}), {machine['cores']} cores, {machine['threads']} "
        f"threads; {machine['system']}; Python {machine['python']}; {versions}. Pictures of "
        f"{sides}, random parameters, the same for all. {settings['rounds']} rounds in which "
        f"each contestant has a turn of about {settings['turn']:g} s. Ratios are their time over "
        "ours, so above 1 we are faster; they are medians over the rounds and need not be the "
        "quotient of the two medians shown."
    )
    if record.get("interrupted"):
        text += " **Interrupted: not everything was measured.**"
    return text


def _notes(entries, cores) -> str:
    """Who failed, could not take part, was disturbed or computed something else."""
    found: dict[str, list[str]] = {}  # text -> titles of the tasks it is about
    for entry in entries:
        title = Task(**entry["task"]).title
        summary = summarise(
            entry["task"], entry["results"], reference_of(entry["task"]["kind"]), BOUNDS
        )
        for name, row in summary.items():
            text = _fault(_title(name), row, entry["results"][name])
            if text:
                found.setdefault(text, []).append(title)
        share = disturbance(entry["results"], cores)
        if share > DISTURBED:
            text = f"**Other processes used {100 * share:.0f} % of the cores** meanwhile"
            found.setdefault(text, []).append(title)
    checked = "The result of everyone's first step was held against ours"
    return "\n".join(
        [
            f"- {checked}; what does not agree is listed here.",
            *(f"- {text} ({'; '.join(titles)})." for text, titles in found.items()),
        ]
    )


def _fault(title, row, result) -> str:
    if result["failed"]:
        return f"{title} failed: {result['missing']}"
    if "missing" in row:
        return f"{title}: {row['missing']}"
    if row["agrees"] is False:
        size = "in shape" if row["deviation"] is None else f"by {row['deviation']:.1e}"
        return f"**{title} computed something else**, off {size}"
    return ""


def _detail_table(entries, cell) -> str:
    """A row for each task, a column for each contestant, without those that say nothing; or ''."""
    cells = {
        (i, name): cell(entry["results"][name])
        for i, entry in enumerate(entries)
        for name in entry["results"]
        if name not in BOUNDS
    }
    said = {key for key, text in cells.items() if text != NONE}
    names = _ordered({name for _, name in said})
    rows = [
        [Task(**entry["task"]).title, *(cells.get((i, name), NONE) for name in names)]
        for i, entry in enumerate(entries)
        if any(key[0] == i for key in said)
    ]
    return markdown_table(["", *map(_title, names)], rows) if rows else ""


def _first_step(result) -> str:
    found = [result["first_step"][key] for key in ("cold", "warm") if key in result["first_step"]]
    return " / ".join(f"{value:.1f}" for value in found) or NONE


def _memory(result) -> str:
    memory = result["memory"]
    return f"{memory['peak']:.0f} ({memory['step']:.0f})" if memory else NONE


def _device_memory(result) -> str:
    memory = result["memory"]
    return f"{memory['device']:.0f}" if "device" in memory else NONE


def _timed(entry) -> set[str]:
    """Contestants with a time."""
    return {name for name, result in entry["results"].items() if any(result["rounds"])}


def _ordered(names: set[str]) -> list[str]:
    """In the order of the registry."""
    return [name for name in CONTESTANTS if name in names] + sorted(names - CONTESTANTS.keys())


def _title(name: str) -> str:
    return CONTESTANTS[name].title if name in CONTESTANTS else name


def _time(summary, name, reference) -> str:
    row = summary.get(name, {})
    if "median" not in row:
        return NONE
    text = seconds(row["median"])
    if name == reference:
        return f"**{text}**"
    return text if row["ratio"] is None else f"{text} ({row['ratio']:.2f})"

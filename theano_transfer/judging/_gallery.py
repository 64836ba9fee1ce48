"""Pictures with what was said about them, and where the network saw it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from theano_transfer import explain, show
from theano_transfer.judging._judgement import SINGLE, Judgement
from theano_transfer.judging._measures import HALF
from theano_transfer.judging._page import card, cards, picture

AT_ONCE = 16
# Tasks with a score for each class, whose causes maps can show.
MAPPED = ("classification", "binary")


def wrong_answers(model, judgement: Judgement, count: int) -> str:
    """The wrong answers that cost the most, with maps of what was said and of what is true."""
    chosen = [k for k in judgement.top_losses(len(judgement)) if not judgement.right[k]][:count]
    return cards(_cards(model, judgement, chosen))


def right_answers(model, judgement: Judgement, count: int) -> str:
    """Right answers, the classes in turn, within each the surest first."""
    sure = judgement.predictions.max(axis=1)
    by_class = [
        sorted(np.flatnonzero(judgement.right & (judgement.said == number)), key=lambda k: -sure[k])
        for number in range(len(judgement.classes))
    ]
    turns = [ks[turn] for turn in range(count) for ks in by_class if turn < len(ks)]
    return cards(_cards(model, judgement, turns[:count]))


def dearest(model, judgement: Judgement, count: int) -> str:
    """The pictures with the largest losses, for tasks where no answer is simply wrong."""
    return cards(_cards(model, judgement, judgement.top_losses(count)))


def _cards(model, judgement: Judgement, chosen: Sequence[int] | np.ndarray) -> Iterator[str]:
    for start in range(0, len(chosen), AT_ONCE):
        some = np.asarray(chosen[start : start + AT_ONCE])
        part = judgement.source.subset(some)
        pixels = next(
            judgement.source.chosen_batches(
                [some], size=model.input_size, preprocess="identity", workers=0
            )
        )
        if judgement.task in MAPPED:
            said = explain.grad_cam(model, part, judgement.said[some])
            true = explain.grad_cam(model, part, judgement.labels[some])
            for k, shown, of_said, of_true in zip(some, pixels, said, true):
                yield _answer(judgement, k, shown, of_said, of_true)
        elif judgement.task in SINGLE:
            for k, shown in zip(some, pixels):
                yield _answer(judgement, k, shown)
        else:
            for k, shown in zip(some, pixels):
                caption = _caption(judgement, k)
                yield card([(picture(shown, caption), "")], caption, _name(judgement, k))


def _answer(judgement, k, shown, of_said=None, of_true=None) -> str:
    names, probabilities = judgement.classes, judgement.predictions[k]
    said, true = names[judgement.said[k]], names[judgement.labels[k]]
    row = [(picture(shown, f"a picture of {true}"), "picture")]
    for name, heat in ((said, of_said), (true, of_true if said != true else None)):
        if heat is not None:
            seen = picture(show.overlay(shown, heat), f"where it sees {name}")
            row.append((seen, f"sees {name}"))
    caption = f"{said}, {probabilities.max():.0%}"
    if said != true:
        given = probabilities[judgement.labels[k]]
        caption = f"said {said} ({probabilities.max():.0%}); it is {true} ({given:.0%})"
    return card(row, caption, _name(judgement, k), "right" if said == true else "wrong")


def _caption(judgement, k) -> str:
    """What is true of a picture and what was said, where there may be several answers."""
    true, said = judgement.labels[k], judgement.predictions[k]
    if judgement.task == "regression":
        return f"true {_row(true)}, said {_row(said)}"
    names = judgement.classes
    there = [name for name, is_it in zip(names, true) if is_it > HALF]
    found = [f"{name} ({p:.0%})" for name, p in zip(names, said) if p > HALF]
    return f"it is {', '.join(there) or 'nothing'}; said {', '.join(found) or 'nothing'}"


def _name(judgement, k) -> str:
    """The file of a picture, or its number."""
    paths = getattr(judgement.source, "paths", None)
    return f"picture {k}" if paths is None else paths[k]


def _row(values) -> str:
    return ", ".join(f"{value:.3g}" for value in values)

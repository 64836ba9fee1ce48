"""One page about a model: written whole or not at all, and shown without a network."""

from __future__ import annotations

from theano_transfer._files import atomic_write
from theano_transfer._suggest import checks_options
from theano_transfer._version import __version__
from theano_transfer.judging import _sections
from theano_transfer.judging._judgement import judge
from theano_transfer.judging._page import page

PICTURES = 12


@checks_options
def report(
    model,
    path,
    data=None,
    y=None,
    *,
    history=None,
    title=None,
    pictures=PICTURES,
    details=None,
    batch_size=32,
    cache=None,
):
    """Write a page (HTML) about a model: figures, curves, confusions, pictures with Grad-CAM maps.

    Parameters
    ----------
    model : Model
    path : str or path
        File to write. It holds its pictures and needs nothing else: no network, no scripts.
    data, y : as for ``Model.evaluate``, optional
        Pictures with labels, best some that the model was not trained with. Without them, the
        page is about training and the model alone.
    history : History, or mapping of str to list of float, optional
        The model's own, if None and it was just trained.
    title : str, optional
    pictures : int
        At most so many wrong answers, and so many right ones, are shown.
    details : mapping of str to str, optional
        What else is to be said of the run, such as its command and seed.
    batch_size, cache
        As for ``Model.predict``.

    Returns
    -------
    Judgement or None
        Of `data`.

    Raises
    ------
    DataMismatchError
        (a ValueError) If labels are missing or do not fit the model. Nothing is written then.
    """
    history = model.history if history is None else history
    columns = getattr(history, "history", history) or {}
    judgement = None
    if data is not None:
        judgement = judge(model, data, y, batch_size=batch_size, cache=cache)
        if not len(judgement):
            raise ValueError("there are no pictures to report on")
    if judgement is None and not columns:
        raise ValueError(
            "there is nothing to report: give pictures with labels, or a history of training"
        )
    heading = title or f"{model.base_name or 'a network'}: {model.task}"
    parts = [] if judgement is None else [_sections.figures_of(judgement)]
    if columns:
        parts.append(_sections.training(history))
    if judgement is not None:
        if judgement.task == "regression":
            parts.append(_sections.about_numbers(judgement))
        else:
            parts.extend(_sections.about_classes(judgement))
        parts.extend(_sections.pictures(model, judgement, pictures))
    parts.append(_sections.about_model(model, details or {}))
    lead = "" if judgement is None else _sections.lead(judgement)
    whole = page(heading, lead, parts, f"theano_transfer {__version__}")
    with atomic_write(path) as temporary:
        temporary.write_text(whole, encoding="utf-8")
    return judgement

"""Which pixels a prediction hangs on: gradients, guided gradients, integrated gradients."""

from __future__ import annotations

import numpy as np
import theano
import theano.tensor as T

from theano_transfer._suggest import checks_options
from theano_transfer.explain._guided import guided
from theano_transfer.explain._subject import Subject, subject


@checks_options
def gradients(model, pictures, target=None, *, of="score", batch_size=16) -> np.ndarray:
    """The derivative of a class's score by each pixel value.

    Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", 2013,
    https://arxiv.org/abs/1312.6034.

    Parameters
    ----------
    model : Model, or mapping of str to Layer
    pictures : data set, paths, folder, or array (n, 3, rows, columns) of RGB values 0..255
        Brought to the network's size.
    target : int, str, or one for each picture, optional
        Number or name of the class (the number of the output, for a regression); what is
        predicted, if None.
    of : {'score', 'probability'}
        What is differentiated: what goes into the last softmax or sigmoid, or what comes out.
    batch_size : int

    Returns
    -------
    float32 array (n, 3, rows, columns)
        Per unit of a pixel value 0..255, RGB. (With a preprocessing that is a function of your
        own: per unit of what it returns.)

    Raises
    ------
    UnknownLayerError, ValueError
        If there is no such class.
    """
    return _by_batches(model, pictures, target, of, batch_size, guide=False)


@checks_options
def guided_backpropagation(model, pictures, target=None, *, of="score", batch_size=16):
    """The gradient with every rectifier passing on only what is positive.

    Springenberg et al., "Striving for Simplicity", 2014, https://arxiv.org/abs/1412.6806: on
    the way back, a rectifier stops what its own gradient stops, and negative numbers too.

    Parameters and result as for :func:`gradients`. The network itself is not changed.

    Raises
    ------
    ValueError
        If the network has no rectifier (relu or relu6): then this would be the plain gradient.
    """
    return _by_batches(model, pictures, target, of, batch_size, guide=True)


@checks_options
def integrated_gradients(
    model, pictures, target=None, *, baseline=0.0, steps=32, of="score", batch_size=16
) -> np.ndarray:
    """Each pixel value's share in what a picture scores more than a baseline.

    Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017,
    https://arxiv.org/abs/1703.01365: the difference to the baseline times the mean gradient on
    the straight way from there, at the midpoints of `steps` equal parts. The shares of a picture
    add up to ``score(picture) - score(baseline)``, the better the more steps there are.

    Parameters
    ----------
    model, pictures, target, of, batch_size
        As for :func:`gradients`.
    baseline : float or array
        RGB values 0..255 of a picture without content: one number (0 is black), or an array
        that fits (3, rows, columns).
    steps : int

    Returns
    -------
    float32 array (n, 3, rows, columns)
        In units of the score.
    """
    if steps < 1:
        raise ValueError(f"steps is an int from 1 on; got {steps!r}")
    looked_at = subject(model)
    start = np.broadcast_to(np.asarray(baseline, np.float32), (3, *looked_at.size))
    differentiate = gradient_function(looked_at, of, guide=False)
    found = [np.empty((0, 3, *looked_at.size), np.float32)]
    for pixels, numbers in questions(looked_at, pictures, target, batch_size):
        for picture, number in zip(pixels, numbers):
            way = picture - start
            total = np.zeros_like(picture, dtype=np.float64)
            for first in range(0, steps, batch_size):
                middles = (np.arange(first, min(first + batch_size, steps)) + 0.5) / steps
                along = start + middles.astype(np.float32).reshape(-1, 1, 1, 1) * way
                same = np.full(len(along), number, np.int32)
                total += differentiate(along, same).sum(axis=0)
            found.append((way * (total / steps)).astype(np.float32)[None])
    return np.concatenate(found)


def predict(looked_at: Subject, pixels) -> np.ndarray:
    """Predictions (n, outputs) for pixels (n, 3, rows, columns)."""

    def make():
        given, (prediction,) = looked_at.expressions([looked_at.output])
        return theano.function([given], prediction, name="predict")

    return looked_at.compiled(("predict",), make)(pixels)


def questions(looked_at: Subject, pictures, target, batch_size: int):
    """Pixels and class numbers, batch by batch: see :meth:`Subject.questions`."""
    return looked_at.questions(pictures, target, batch_size, lambda x: predict(looked_at, x))


def quantity_function(looked_at: Subject, of: str):
    """Compiled: pixels, class numbers (n,) -> scores or probabilities (n,)."""

    def make():
        pixels, (prediction,) = looked_at.expressions([looked_at.output])
        target = T.ivector("target")
        return theano.function(
            [pixels, target], looked_at.quantity(prediction, target, of), name="quantity"
        )

    return looked_at.compiled(("quantity", of), make)


def gradient_function(looked_at: Subject, of: str, *, guide: bool):
    """Compiled: pixels, class numbers (n,) -> the gradient by the pixels."""

    def make():
        pixels, (prediction,) = looked_at.expressions([looked_at.output])
        if guide:
            prediction = guided(prediction)
        target = T.ivector("target")
        total = looked_at.quantity(prediction, target, of).sum()
        return theano.function([pixels, target], T.grad(total, pixels), name="gradient")

    return looked_at.compiled(("gradient", of, guide), make)


def _by_batches(model, pictures, target, of, batch_size, *, guide):
    looked_at = subject(model)
    differentiate = gradient_function(looked_at, of, guide=guide)
    found = [np.empty((0, 3, *looked_at.size), np.float32)]
    for pixels, numbers in questions(looked_at, pictures, target, batch_size):
        found.append(differentiate(pixels, numbers))
    return np.concatenate(found)

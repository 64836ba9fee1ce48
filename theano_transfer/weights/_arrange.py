"""From Keras's order of axes to Theano's.

Kernels: (row, column, in, out) to (out, in, row, column); depthwise (row, column, channel,
multiplier) to (channel * multiplier, 1, row, column). Dense weights are (in, out) in both, but
where the input is a flattened picture, Keras flattened (row, column, channel) and we flatten
(channel, row, column), so the rows change places.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Shape = tuple[int, ...]

# Of the colours of ImageNet's pictures, between 0 and 1.
_DEVIATIONS = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Arrangement:
    """How one array gets into place.

    ``shape`` is what it will have, ``apply`` does it, perhaps in place, ``note`` says it (empty:
    nothing to do). ``rows`` are the rows of the stored array in the order in which they will be, if
    that is all that is done: then parts of it can be read in their order.
    """

    shape: Shape
    apply: Callable[[np.ndarray], np.ndarray]
    note: str = ""
    rows: Sequence[int] | np.ndarray | None = None


def arrange(
    stored: Shape, wanted: Shape, *, flattened: Shape | None = None, flip: bool = False
) -> Arrangement:
    """Decide how an array of Keras's shape ``stored`` becomes one of Theano's, ``wanted``.

    Parameters
    ----------
    stored, wanted
        Shapes in the file and in the network. Where the resulting ``.shape`` differs from
        ``wanted``, the array does not fit.
    flattened
        For the weights of a dense layer behind a flattening: the flattened shape (channel, row,
        column).
    flip
        Turn kernels by 180 degrees (true convolution to correlation).
    """
    if len(wanted) == 1 and stored == (1, 1, 1, *wanted):
        return Arrangement(wanted, np.ravel)  # statistics, from some versions of TensorFlow
    if len(stored) == 3 and len(wanted) == 4:  # of sequences: (step, in, out)
        inner = arrange((stored[0], 1, *stored[1:]), wanted, flip=flip)
        return Arrangement(inner.shape, lambda array: inner.apply(array[:, np.newaxis]), inner.note)
    if len(stored) == 4:
        turn = (slice(None), slice(None), slice(None, None, -1), slice(None, None, -1))
        turned = ", turned by 180 degrees" if flip else ""
        rows, columns, inputs, outputs = stored
        # One input per filter and yet several in the file: a depthwise kernel. A grouped kernel
        # of Keras has one input in the file too, and both readings agree for one channel.
        if wanted[1:2] == (1,) and inputs > 1:
            shape = (inputs * outputs, 1, rows, columns)
            note = "depthwise kernel (r, c, channel, multiplier) -> (out, 1, r, c)"
            axes: Shape = (2, 3, 0, 1)
        else:
            shape = (outputs, inputs, rows, columns)
            note = "kernel (r, c, in, out) -> (out, in, r, c)"
            axes = (3, 2, 0, 1)

        def kernel(array: np.ndarray) -> np.ndarray:
            array = array.transpose(axes).reshape(shape)
            return array[turn] if flip else array

        return Arrangement(shape, kernel, note + turned)
    if len(stored) == 2 and flattened and math.prod(flattened) == stored[0] != flattened[0]:
        channels, rows, columns = flattened
        order = np.arange(stored[0]).reshape(rows, columns, channels).transpose(2, 0, 1).ravel()

        def dense(array: np.ndarray) -> np.ndarray:
            return _with_rows_in_order(array, order)

        note = f"rows of flattened {flattened} from (r, c, ch) order"
        return Arrangement(stored, dense, note, order)
    return Arrangement(stored, lambda array: array, rows=range(stored[0]) if stored else None)


def for_each_place(stored: Shape, wanted: Shape, channels_first: bool) -> Arrangement:
    """Numbers for each (row, column, channel), or 1 where one serves a whole axis, which Lasagne's
    arrays leave out: slopes of rectifiers, scales and offsets of layer normalisation."""
    moved = stored if channels_first else (stored[-1], *stored[:-1])
    if [n for n in moved if n != 1] != [n for n in wanted if n != 1]:
        return Arrangement(moved, lambda array: array)

    def apply(array: np.ndarray) -> np.ndarray:
        array = array if channels_first else np.moveaxis(array, -1, 0)
        return np.ascontiguousarray(array).reshape(wanted)

    note = "" if moved == wanted else "numbers for each place (r, c, ch) -> (ch, r, c)"
    return Arrangement(wanted, apply, note)


def turned(stored: Shape) -> Arrangement:
    """Kernels in Theano's order of axes, turned by 180 degrees; other arrays as they are."""
    if len(stored) != 4:
        return Arrangement(stored, lambda array: array)
    note = "kernel in Theano's order, turned by 180 degrees"
    return Arrangement(stored, lambda array: array[:, :, ::-1, ::-1], note)


def _with_rows_in_order(array: np.ndarray, order: np.ndarray) -> np.ndarray:
    """``array[order]``, in place: VGG16's first dense layer is 411 MB, and once is enough."""
    done = np.zeros(len(order), bool)
    for start in range(len(order)):
        if done[start]:
            continue
        saved, row = array[start].copy(), start
        while order[row] != start:
            array[row] = array[order[row]]
            done[row] = True
            row = order[row]
        array[row] = saved
        done[row] = True
    return array


def as_variances(arrangement: Arrangement) -> Arrangement:
    """The same for the variances of pictures' colours, where deviations may be stored for them.

    Keras's published EfficientNets hold the deviations, and a model made for them has one more
    layer that makes up for it: https://github.com/tensorflow/tensorflow/issues/49930.
    """

    def apply(array: np.ndarray) -> np.ndarray:
        array = arrangement.apply(array)
        deviations = array.shape == (3,) and np.allclose(array, _DEVIATIONS, rtol=1e-3)
        return array**2 if deviations else array

    return Arrangement(arrangement.shape, apply, arrangement.note)

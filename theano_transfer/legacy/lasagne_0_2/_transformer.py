"""``lasagne.layers.special``: pictures sampled where another network says."""

from __future__ import annotations

import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import MergeLayer
from lasagne.utils import as_tuple

# A border mode -> where a whole coordinate that lies outside is taken from, for a given length.
BORDERS = {
    "nearest": lambda i, length: T.clip(i, 0, length - 1),
    "mirror": lambda i, length: T.minimum(
        i % T.maximum(2 * (length - 1), 1), -i % T.maximum(2 * (length - 1), 1)
    ),
    "wrap": lambda i, length: i % length,
}


class _SamplingLayer(MergeLayer):
    """A layer that samples `incoming` at points that `localization_network` determines."""

    def __init__(self, incoming, localization_network, downsample_factor, border_mode, **kwargs):
        super().__init__([incoming, localization_network], **kwargs)
        self.downsample_factor = as_tuple(downsample_factor, 2)
        if border_mode not in BORDERS:
            raise ValueError(f"border_mode is one of {', '.join(BORDERS)}; got {border_mode!r}")
        self.border_mode = border_mode
        if len(self.input_shapes[0]) != 4:
            raise ValueError(
                "the input network must have output of shape (batch, channel, row, column); got "
                f"{self.input_shapes[0]}"
            )

    def check_localization(self, width):
        shape = self.input_shapes[1]
        if len(shape) != 2 or shape[1] != width:
            raise ValueError(
                f"the localization network must have output shape (batch, {width}); got {shape}"
            )

    def get_output_shape_for(self, input_shapes):
        shape = input_shapes[0]
        sizes = (n and int(n / f) for n, f in zip(shape[2:], self.downsample_factor))
        return (*shape[:2], *sizes)

    def _grid(self, input):
        """Rows, columns, and the output's points (x, y) in [-1, 1] as (2, rows * columns)."""
        rows, columns = (
            T.cast(input.shape[2 + axis] / factor, "int64")
            for axis, factor in enumerate(self.downsample_factor)
        )
        y, x = _even(rows), _even(columns)
        points = [T.tile(x, rows), T.repeat(y, columns)]
        return rows, columns, T.stack(points)

    def _sampled(self, input, points, rows, columns):
        """`input` at `points` (batch, 2, rows * columns), between the four pixels around."""
        batch, channels, height, width = (input.shape[axis] for axis in range(4))
        corners = []
        for axis, length in ((0, width), (1, height)):
            at = (points[:, axis] + 1) / 2 * T.cast(length - 1, input.dtype)
            if self.border_mode == "nearest":
                at = T.clip(at, 0, T.cast(length - 1, input.dtype))
            low = T.floor(at)
            border = BORDERS[self.border_mode]
            index = T.cast(low, "int64")
            corners.append(
                [
                    (border(index, length), low + 1 - at),
                    (border(index + 1, length), at - low),
                ]
            )
        flat = input.dimshuffle(0, 2, 3, 1).reshape((batch * height * width, channels))
        start = (T.arange(batch) * height * width).dimshuffle(0, "x")
        output = T.zeros((), input.dtype)
        for column, by_column in corners[0]:
            for row, by_row in corners[1]:
                pixels = flat[(start + row * width + column).flatten()]
                output = output + pixels * (by_column * by_row).flatten().dimshuffle(0, "x")
        return output.reshape((batch, rows, columns, channels)).dimshuffle(0, 3, 1, 2)


def _even(count):
    """`count` numbers from -1 to 1."""
    step = 2 / T.maximum(count - 1, 1)
    return T.cast(T.arange(count) * step - 1, theano.config.floatX)


class TransformerLayer(_SamplingLayer):
    """A spatial transformer: pictures under an affine map, between pixels.

    Jaderberg, Simonyan, Zisserman and Kavukcuoglu, 2015, https://arxiv.org/abs/1506.02025.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, channel, row, column).
    localization_network : Layer
        (batch, 6): the matrix [[a, b, c], [d, e, f]] that takes a point (x, y, 1) of the output
        to one of the input; both pictures reach from -1 to 1. [1, 0, 0, 0, 1, 0] changes nothing.
    downsample_factor : float or (rows, columns)
        How many times smaller the output is.
    border_mode : {'nearest', 'mirror', 'wrap'}
        What lies outside the input: its border, its mirror image, or itself again.
    """

    def __init__(
        self, incoming, localization_network, downsample_factor=1, border_mode="nearest", **kwargs
    ):
        super().__init__(incoming, localization_network, downsample_factor, border_mode, **kwargs)
        self.check_localization(6)

    def get_output_for(self, inputs, **kwargs):
        input, theta = inputs
        rows, columns, grid = self._grid(input)
        ones = T.ones_like(grid[:1])
        points = T.dot(theta.reshape((-1, 2, 3)), T.concatenate([grid, ones]))
        return self._sampled(input, points, rows, columns)


class TPSTransformerLayer(_SamplingLayer):
    """A spatial transformer by a thin plate spline.

    Bookstein, 1989, https://doi.org/10.1109/34.24792: the smoothest map that takes each of a grid
    of control points to where it is wanted.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, channel, row, column).
    localization_network : Layer
        (batch, 2 * control_points): how far each control point moves along x, then how far along
        y; the picture reaches from -1 to 1. Zeros change nothing.
    downsample_factor : float or (rows, columns)
        How many times smaller the output is.
    control_points : int
        A square number.
    precompute_grid : 'auto' or bool
        For Lasagne's sake: the grid is computed in the graph, where its size is folded if known.
    border_mode : {'nearest', 'mirror', 'wrap'}
    """

    def __init__(
        self,
        incoming,
        localization_network,
        downsample_factor=1,
        control_points=16,
        precompute_grid="auto",
        border_mode="nearest",
        **kwargs,
    ):
        super().__init__(incoming, localization_network, downsample_factor, border_mode, **kwargs)
        self.control_points = control_points
        side = round(np.sqrt(control_points))
        if side * side != control_points:
            raise ValueError(
                f"control_points must be a square number, a grid's; got {control_points}"
            )
        if precompute_grid is True and None in self.input_shapes[0][2:]:
            raise ValueError(
                "precompute_grid=True needs known rows and columns; got shape "
                f"{self.input_shapes[0]}"
            )
        self.precompute_grid = precompute_grid
        self.check_localization(2 * control_points)
        x, y = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
        self._source = np.stack([x.ravel(), y.ravel()])
        self._solve = _solution(self._source)

    def get_output_for(self, inputs, **kwargs):
        input, offsets = inputs
        dtype = input.dtype
        rows, columns, grid = self._grid(input)
        source = self._source.astype(dtype)
        wanted = offsets.reshape((-1, 2, self.control_points)) + source
        coefficients = T.dot(wanted, self._solve.astype(dtype))
        distances = ((grid.dimshuffle("x", 0, 1) - source.T[:, :, None]) ** 2).sum(axis=1)
        terms = T.concatenate([T.ones_like(grid[:1]), grid, _radial(distances, T)])
        return self._sampled(input, T.dot(coefficients, terms), rows, columns)


def _radial(squares, m):
    """``r**2 * log(r**2)``, 0 at 0, of squared distances, by the functions of module `m`."""
    return squares * m.log(m.where(squares > 0, squares, 1))


def _solution(source):
    """The matrix (points, 3 + points) from wanted positions to the spline's coefficients."""
    count = source.shape[1]
    squares = ((source[:, :, None] - source[:, None]) ** 2).sum(axis=0)
    system = np.zeros((count + 3, count + 3))
    system[0, 3:] = system[3:, 0] = 1
    system[1:3, 3:] = source
    system[3:, 1:3] = source.T
    system[3:, 3:] = _radial(squares, np)
    return np.linalg.inv(system)[:, 3:].T

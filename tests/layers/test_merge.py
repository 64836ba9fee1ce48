import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import InputLayer, get_output

from theano_transfer.layers import BroadcastMergeLayer, DotLayer


def merged(make, shapes, rng):
    """What a layer says of its shape and gives, and what went in; lengths of 0 are not declared."""
    types = [T.TensorType("float32", (None,) * len(shape)) for shape in shapes]
    entries = [
        InputLayer((None, *(n or None for n in shape[1:])), kind())
        for shape, kind in zip(shapes, types)
    ]
    layer = make(entries)
    values = [rng.normal(size=[n or 4 for n in shape]).astype("f4") for shape in shapes]
    variables = [entry.input_var for entry in entries]
    found = theano.function(variables, get_output(layer), mode="FAST_COMPILE")(*values)
    known = [n or m for n, m in zip(layer.output_shape, found.shape)]
    assert known == list(found.shape)
    return found, values


@pytest.mark.parametrize(
    "shapes", [[(2, 3, 4), (2, 1, 4), (2, 3, 1)], [(2, 0, 1, 5), (2, 1, 3, 1)]]
)
def test_lengths_of_1_serve_for_all(shapes, rng):
    found, values = merged(lambda x: BroadcastMergeLayer(x, T.maximum), shapes, rng)
    expected = values[0]
    for value in values[1:]:
        expected = np.maximum(expected, value)
    np.testing.assert_array_equal(found, expected)


def test_lengths_that_do_not_agree():
    with pytest.raises(ValueError, match="agree or are 1"):
        BroadcastMergeLayer([(None, 2), (None, 3)], T.add)
    with pytest.raises(ValueError, match="equally many axes"):
        BroadcastMergeLayer([(None, 2), (None, 2, 3)], T.add)
    with pytest.raises(ValueError, match="axes of equal length"):
        DotLayer([(None, 2), (None, 3)], (1, 1))


@pytest.mark.parametrize(
    ("shapes", "axes", "formula"),
    [
        ([(2, 5), (2, 5)], (1, 1), "bi,bi->b"),
        ([(2, 3, 5), (2, 4, 5)], (2, 2), "bik,bjk->bij"),
        ([(2, 5, 3), (2, 4, 5)], (1, 2), "bki,bjk->bij"),
        ([(2, 3, 4, 5), (2, 5)], (3, 1), "bijk,bk->bij"),
    ],
)
@pytest.mark.parametrize("normalised", [False, True])
def test_sums_of_products(shapes, axes, formula, normalised, rng):
    found, values = merged(lambda x: DotLayer(x, axes, normalised=normalised), shapes, rng)
    if normalised:
        values = [
            value / np.linalg.norm(value, axis=axis, keepdims=True)
            for value, axis in zip(values, axes)
        ]
    expected = np.einsum(formula, *values)
    np.testing.assert_allclose(found, expected.reshape(found.shape), atol=1e-5)

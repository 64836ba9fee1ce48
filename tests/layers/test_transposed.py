import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output

from theano_transfer.layers import TransposedConv2DLayer


def painted(x, W, stride, dilation=1):
    """By its definition: every pixel paints the filters."""
    batch, _, rows, columns = x.shape
    _, filters, *sizes = W.shape
    extents = [(k - 1) * dilation + 1 for k in sizes]
    shape = [(n - 1) * s + k for n, s, k in zip((rows, columns), stride, extents)]
    y = np.zeros((batch, filters, *shape))
    for r in range(rows):
        for c in range(columns):
            below = np.einsum("bc,cfij->bfij", x[:, :, r, c], W)
            top, left = r * stride[0], c * stride[1]
            y[:, :, top : top + extents[0] : dilation, left : left + extents[1] : dilation] += below
    return y


@pytest.mark.parametrize("size", [(4, 5), (None, None)])
@pytest.mark.parametrize(
    ("options", "cut"),
    [
        ({"stride": (2, 3)}, lambda y: y),
        ({"stride": (2, 3), "pad": "same"}, lambda y: y[:, :, :-1]),  # sizes 8 and 15
        ({"stride": (1, 1), "pad": "same"}, lambda y: y[:, :, 1:-1, 1:-1]),
        ({"stride": (2, 2), "dilation": 2}, lambda y: y),
        ({"stride": (4, 3)}, lambda y: np.pad(y, [(0, 0)] * 2 + [(0, 1), (0, 0)])),
        ({"stride": (2, 2), "output_padding": (1, 0)},
         lambda y: np.pad(y, [(0, 0)] * 2 + [(0, 1), (0, 0)])),
    ],
)  # fmt: skip
def test_every_pixel_paints_the_filters(options, cut, size, rng):
    images = InputLayer((None, 2, *size))
    W, b = rng.normal(size=(2, 3, 3, 3)), rng.normal(size=3)
    layer = TransposedConv2DLayer(images, 3, 3, W=W.astype("f4"), b=b.astype("f4"), **options)
    x = rng.normal(size=(2, 2, 4, 5))
    function = theano.function([images.input_var], get_output(layer), mode="FAST_COMPILE")
    stride, dilation = options["stride"], options.get("dilation", 1)
    expected = cut(painted(x, W, stride, dilation)) + b[:, None, None]
    np.testing.assert_allclose(function(x.astype("f4")), expected, atol=1e-5)
    if None not in size:
        assert layer.output_shape == (None, *expected.shape[1:])


def test_what_it_does_not_take():
    with pytest.raises(ValueError, match="'valid' or 'same'"):
        TransposedConv2DLayer((None, 2, 4, 4), 3, 3, pad="full")
    with pytest.raises(ValueError, match="known number of channels"):
        TransposedConv2DLayer((None, 2, 4), 3, 3)

import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output
from scipy.interpolate import RegularGridInterpolator

from theano_transfer.layers import Resize2DLayer


def resized(x, shape, mode, size=(None, None), **options):
    images = InputLayer((None, x.shape[1], *size))
    layer = Resize2DLayer(images, shape, mode, **options)
    return theano.function([images.input_var], get_output(layer), mode="FAST_COMPILE")(x)


@pytest.mark.parametrize("size", [(4, 6), (None, None)])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("shape", [(9, 5), (2, 13), (4, 6)])
def test_pixels_are_seen_at_their_centres(shape, mode, size, rng):
    """By SciPy, where what lies outside is what lies at the edge."""
    x = rng.normal(size=(2, 3, 4, 6)).astype("f4")
    centres = [(np.arange(n) + 0.5) * m / n - 0.5 for n, m in zip(shape, (4, 6))]
    if mode == "nearest":
        rows, columns = (np.floor(c + 0.5).astype(int) for c in centres)
        expected = x[:, :, rows][..., columns]
    else:
        places = np.meshgrid(*(np.clip(c, 0, m - 1) for c, m in zip(centres, (4, 6))),
                             indexing="ij")  # fmt: skip
        grid = RegularGridInterpolator((range(4), range(6)), x.transpose(2, 3, 0, 1))
        expected = grid(np.stack(places, -1)).transpose(2, 3, 0, 1)
    np.testing.assert_allclose(resized(x, shape, mode, size), expected, atol=1e-5)


def test_so_many_times_as_large(rng):
    x = rng.normal(size=(1, 2, 3, 2)).astype("f4")
    found = resized(x, (2, 3), "nearest", relative=True)
    np.testing.assert_array_equal(found, x.repeat(2, axis=2).repeat(3, axis=3))
    assert Resize2DLayer((None, 2, 3, None), (2, 3), relative=True).output_shape[2:] == (6, None)


def test_what_it_does_not_take():
    with pytest.raises(ValueError, match="'cubic'"):
        Resize2DLayer((None, 2, 3, 3), (2, 2), "cubic")

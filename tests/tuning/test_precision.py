"""precision='bfloat16': of the frozen part only, kept in files, part of a feature's key."""

import numpy as np
import pytest

import theano_transfer as tt
from theano_transfer.kernels._bfloat16 import Conv2dBfloat16
from theano_transfer.kernels._library import has_bfloat16

pytestmark = pytest.mark.skipif(not has_bfloat16(), reason="no bfloat16 on this machine")


def model(precision, **settings):
    return tt.Model(
        "efficientnet_lite0",
        classes=3,
        weights=None,
        input_shape=(3, 64, 64),
        precision=precision,
        **settings,
    )


def pictures(rng, count=6):
    return rng.integers(0, 256, size=(count, 3, 64, 64)).astype("uint8")


def ops(function):
    return {type(node.op) for node in function.maker.fgraph.apply_nodes}


def test_only_the_frozen_part_computes_in_it(rng):
    short, exact = model("bfloat16"), model("float32")
    assert Conv2dBfloat16 in ops(short.inference.features)
    assert Conv2dBfloat16 not in ops(exact.inference.features)
    assert Conv2dBfloat16 not in ops(short.inference.scores)
    x = pictures(rng)
    np.testing.assert_allclose(short.predict(x), exact.predict(x), atol=0.02)
    short.compile("adam")
    short.fit(x, np.array([0, 1, 2, 0, 1, 2]), epochs=2, verbose=False)
    assert Conv2dBfloat16 not in ops(short.functions.step)


def test_saved_with_the_model(tmp_path):
    original = model("bfloat16")
    original.save(tmp_path / "model.h5")
    assert tt.Model.load(tmp_path / "model.h5").precision == "bfloat16"


def test_kept_features_are_not_mixed_up(rng):
    x, y = pictures(rng), np.array([0, 1, 2, 0, 1, 2])
    cache = tt.FeatureCache()
    found = {}
    for precision in ("float32", "bfloat16", "float32"):
        net = model(precision)
        net.compile("adam")
        net.fit(x, y, epochs=1, verbose=False, cache=cache)
        found.setdefault(precision, []).append(net.predict(x, cache=cache))
    np.testing.assert_array_equal(*found["float32"])
    assert (found["bfloat16"][0] != found["float32"][0]).any()


def test_vectors_for_shallow_models(rng):
    x = pictures(rng)
    base = model("float32").net
    short, exact = (
        tt.FeatureExtractor(base, precision=precision).transform(x)
        for precision in ("bfloat16", "float32")
    )
    assert short.dtype == np.float32
    assert (short != exact).any()
    np.testing.assert_allclose(short, exact, atol=0.05 * np.abs(exact).max())


def test_unknown_precisions_are_refused():
    with pytest.raises(ValueError, match="float8"):
        model("float8")

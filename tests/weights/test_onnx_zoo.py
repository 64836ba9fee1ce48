"""Every architecture to ONNX and back: onnxruntime is the oracle."""

import numpy as np
import pytest
from weights.onnx_oracle import outputs, run
from zoo import cases

from theano_transfer import zoo
from theano_transfer.weights import export, from_onnx, load


def fill(net, rng):
    """Parameters that no two layers share, and that keep what passes through of its size."""
    gain = 2  # of variance, of which a rectifier keeps half
    if net.record.name.startswith("efficientnet_v2"):
        # Else sums of up to 40 blocks grow until gates are open or shut, and rounding decides
        # which: two programs agree with float64 to six digits at first, in the end to none.
        gain = 1.4
    elif net.record.name in ("efficientnet_b0", "efficientnet_b1"):
        # Gates and swish leave less than half, and a few blocks do not make up for it: in the end
        # the scores hardly depended on the images.
        gain = 2.4
    # Cut from one: drawing the dense layers of a VGG would take longer than all the rest.
    noise = rng.normal(size=1_000_003).astype("f4")
    for place, (name, param) in enumerate(net.params.items()):
        role, shape = name.rpartition(".")[2], param.get_value(borrow=True).shape
        if role in ("gamma", "var"):
            value = rng.uniform(0.8, 1.2, shape)
        elif role in ("W", "pointwise"):
            fan_in = np.prod(shape[1:]) if len(shape) == 4 else shape[0]
            value = np.resize(np.roll(noise, 1009 * place), shape) * (gain / fan_in) ** 0.5
        else:
            value = rng.normal(0, 0.1, shape)
        param.set_value(np.asarray(value, "f4"))


def slow(case, _):
    """All but the smallest: of the layers, ``test_onnx`` has one of each."""
    return case.name != "squeezenet1_1"


@pytest.mark.parametrize("case", cases.params(slow=slow))
def test_there_and_back(case, rng, tmp_path, undrawn):
    least = zoo.record(case.name).min_size
    size = (max(64, least + 15), max(49, least))
    if case.name.startswith("vgg"):
        size = (least, least)
    # Scores: probabilities of networks that never learned may all be 0 or 1.
    options = {"input_shape": (3, *size), "classes": 7, "classifier_activation": None}
    net = case.build(**options)
    fill(net, rng)
    images = rng.normal(size=(2, 3, *size)).astype("f4")
    if net.record.preprocessing == "identity":
        images = images * 50 + 120
    scores = outputs(net, images)
    scale = np.abs(scores).max()
    assert np.ptp(scores, axis=0).max() > 1e-3 * scale
    export(net, tmp_path / "a.onnx")
    assert np.abs(run(tmp_path / "a.onnx", images) - scores).max() <= 1e-4 * scale
    again = from_onnx(tmp_path / "a.onnx")
    assert np.abs(outputs(again, images) - scores).max() <= 1e-4 * scale
    other = case.build(**options)
    load(other, tmp_path / "a.onnx")
    for name, param in net.params.items():
        np.testing.assert_array_equal(other.params[name].get_value(), param.get_value())

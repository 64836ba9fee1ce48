"""Every architecture to ONNX and back: onnxruntime is the oracle."""

import numpy as np
import pytest
from weights.onnx_oracle import outputs, run
from zoo import cases

from theano_transfer.weights import export, from_onnx, load


def disturb(net, rng):
    """Parameters that no two layers share, and that keep what passes through of its size."""
    for name, param in net.params.items():
        role, value = name.rpartition(".")[2], param.get_value()
        if role in ("gamma", "var"):
            param.set_value(rng.uniform(0.8, 1.2, value.shape).astype("f4"))
        elif role in ("beta", "mean", "b"):
            param.set_value(rng.normal(0, 0.1, value.shape).astype("f4"))


def slow(case, _):
    """All but the smallest: of the layers, ``test_onnx`` has one of each."""
    return case.name != "squeezenet1_1"


@pytest.mark.parametrize("case", cases.params(slow=slow))
def test_there_and_back(case, rng, tmp_path):
    size = (96, 81) if case.name.startswith(("inception", "xception")) else (64, 49)
    if case.name.startswith("vgg"):
        size = (32, 32)
    net = case.build(input_shape=(3, *size), classes=7)
    disturb(net, rng)
    images = rng.normal(size=(2, 3, *size)).astype("f4")
    if net.record.preprocessing == "identity":
        images = images * 50 + 120
    wanted = outputs(net, images)
    assert wanted.std(axis=0).max() > 0
    export(net, tmp_path / "a.onnx")
    np.testing.assert_allclose(run(tmp_path / "a.onnx", images), wanted, rtol=1e-3, atol=1e-5)
    again = from_onnx(tmp_path / "a.onnx")
    np.testing.assert_allclose(outputs(again, images), wanted, rtol=1e-3, atol=1e-5)
    other = case.build(input_shape=(3, *size), classes=7)
    load(other, tmp_path / "a.onnx")
    for name, param in net.params.items():
        np.testing.assert_array_equal(other.params[name].get_value(), param.get_value())

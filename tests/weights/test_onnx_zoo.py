"""Every architecture to ONNX and back: onnxruntime is the oracle."""

import lasagne
import numpy as np
import pytest
import theano
from zoo import cases

from theano_transfer.weights import export, from_onnx, load

onnxruntime = pytest.importorskip("onnxruntime")


def run(path, images):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0]


def outputs(net, images):
    output = lasagne.layers.get_output(net.output, deterministic=True)
    return theano.function([net.input_var], output)(images)


def disturb(net, rng):
    """Parameters that no two layers share, and that keep what passes through of its size."""
    for name, param in net.params.items():
        role, value = name.rpartition(".")[2], param.get_value()
        if role in ("gamma", "var"):
            param.set_value(rng.uniform(0.8, 1.2, value.shape).astype("f4"))
        elif role in ("beta", "mean", "b"):
            param.set_value(rng.normal(0, 0.1, value.shape).astype("f4"))


def quick(case, _):
    return case.name not in ("squeezenet1_1", "mobilenet_v3_small")


@pytest.mark.parametrize("case", cases.params(slow=quick))
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

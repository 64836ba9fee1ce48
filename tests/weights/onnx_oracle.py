"""What onnxruntime and a network make of the same images."""

import lasagne
import pytest
import theano

onnxruntime = pytest.importorskip("onnxruntime")


def run(path, images):
    """The output of a model, by onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0]


def outputs(net, images):
    """The output of a network."""
    output = lasagne.layers.get_output(net.output, deterministic=True)
    return applied(net.input_var, output, images)


def applied(variable, output, images):
    """An expression of images. Little is compiled: each of these graphs runs once."""
    mode = theano.compile.mode.Mode(linker="py", optimizer="fast_run")
    return theano.function([variable], output, mode=mode)(images)

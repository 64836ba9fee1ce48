"""Every class of layers in Keras: rebuilt with Keras's answers, or refused by its name."""

import inspect as python
import json
from unittest import mock

import lasagne
import numpy as np
import pytest
import theano
from weights.test_from_keras import sequential, whole_file

from theano_transfer.weights import WeightsFileError, export, from_keras
from theano_transfer.weights._keras_layers import BUILDERS
from theano_transfer.weights._keras_merging import MERGES
from weights import keras_layers

# Not of convolutional networks of pictures: words, other axes, layers of one's own inside.
NOT_REBUILT = {
    *("AdditiveAttention", "Attention", "EinsumDense", "Embedding", "GroupedQueryAttention"),
    *("MultiHeadAttention", "GroupQueryAttention", "ReversibleEmbedding", "Masking"),
    *("Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "GRUCell", "LSTM"),
    *("LSTMCell", "RNN", "SimpleRNN", "SimpleRNNCell", "StackedRNNCells", "TimeDistributed"),
    *("Wrapper", "SpectralNormalization", "Lambda", "Layer", "TFSMLayer", "TorchModuleWrapper"),
    *("FlaxLayer", "JaxLayer", "HashedCrossing", "Hashing", "CategoryEncoding", "Discretization"),
    *("IntegerLookup", "StringLookup", "TextVectorization", "MelSpectrogram", "STFTSpectrogram"),
    *("Pipeline", "MaxNumBoundingBoxes", "AutoContrast", "Equalization", "Solarization"),
    *("ContrastLimitedAdaptiveHistogramEqualization", "RandomCrop"),
    *("AdaptiveAveragePooling1D", "AdaptiveMaxPooling1D"),
}


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


MODELS = [
    pytest.param("of_everything", marks=pytest.mark.slow),
    "with_channels_in_front",
    "shared",
]


@pytest.fixture(scope="module", params=MODELS)
def case(request, keras, tmp_path_factory):
    """A model of Keras's, its file, what goes in, what comes out."""
    undrawn = mock.patch.object(
        keras.initializers.VarianceScaling,  # would be compiled for each shape
        "__call__",
        lambda self, shape, dtype="float32": np.zeros(shape, dtype),
    )
    with undrawn:
        model = getattr(keras_layers, request.param)(keras)
    keras_layers.fill(model, np.random.default_rng(0))
    path = tmp_path_factory.mktemp("keras") / "model.keras"
    model.save(path)
    x = keras_layers.numbers(model, np.random.default_rng(1))
    expected = model.predict(x if len(x) > 1 else x[0], verbose=0)
    if isinstance(expected, dict):
        expected = [expected[name] for name in sorted(expected)]
    return request.param, model, path, x, expected


def answers(net, x, ordered):
    """By NumPy: compiling a hundred kinds of operation would take longer than all the rest."""
    outputs = lasagne.layers.get_output(net.outputs, deterministic=True)
    inputs = [layer.input_var for layer in net.inputs]
    function = theano.function(inputs, outputs, mode="FAST_COMPILE")
    return function(*(x if ordered else map(keras_layers.channels_second, x)))


def test_the_outputs_are_those_of_keras(case):
    name, _, path, x, expected = case
    net = from_keras(path)
    ordered = name == "with_channels_in_front"
    assert len(net.outputs) == len(expected)
    wrong = []
    for layer, found, wanted in zip(net.outputs, answers(net, x, ordered), expected):
        wanted = wanted if ordered else keras_layers.channels_second(wanted)
        if found.shape != wanted.shape:
            wrong.append(f"{layer.name}: shape {found.shape}, not {wanted.shape}")
        elif not np.allclose(found, wanted, atol=1e-5, rtol=1e-5):
            wrong.append(f"{layer.name}: off by {abs(found - wanted).max()}")
        elif [n for n in layer.output_shape if n] != [
            n for n, m in zip(found.shape, layer.output_shape) if m
        ]:
            wrong.append(f"{layer.name}: says {layer.output_shape}, gives {found.shape}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
def test_every_parameter_goes_back_to_where_it_was(case, ending, tmp_path):
    _, model, path, *_ = case
    before = [np.array(variable.value) for variable in model.weights]
    export(from_keras(path), tmp_path / f"back{ending}")
    keras_layers.fill(model, np.random.default_rng(2))
    model.load_weights(tmp_path / f"back{ending}")
    for variable, values in zip(model.weights, before):
        np.testing.assert_array_equal(np.array(variable.value), values, variable.path)


def test_every_class_is_rebuilt_or_refused(keras, tmp_path):
    """A class that comes with another version of Keras has to be thought about."""
    found = {
        cls.__name__
        for cls in vars(keras.layers).values()
        if python.isclass(cls) and issubclass(cls, keras.layers.Layer)
    } - {"InputLayer"}
    of_volumes = {name for name in found if "3D" in name}
    rebuilt = found & {*BUILDERS, *MERGES}
    assert found - rebuilt - of_volumes - NOT_REBUILT == set()
    assert not rebuilt & (NOT_REBUILT | of_volumes)


@pytest.mark.parametrize("kind", ["Conv3D", *sorted(NOT_REBUILT)[::6]])
def test_a_class_that_is_not_rebuilt_is_named(kind, tmp_path):
    path = whole_file(tmp_path / "a.h5", sequential((kind, {})), {})
    with pytest.raises(WeightsFileError, match=rf"\({kind}\)"):
        from_keras(path)


@pytest.mark.slow
def test_every_class_of_the_list_is_tried(keras):
    tried = set()
    for name in ("of_everything", "with_channels_in_front"):
        config = json.loads(getattr(keras_layers, name)(keras).to_json())
        tried |= {layer["class_name"] for layer in config["config"]["layers"]}
    here = {name for name in (*BUILDERS, *MERGES) if hasattr(keras.layers, name)}
    quiet = {name for name in here if name.startswith("Random")} | {
        *("RandAugment", "AugMix", "CutMix", "MixUp")
    }
    assert here - tried - quiet == set()

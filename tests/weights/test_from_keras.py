"""Whole Keras models rebuilt, against Keras's own answers."""

import json
from unittest import mock

import h5py
import lasagne
import numpy as np
import pytest
import theano
from scipy.signal import convolve2d
from weights.keras_files import names, without_names, write_legacy
from weights.whole_models import every_layer, fill, pictures

import theano_transfer as tt
from theano_transfer.weights import WeightsFileError, export, from_keras


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@pytest.fixture(scope="module")
def model(keras):
    keras.utils.clear_session()  # names of layers without one start from the beginning
    undrawn = mock.patch.object(
        keras.initializers.VarianceScaling,  # would be compiled for each shape
        "__call__",
        lambda self, shape, dtype="float32": np.zeros(shape, dtype),
    )
    with undrawn:
        model = every_layer(keras)
    fill(model, np.random.default_rng(0))
    return model


@pytest.fixture(scope="module")
def expected(model):
    x = pictures(np.random.default_rng(1))
    y = model.predict(x, verbose=0)
    assert np.ptp(y, axis=0).min() > 1e-3
    return x, y


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("keras") / "model.keras"
    model.save(path)
    return path


def answers(net, x):
    """By NumPy: compiling forty kinds of operation would take longer than all the rest."""
    output = lasagne.layers.get_output(net.output, deterministic=True)
    function = theano.function([net.input_var], output, mode="FAST_COMPILE")
    return function(x.transpose(0, 3, 1, 2))


def test_every_layer_gives_the_answers_of_keras(saved, expected):
    x, y = expected
    net = from_keras(saved)
    np.testing.assert_allclose(answers(net, x), y, atol=1e-5)


@pytest.mark.parametrize("kind", ["h5", "before 3.6"])
def test_other_files_of_the_model_hold_the_same(model, kind, saved, tmp_path):
    net = from_keras(saved)
    if kind == "h5":
        path = tmp_path / "model.h5"
        model.save(path)
    else:
        path = without_names(saved, tmp_path / "model.keras")
    other = from_keras(path)
    assert list(other) == list(net)
    for name, param in net.params.items():
        np.testing.assert_array_equal(other.params[name].get_value(), param.get_value(), name)
    assert other["batch_normalization"].epsilon == net["batch_normalization"].epsilon


@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
def test_what_was_rebuilt_goes_back_into_keras(model, saved, ending, tmp_path):
    """Every variable is again what it was, so the answers are too."""
    before = [np.array(variable.value) for variable in model.weights]
    export(from_keras(saved), tmp_path / f"back{ending}")
    fill(model, np.random.default_rng(2))
    model.load_weights(tmp_path / f"back{ending}")
    for variable, values in zip(model.weights, before):
        np.testing.assert_array_equal(np.array(variable.value), values, variable.path)


def test_the_rebuilt_network_is_cut_frozen_tuned_and_saved(saved, tmp_path):
    net = from_keras(saved, classes=list("abcd"))
    assert net.classes == list("abcd")
    assert next(iter(net)) == "pictures"
    assert {"conv", "base_conv", "adapted"} < set(net)
    tt.weights.save(net, tmp_path / "own.h5")
    other = from_keras(saved)
    for param in other.params.values():
        param.set_value(param.get_value() * 0)
    assert tt.weights.load(other, tmp_path / "own.h5").untouched == ()
    for name, param in net.params.items():
        np.testing.assert_array_equal(other.params[name].get_value(), param.get_value())
    tt.freeze(net["adapted"])
    before = len(tt.trainable_params(net))
    tt.freeze(net)
    assert before > len(tt.trainable_params(net)) == 0


def sequential(*layers, shape=(6, 5, 2), origin=None):
    """The configuration of a Sequential as Keras 2 writes it: class and arguments of each layer."""
    entries = [
        {
            "class_name": kind,
            "config": {"name": f"{kind.lower()}_{number}", **config},
            **(origin or {}),
        }
        for number, (kind, config) in enumerate(layers)
    ]
    entries[0]["config"]["batch_input_shape"] = [None, *shape]
    return {"class_name": "Sequential", "config": {"name": "s", "layers": entries}}


def whole_file(path, config, layers, **options):
    with h5py.File(path, "w") as file:
        text = config if isinstance(config, str) else json.dumps(config)
        file.attrs["model_config"] = text
        write_legacy(file.create_group("model_weights"), layers, **options)
    return path


DENSE = {"units": 3, "activation": "linear"}
CONV = {"filters": 4, "kernel_size": [3, 2]}


def functional(*nodes):
    """The configuration of a functional model as Keras 2 writes it: class, arguments, inputs."""
    entries = [
        {"class_name": kind, "name": f"l{k}", "config": config, "inbound_nodes": inbound}
        for k, (kind, config, inbound) in enumerate(nodes)
    ]
    ends = {"input_layers": [["l0", 0, 0]], "output_layers": [[f"l{len(nodes) - 1}", 0, 0]]}
    return {"class_name": "Model", "config": {"name": "f", "layers": entries, **ends}}


ENTRY = ("InputLayer", {"batch_input_shape": [None, 6, 5, 2]}, [])


def multiplying():
    """Models in a model, each of which uses the next one eight times: few words, many layers."""
    model = functional(ENTRY, ("ReLU", {}, [[["l0", 0, 0, {}]]]))
    for _ in range(6):
        calls = [[["l1" if call else "l0", call, 0, {}]] for call in range(8)]
        model = functional(ENTRY, ("Model", model["config"], calls))
        model["config"]["output_layers"] = [["l1", 8, 0]]
    return model


REFUSED = {
    "lambda": (sequential(("Lambda", {"function": ["4wEAAAA=", None, None]})), "never executed"),
    "operation of TensorFlow": (
        sequential(("TFOpLambda", {"function": "io.read_file"})),
        "never executed",
    ),
    "unknown class": (sequential(("Attention", {})), r"'attention_0' \(Attention\): no layer"),
    "class of one's own": (
        sequential(("Flatten", {}), ("Dense", DENSE), origin={"registered_name": "my>Dense"}),
        r"not Keras's own \(my>Dense\)",
    ),
    "class of another module": (
        sequential(("Flatten", {}), origin={"module": "os"}),
        r"not Keras's own \(os\)",
    ),
    "function of one's own": (
        sequential(("Activation", {"activation": "os.system"})),
        r"activation='os\.system' is not supported",
    ),
    "more units than the file has": (
        sequential(("Flatten", {}), ("Dense", {"units": 10**12})),
        r"'dense_1' \(Dense\): an array of shape \(60, 1000000000000\)",
    ),
    "sequences into images": (
        sequential(("Conv1D", {"filters": 4, "kernel_size": [3]})),
        "sequences .* were expected",
    ),
    "images too small": (
        sequential(("Conv2D", {"filters": 4, "kernel_size": [9, 9]})),
        "'conv2d_0'",
    ),
    "odd argument": (sequential(("Conv2D", {**CONV, "strides": "2"})), "strides='2'"),
    "other axis": (sequential(("BatchNormalization", {"axis": 1})), "axis 1 is not that"),
    "both orders": (
        sequential(
            ("MaxPooling2D", {"data_format": "channels_first"}),
            ("MaxPooling2D", {"data_format": "channels_last"}),
        ),
        "one data_format",
    ),
    "no shape": (
        {
            "class_name": "Sequential",
            "config": [{"class_name": "Flatten", "config": {"name": "a"}}],
        },
        "no known shape",
    ),
    "escape sequence": (sequential(("Flatten", {"name": "\x1b[2J"})), "not a valid name"),
    "same name": (sequential(("Flatten", {"name": "a"}), ("Flatten", {"name": "a"})), "two layers"),
    "no layers": ({"class_name": "Sequential", "config": []}, "no layers"),
    "subclass": ({"class_name": "MyModel", "config": {}}, "neither a functional nor"),
    "not JSON": ("{", "not JSON"),
    "nested": ("[" * 100_000, "not JSON"),
    "a list": ([1, 2], "was expected, found list"),
    "cycle": (functional(ENTRY, ("ReLU", {}, [[["l1", 0, 0, {}]]])), "fed by layers that do not"),
    "arrays of a shared layer that are not there": (
        functional(
            ENTRY,
            ("Conv2D", {**CONV, "use_bias": False}, [[["l0", 0, 0, {}]], [["l1", 0, 0, {}]]]),
            ("ReLU", {}, [[["l1", 1, 0, {}]]]),
        ),
        r"'l1' \(Conv2D\): an array of shape",
    ),
    "output that there is not": (functional(ENTRY, ("ReLU", {}, [[["l0", 0, 1, {}]]])), "do not"),
    "layers without end": (multiplying(), "more than 10,000 layers"),
    "activation of one's own": (
        sequential(
            (
                "Activation",
                {"activation": {"class_name": "function", "config": "swish", "module": "builtins"}},
            )
        ),
        "activation='swish' is not supported",
    ),
    "odd connection": (functional(ENTRY, ("ReLU", {}, [["l0", "x"]])), "no known way"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_rebuilt_is_refused_by_name(name, tmp_path):
    config, words = REFUSED[name]
    path = whole_file(tmp_path / "model.h5", config, {})
    with pytest.raises(WeightsFileError, match=words) as caught:
        from_keras(path)
    assert "model.h5" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_weights_alone_cannot_be_rebuilt(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        write_legacy(file, {"conv": {}})
    with pytest.raises(WeightsFileError, match="no configuration"):
        from_keras(tmp_path / "a.h5")
    tt.weights.write(tmp_path / "b.h5", {"conv/W": np.ones(1, "f4")})
    with pytest.raises(WeightsFileError, match="no whole Keras model"):
        from_keras(tmp_path / "b.h5")


def test_a_model_of_keras_2_with_connections_as_it_wrote_them(rng, tmp_path):
    """Two layers behind one, hard_sigmoid as it was, added up; all by NumPy."""
    config = functional(
        ENTRY,
        ("Activation", {"activation": "hard_sigmoid"}, [[["l0", 0, 0, {}]]]),
        ("Activation", {"activation": "softsign"}, [["l0", 0, 0, {}]]),
        ("Add", {}, [[["l1", 0, 0, {}], ["l2", 0, 0, {}]]]),
        ("Flatten", {"data_format": "channels_last"}, [[["l3", 0, 0, {}]]]),
    )
    x = rng.normal(0, 2, (2, 6, 5, 2)).astype("f4")
    expected = np.clip(0.2 * x + 0.5, 0, 1) + x / (1 + abs(x))
    net = from_keras(whole_file(tmp_path / "a.h5", config, {}))
    np.testing.assert_allclose(answers(net, x), expected.reshape(2, -1), atol=1e-6)


def test_models_in_a_model_as_keras_2_counted_their_calls(rng, tmp_path):
    """From 1 on: call 0 was the making of the model. One is used twice, one has two outputs."""
    inner = functional(
        ENTRY, ("ReLU", {}, [["l0", 0, 0, {}]]), ("Softmax", {}, [["l0", 0, 0, {}]])
    )["config"]
    inner = {**inner, "name": "inner", "output_layers": [["l1", 0, 0], ["l2", 0, 0]]}
    model = functional(
        ENTRY,
        ("Activation", {"activation": "tanh"}, [[["l0", 0, 0, {}]]]),
        ("Model", inner, [[["l0", 0, 0, {}]], [["l1", 0, 0, {}]]]),
        ("Add", {}, [[["l2", 1, 0, {}], ["l2", 2, 1, {}]]]),
        ("Flatten", {}, [[["l3", 0, 0, {}]]]),
    )
    x = rng.normal(0, 2, (2, 6, 5, 2)).astype("f4")
    powers = np.exp(np.tanh(x))
    expected = np.maximum(x, 0) + powers / powers.sum(axis=3, keepdims=True)
    net = from_keras(whole_file(tmp_path / "a.h5", model, {}))
    np.testing.assert_allclose(answers(net, x), expected.reshape(2, -1), atol=1e-6)


def test_several_inputs_and_outputs_as_dictionaries(rng, tmp_path):
    """Keras goes through them in the order of their keys."""
    model = functional(
        ENTRY,
        ("InputLayer", {"batch_shape": [None, 3]}, []),
        ("GlobalMaxPooling2D", {}, [[["l0", 0, 0, {}]]]),
        ("Activation", {"activation": "tanh"}, [[["l1", 0, 0, {}]]]),
    )
    model["config"]["input_layers"] = {"b": ["l0", 0, 0], "a": ["l1", 0, 0]}
    model["config"]["output_layers"] = {"z": ["l3", 0, 0], "y": ["l2", 0, 0]}
    net = from_keras(whole_file(tmp_path / "a.h5", model, {}))
    assert [layer.name for layer in net.inputs] == ["l1", "l0"]
    assert [layer.name for layer in net.outputs] == ["l2", "l3"]
    x, v = rng.standard_normal((2, 2, 6, 5)), rng.standard_normal((2, 3))
    variables = [layer.input_var for layer in net.inputs]
    found = theano.function(variables, lasagne.layers.get_output(net.outputs), mode="FAST_COMPILE")(
        v.astype("f4"), x.astype("f4")
    )
    np.testing.assert_allclose(found[0], x.max(axis=(2, 3)), rtol=1e-6)
    np.testing.assert_allclose(found[1], np.tanh(v), rtol=1e-5)


def test_a_model_with_two_inputs_is_trained_with_functions_of_ones_own(tmp_path):
    entry = ("InputLayer", {"batch_shape": [None, 8, 8, 3]}, [])
    config = functional(entry, entry, ("Add", {}, [[["l0", 0, 0, {}], ["l1", 0, 0, {}]]]))
    config["config"]["input_layers"] = [["l0", 0, 0], ["l1", 0, 0]]
    net = from_keras(whole_file(tmp_path / "a.h5", config, {}))
    assert net.outputs == [net["l2"]] == [net.output]
    with pytest.raises(ValueError, match="2 inputs: l0, l1; train it with functions"):
        tt.Model(net, classes=["a", "b"])


def test_a_model_of_vectors(rng, tmp_path):
    config = sequential(("Dense", DENSE), shape=(4,))
    W = rng.standard_normal((4, 3), dtype="f4")
    arrays = {"dense_0": {"dense_0/kernel:0": W, "dense_0/bias:0": np.ones(3, "f4")}}
    net = from_keras(whole_file(tmp_path / "a.h5", config, arrays))
    x = rng.standard_normal((2, 4), dtype="f4")
    function = theano.function(
        [net.input_var], lasagne.layers.get_output(net.output), mode="FAST_COMPILE"
    )
    np.testing.assert_allclose(function(x), x @ W + 1, rtol=1e-5)


def test_a_sequential_with_and_without_an_input_layer(rng, tmp_path):
    """Also as the only layer of another."""
    plain = sequential(("Flatten", {}), ("Activation", {"activation": "relu"}))
    entered = sequential(("InputLayer", {}), ("Flatten", {}), ("ReLU", {}))
    del entered["config"]["layers"][1]["config"]["name"]
    entered["config"]["layers"][1]["name"] = "flat"
    outer = {"class_name": "Sequential", "config": {"name": "outer", "layers": [plain]}}
    built = {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": "ReLU", "name": "a"}]},
    }
    built["config"]["layers"][0]["config"] = {}
    built["config"]["build_input_shape"] = [None, 6, 5, 2]
    x = rng.standard_normal((2, 6, 5, 2), dtype="f4")
    for number, config in enumerate((plain, entered, outer, built)):
        net = from_keras(whole_file(tmp_path / f"{number}.h5", config, {}))
        found = lasagne.layers.get_output(net.output).eval({net.input_var: x.transpose(0, 3, 1, 2)})
        if found.ndim == 4:
            found = found.transpose(0, 2, 3, 1).reshape(2, -1)
        np.testing.assert_array_equal(found, np.maximum(x, 0).reshape(2, -1))


def test_a_model_of_keras_1_on_theano(rng, tmp_path):
    """Channels in front, kernels in Theano's order and turned, a dense layer behind."""
    layers = [
        (
            "Convolution2D",
            {
                "nb_filter": 3, "nb_row": 3, "nb_col": 2, "border_mode": "valid",
                "subsample": [1, 1], "bias": True, "dim_ordering": "th", "activation": "relu",
            },
        ),
        ("Dropout", {"p": 0.5}),
        ("Flatten", {}),
        ("Dense", {"output_dim": 4, "activation": "linear", "bias": True}),
    ]  # fmt: skip
    config = sequential(*layers, shape=(2, 6, 5))
    config["config"] = config["config"]["layers"]  # a Sequential of Keras 1 is a list
    W, b = rng.standard_normal((3, 2, 3, 2), dtype="f4"), rng.standard_normal(3, dtype="f4")
    M, c = rng.standard_normal((48, 4), dtype="f4"), rng.standard_normal(4, dtype="f4")
    arrays = {
        "convolution2d_0": {"convolution2d_0_W": W, "convolution2d_0_b": b},
        "dropout_1": {},
        "flatten_2": {},
        "dense_3": {"dense_3_W": M, "dense_3_b": c},
    }
    path = whole_file(tmp_path / "a.h5", config, arrays, version=None)
    x = rng.standard_normal((2, 2, 6, 5), dtype="f4")
    maps = np.array(
        [
            [sum(convolve2d(x[n, i], W[o, i], "valid") for i in range(2)) + b[o] for o in range(3)]
            for n in range(2)
        ]
    )
    expected = np.maximum(maps, 0).reshape(2, -1) @ M + c
    net = from_keras(path)
    assert net["convolution2d_0"].output_shape == (None, 3, 4, 4)
    np.testing.assert_allclose(answers(net, x.transpose(0, 2, 3, 1)), expected, atol=1e-4)


def test_long_lists_of_names_and_odd_ones(rng, tmp_path):
    config = sequential(("Flatten", {}), ("Dense", DENSE))
    arrays = {"dense_1": {"dense_1/kernel:0": rng.standard_normal((60, 3), dtype="f4")}}
    arrays["dense_1"]["dense_1/bias:0"] = np.ones(3, "f4")
    whole_file(tmp_path / "a.h5", config, arrays)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["model_weights"].attrs["layer_names"] = names(["gone", "", "dense_1"])
    net = from_keras(tmp_path / "a.h5")
    np.testing.assert_array_equal(net["dense_1"].b.get_value(), 1)
    with pytest.raises(ValueError, match="3 outputs, received 2 names"):
        from_keras(tmp_path / "a.h5", classes=["a", "b"])
    with pytest.raises(ValueError, match=r"one of .*torch.*; received 'best'"):
        from_keras(tmp_path / "a.h5", preprocessing="best")

"""Saving and loading models: nothing is lost, nothing is believed."""

import json

import h5py
import numpy as np
import pytest
from lasagne.layers import DenseLayer

import theano_transfer as tt
from theano_transfer.tuning import Checkpoint, Model
from theano_transfer.tuning._describe import KEY, describe, read_description


@pytest.fixture
def saved(make_net, tmp_path):
    """(model, path) of a model on the small network, with nothing as it is by default."""
    model = Model(make_net(), classes=["a", "b", "c"], head=["avg", 8, ("dropout", 0.3)], seed=4)
    model.unfreeze("block2_conv")
    model.compile("momentum", loss="categorical_crossentropy", metrics=["top5_accuracy"])
    model.learning_rate = 0.0625
    model.save(tmp_path / "model.h5")
    return model, tmp_path / "model.h5"


def test_a_loaded_model_is_the_saved_one(saved, make_net, pictures):
    model, path = saved
    again = Model.load(path, base=make_net(seed=9))
    np.testing.assert_array_equal(again.predict(pictures[0]), model.predict(pictures[0]))
    assert again.evaluate(pictures) == model.evaluate(pictures)
    for name in ("classes", "task", "head", "seed", "frozen", "preprocessing", "input_size"):
        assert getattr(again, name) == getattr(model, name), name
    assert list(again.trainable) == list(model.trainable)
    assert again.learning_rate == 0.0625
    assert list(again.functions.objective.metrics) == ["top5_accuracy"]
    again.fit(pictures, epochs=1, verbose=False)


def test_a_model_on_a_base_by_name_needs_nothing_but_its_file(tmp_path, pictures):
    model = Model("efficientnet_lite0", weights=None, classes=3, input_shape=(3, 32, 32))
    model.save(tmp_path / "model.h5")
    again = Model.load(tmp_path / "model.h5")
    assert again.base_name == "efficientnet_lite0"
    np.testing.assert_array_equal(again.predict(pictures[0]), model.predict(pictures[0]))
    with pytest.raises(RuntimeError, match="compile"):
        again.evaluate(pictures)


def test_binary_models_come_back(net, make_net, pictures, tmp_path):
    model = Model(net, classes=["no", "yes"], head=["max"])
    model.compile(loss="binary_crossentropy")
    model.save(tmp_path / "model.h5")
    again = Model.load(tmp_path / "model.h5", base=make_net())
    assert (again.task, again.classes) == ("binary", ["no", "yes"])
    np.testing.assert_array_equal(again.predict(pictures[0]), model.predict(pictures[0]))


def test_own_preprocessing_comes_back(net, make_net, pictures, tmp_path):
    grey = tt.images.Preprocessing("grey", mean=(1.0, 2.0, 3.0), std=(50.0, 60.0, 70.0), bgr=True)
    model = Model(net, classes=3, preprocessing=grey)
    model.save(tmp_path / "model.h5")
    again = Model.load(tmp_path / "model.h5", base=make_net())
    np.testing.assert_array_equal(again.predict(pictures[0]), model.predict(pictures[0]))


def small_dense(layer):
    return DenseLayer(layer, 5, name="mine")


def halve(picture):
    return picture.astype("float32") / 2


def test_functions_have_to_be_supplied_again(net, make_net, pictures, tmp_path):
    model = Model(net, classes=3, head=["avg", small_dense], preprocessing=halve)
    model.compile(loss=lambda p, t: (p - t) ** 2)
    model.save(tmp_path / "model.h5")
    supplies = {"base": make_net(), "head": ["avg", small_dense], "preprocessing": halve}
    for name in supplies:
        others = {key: value for key, value in supplies.items() if key != name}
        with pytest.raises(ValueError, match=rf"supply it.*{name}="):
            Model.load(tmp_path / "model.h5", **others)
    again = Model.load(tmp_path / "model.h5", **supplies)
    np.testing.assert_array_equal(again.predict(pictures[0]), model.predict(pictures[0]))
    with pytest.raises(RuntimeError, match="compile"):  # the loss was a function
        again.evaluate(pictures)


def test_what_the_file_has_is_not_supplied(saved, make_net):
    with pytest.raises(ValueError, match="brings its own head"):
        Model.load(saved[1], base=make_net(), head=["avg"])


def test_a_base_that_does_not_fit_is_refused(saved, make_net):
    net = make_net()
    del net["block2_pool"], net["block2_relu"], net["block2_bn"], net["block2_conv"]
    with pytest.raises(ValueError, match="block2_conv"):
        Model.load(saved[1], base=net)


def test_files_without_a_model_say_what_they_are(net, tmp_path):
    tt.weights.save(net, tmp_path / "weights.h5")
    with pytest.raises(ValueError, match=r"no tuned model.*tt.weights.load"):
        Model.load(tmp_path / "weights.h5")


def test_a_damaged_file_is_refused(saved, make_net):
    path = saved[1]
    content = bytearray(path.read_bytes())
    value = saved[0].net["block1_conv"].W.get_value()
    place = content.find(value.tobytes()[:64])
    assert place > 0
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="block1_conv"):
        Model.load(path, base=make_net())


@pytest.fixture
def attributes(make_net):
    """What a file says about a compiled model, as JSON brings it back."""
    model = Model(make_net(), classes=["a", "b", "c"], head=["avg", 8, "dropout"])
    model.compile("sgd", loss="categorical_crossentropy", metrics=["accuracy"])
    return json.loads(json.dumps(describe(model)))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 2),
        ("version", None),
        ("input_shape", [3, 12]),
        ("input_shape", "3"),
        ("input_shape", [3, 1.5, 12]),
        ("input_shape", [3, 0, 12]),
        ("input_shape", [3, 10**9, 12]),
        ("head", ["__import__('os')"]),
        ("head", [{"function": "eval"}]),
        ("head", 3),
        ("count", 4),
        ("count", "3"),
        ("count", True),
        ("task", 3),
        ("seed", None),
        ("frozen", [1]),
        ("frozen", "all"),
        ("preprocessing", "pickle"),
        ("preprocessing", {"name": "x"}),
        ("preprocessing", {"name": "x", "mean": [1, 2, 3], "std": [1, 0, 1], "bgr": False}),
        ("compiled", {"optimizer": "sgd"}),
        ("compiled", "sgd"),
        ("compiled", {"optimizer": 3, "loss": None, "metrics": None, "learning_rate": 1}),
        ("compiled", {"optimizer": "sgd", "loss": None, "metrics": [3], "learning_rate": 1}),
        ("compiled", {"optimizer": "sgd", "loss": None, "metrics": None, "learning_rate": "1"}),
        ("base", 3),
    ],
)
def test_nonsense_in_a_file_is_refused(attributes, field, value):
    read_description(attributes, "model.h5")  # as it is, it passes
    attributes[KEY][field] = value
    with pytest.raises(ValueError, match=r"model\.h5"):
        read_description(attributes, "model.h5")


def rewrite(path, field, value):
    file = tt.weights.read(path)
    described = {**file.attributes[KEY], field: value}
    tt.weights.write(path, file, {**file.attributes, KEY: described})


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("frozen", ["elsewhere"], "elsewhere"),
        ("task", "detection", "detection"),
        ("base", "../vgg16", "vgg16"),
        ("head", ["avg", 10**12], "head_dense1.*1000000000000 units"),
        ("head", ["avg"] + [8] * 2, "head_dense2.*none"),
    ],
)
def test_nonsense_that_only_building_shows_is_refused(saved, make_net, field, value, text):
    rewrite(saved[1], field, value)
    base = None if field == "base" else make_net()
    with pytest.raises(ValueError, match=text):
        Model.load(saved[1], base=base)


def test_a_model_that_cannot_be_written_leaves_the_old_file(saved, monkeypatch):
    model, path = saved
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(h5py.Group, "create_dataset", fail)
    with pytest.raises(OSError, match="No space"):
        model.save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_checkpoints_keep_the_best(net, make_net, pictures, tmp_path):
    model = Model(net, classes=3, head=["avg"])
    model.compile("sgd")
    states = []

    def worsen(epoch, numbers):
        states.append(model.output.b.get_value())

    every = Checkpoint(tmp_path / "epoch{epoch}.h5")
    best = Checkpoint(tmp_path / "best.h5", "loss", mode="max")  # the first is the largest
    model.fit(pictures, epochs=3, batch_size=8, verbose=False, callbacks=[worsen, every, best])
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "best.h5", "epoch1.h5", "epoch2.h5", "epoch3.h5",
    ]  # fmt: skip
    for number, state in enumerate(states, start=1):
        again = Model.load(tmp_path / f"epoch{number}.h5", base=make_net())
        np.testing.assert_array_equal(again.output.b.get_value(), state)
    again = Model.load(tmp_path / "best.h5", base=make_net())
    np.testing.assert_array_equal(again.output.b.get_value(), states[0])

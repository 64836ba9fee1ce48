"""Ordinal models, several answers at once, two bases under one head."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import get_output

import theano_transfer as tt
from theano_transfer.tuning import Several, class_distance, join_bases, ordinal_accuracy
from theano_transfer.tuning._decode import ordinal_probabilities
from theano_transfer.tuning._targets import to_targets


def test_targets_of_an_ordinal_model_say_above_what_the_class_is():
    found = to_targets([0, 2, 3], task="ordinal", outputs=3, indices=False)
    np.testing.assert_array_equal(found, [[0, 0, 0], [1, 1, 0], [1, 1, 1]])
    with pytest.raises(tt.tuning.DataMismatchError, match="4 classes"):
        to_targets([4], task="ordinal", outputs=3, indices=False)


def test_probabilities_of_an_ordinal_model():
    found = ordinal_probabilities(np.array([[0.9, 0.5, 0.1], [0.2, 0.6, 0.0]]))
    np.testing.assert_allclose(found, [[0.1, 0.4, 0.4, 0.1], [0.8, 0.0, 0.2, 0.0]], atol=1e-12)


def test_metrics_of_an_ordinal_model():
    p, t = T.matrix(), T.matrix()
    function = theano.function([p, t], [ordinal_accuracy(p, t), class_distance(p, t)])
    above = np.array([[0.9, 0.8, 0.1], [0.4, 0.2, 0.1], [0.9, 0.9, 0.6]], "float32")
    right = to_targets([2, 1, 1], task="ordinal", outputs=3, indices=False)
    accuracy, distance = function(above, right)
    np.testing.assert_array_equal(accuracy, [1, 0, 0])
    np.testing.assert_array_equal(distance, [0, 1, 2])


def test_an_ordinal_model_learns_predicts_and_is_saved(make_net, pictures, tmp_path, monkeypatch):
    model = tt.Model(make_net(), classes=["bad", "fair", "good"], head=["avg"], task="ordinal")
    model.compile("adam", learning_rate=0.05, label_smoothing=0.01)
    history = model.fit(pictures, epochs=15, verbose=False)
    assert set(history.history) == {"loss", "accuracy", "class_distance"}
    assert history["loss"][-1] < history["loss"][0]
    found = model.predict(pictures[0])
    assert found.shape == (24, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    right = np.mean(found.argmax(axis=1) == pictures[1])
    assert right > 0.4
    model.save(tmp_path / "model.h5")
    again = tt.Model.load(tmp_path / "model.h5", base=make_net())
    np.testing.assert_array_equal(again.predict(pictures[0]), found)
    assert model.predict_classes(pictures[0][:2])[0] in ("bad", "fair", "good")


def test_several_answers_have_weighted_losses(make_net, pictures):
    x, y = pictures
    ages = y * 2.0 + 1
    parts = Several(kind=("classification", 3), age=("regression", 1, 0.25))
    assert parts.outputs == 4
    targets = parts.targets(kind=y, age=ages)
    scores = np.random.default_rng(0).normal(size=(24, 4)).astype("float32")
    p, t = T.matrix(), T.matrix()
    names = [metric.__name__ for metric in parts.metrics]
    assert names == ["kind_accuracy", "age_mae"]
    function = theano.function([p, t], [parts.loss(p, t), *(m(p, t) for m in parts.metrics)])
    loss, accuracy, mae = function(scores, targets)
    answers = parts.split(scores)
    expected = -np.log(answers["kind"][np.arange(24), y]) + 0.25 * (scores[:, 3] - ages) ** 2
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    np.testing.assert_array_equal(accuracy, answers["kind"].argmax(axis=1) == y)
    np.testing.assert_allclose(mae, abs(scores[:, 3] - ages), rtol=1e-5)

    model = tt.Model(make_net(), classes=parts.outputs, head=["avg"], task="regression")
    model.compile("adam", parts.loss, parts.metrics, learning_rate=0.05)
    history = model.fit((x, targets), epochs=5, verbose=False)
    assert history["loss"][-1] < history["loss"][0]
    assert "kind_accuracy" in history


@pytest.mark.parametrize(
    ("questions", "error", "text"),
    [
        ({}, ValueError, "at least one"),
        ({"kind": 5}, TypeError, "'kind'"),
        ({"kind": ("clasification", 5)}, ValueError, "did you mean 'classification'"),
        ({"kind": ("classification", 1)}, ValueError, "at least 2"),
        ({"age": ("regression", 1, -1)}, ValueError, "not negative"),
    ],
)
def test_wrong_questions_are_refused(questions, error, text):
    with pytest.raises(error, match=text):
        Several(**questions)


def test_labels_are_needed_for_every_question():
    parts = Several(kind=("classification", 3), age=("regression", 1))
    with pytest.raises(ValueError, match="kind, age"):
        parts.targets(kind=[0])


def test_two_bases_under_one_head(make_net, pictures):
    x, y = pictures
    alone = []
    for seed in (0, 1):
        net = make_net(seed)
        pooled = tt.Model(net, classes=3, head=["avg"])
        output = get_output(pooled.net["head_avg1"], deterministic=True)
        alone.append(theano.function([net.input_var], output)(x.astype("float32")))
    net = join_bases(make_net(0), make_net(1))
    assert net.output.output_shape == (None, 12)
    model = tt.Model(net, classes=3, head=[], preprocessing="tf", seed=2)
    both = model.inference.features(x.astype("float32"))
    np.testing.assert_allclose(both, np.hstack(alone), rtol=1e-4, atol=1e-4)
    model.unfreeze("second_block2_conv")
    assert "second_block2_conv.W" in model.trainable
    assert "block2_conv.W" not in model.trainable
    model.compile("adam", learning_rate=0.05)
    history = model.fit(x, y, epochs=3, verbose=False)
    assert history["loss"][-1] < history["loss"][0]
    other = tt.zoo.Network([("input", make_net(0)["input"])])
    with pytest.raises(ValueError, match="prepare pictures differently"):
        join_bases(make_net(0), other)


def test_a_network_with_one_channel_sees_pictures_in_grey(pictures):
    x = pictures[0]
    options = {"classes": 3, "weights": None, "input_shape": (1, 32, 32), "head": ["avg"]}
    model = tt.Model("squeezenet1_1", **options)
    grey = x.mean(axis=1, keepdims=True).round().astype("uint8")
    found = model.predict(tt.images.ArrayData(grey))
    np.testing.assert_array_equal(found, model.predict(np.repeat(grey, 3, axis=1)))
    x = np.zeros((2, 3, 32, 32), "float32")
    x[0], x[1, 0] = 1, 3  # the same mean
    one, other = model.inference.features(x)
    np.testing.assert_allclose(one, other, rtol=1e-5)
    model.compile()
    assert len(model.fit(pictures, epochs=2, verbose=False)) == 2

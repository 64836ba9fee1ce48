"""Gradients against NumPy, finite differences and the axiom of completeness."""

import lasagne
import numpy as np
import pytest
from explain.conftest import SIZE, make_net, scores_of

import theano_transfer as tt
from theano_transfer import explain


def by_hand(model, pictures, target, *, guide):
    """(guided) gradient of the pointwise network: products at each pixel, NumPy alone."""
    value = {name: param.get_value().astype(float) for name, param in model.net.params.items()}
    bgr = (pictures.astype(float) - np.array([123.68, 116.779, 103.939]).reshape(3, 1, 1))[:, ::-1]
    layers, x = [], bgr
    for number in (1, 2):
        W = value[f"conv{number}.W"][:, :, 0, 0]
        before = np.einsum("oc,ncij->noij", W, x) + value[f"conv{number}.b"].reshape(-1, 1, 1)
        layers.append((W, before))
        x = np.maximum(before, 0)
    # the maximum of each 2x2 window goes into the mean over the windows
    windows = x.reshape(len(x), x.shape[1], SIZE // 2, 2, SIZE // 2, 2)
    largest = windows == windows.max(axis=(3, 5), keepdims=True)
    # where all of a window is 0, the rectifier stops what comes back anyway
    head = value["head_predictions.W"][:, target]
    back = np.where(largest, head.T[:, :, None, None, None, None] / (SIZE // 2) ** 2, 0)
    back = back.reshape(x.shape)
    for W, before in reversed(layers):
        back = np.where(before > 0, back, 0)
        if guide:
            back = np.maximum(back, 0)
        back = np.einsum("oc,noij->ncij", W, back)
    return back[:, ::-1]


@pytest.mark.parametrize("guide", [False, True])
def test_gradients_are_those_worked_out_by_hand(model, pictures, guide):
    target = np.array([0, 1, 2, 1, 0])
    function = explain.guided_backpropagation if guide else explain.gradients
    found = function(model, pictures, target, batch_size=2)
    assert (found.shape, found.dtype) == (pictures.shape, np.float32)
    expected = by_hand(model, pictures, target, guide=guide)
    np.testing.assert_allclose(found, expected, atol=1e-6, rtol=1e-4)


def test_the_gradient_predicts_what_a_step_changes(model, pictures):
    pixels = pictures.astype(float)
    slope = explain.gradients(model, pixels, "owl")
    for step in (1e-2, -1e-2):
        change = (scores_of(model, pixels + step * slope / 1e-3) - scores_of(model, pixels))[:, 2]
        np.testing.assert_allclose(change, step * (slope**2).sum((1, 2, 3)) / 1e-3, rtol=0.05)


def test_guided_backpropagation_leaves_the_network_as_it_is(model, pictures):
    before = model.predict(pictures)
    plain = explain.gradients(model, pictures, 0)
    explain.guided_backpropagation(model, pictures, 0)
    np.testing.assert_array_equal(model.predict(pictures), before)
    np.testing.assert_array_equal(explain.gradients(model, pictures, 0), plain)


def test_guided_backpropagation_needs_rectifiers(pictures):
    net = make_net(nonlinearity=lasagne.nonlinearities.tanh)
    smooth = tt.Model(net, classes=3, head=["avg"])
    with pytest.raises(ValueError, match="has none"):
        explain.guided_backpropagation(smooth, pictures)


@pytest.mark.parametrize("of", ["score", "probability"])
@pytest.mark.parametrize("baseline", [0.0, 127.5])
def test_integrated_gradients_add_up_to_the_difference(model, pictures, of, baseline):
    shares = explain.integrated_gradients(
        model, pictures, "dog", baseline=baseline, steps=200, of=of, batch_size=64
    )
    blank = np.full_like(pictures, baseline, dtype=np.float32)
    scores = [scores_of(model, x).astype(float) for x in (pictures, blank)]
    if of == "probability":
        scores = [np.exp(s) / np.exp(s).sum(axis=1, keepdims=True) for s in scores]
    expected = (scores[0] - scores[1])[:, 1]
    np.testing.assert_allclose(shares.sum(axis=(1, 2, 3)), expected, atol=0.01 * np.ptp(scores))


def test_integrated_gradients_of_what_is_the_baseline_are_nothing(model, pictures):
    shares = explain.integrated_gradients(model, pictures[:1], 0, baseline=pictures[0], steps=3)
    assert not shares.any()


def test_both_sides_of_a_binary_model(binary_model, pictures):
    yes = explain.gradients(binary_model, pictures, "yes")
    np.testing.assert_allclose(explain.gradients(binary_model, pictures, "no"), -yes)
    of_no = explain.gradients(binary_model, pictures, 0, of="probability")
    of_yes = explain.gradients(binary_model, pictures, 1, of="probability")
    np.testing.assert_allclose(of_no, -of_yes, rtol=1e-5)
    said = (binary_model.predict(pictures)[:, 0] > 0.5).astype(int)
    np.testing.assert_array_equal(
        explain.gradients(binary_model, pictures), explain.gradients(binary_model, pictures, said)
    )


def test_what_is_predicted_is_asked_about_by_itself(model, pictures):
    names = model.predict_classes(pictures)
    np.testing.assert_array_equal(
        explain.gradients(model, pictures), explain.gradients(model, pictures, names)
    )


def test_new_weights_count_without_compiling_again(model, pictures):
    before = explain.gradients(model, pictures, 0)
    param = model.net.params["conv1.W"]
    value = param.get_value()
    try:
        param.set_value(2 * value)
        assert not np.allclose(explain.gradients(model, pictures, 0), before)
    finally:
        param.set_value(value)
    np.testing.assert_array_equal(explain.gradients(model, pictures, 0), before)


def test_networks_and_no_pictures_are_taken_too(pictures):
    model = tt.Model(make_net(), classes=3, head=["avg"])
    np.testing.assert_allclose(
        explain.gradients(model.net, pictures, 1), explain.gradients(model, pictures, 1)
    )
    assert explain.gradients(model, pictures[:0], 1).shape == (0, 3, SIZE, SIZE)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"target": "dg"}, "'dog'"),
        ({"target": 3}, "0 to 2"),
        ({"target": [0, 1]}, "5 pictures and 2 targets"),
        ({"of": "logit"}, "'score' or 'probability'"),
    ],
)
def test_wrong_questions_are_refused(model, pictures, options, text):
    with pytest.raises(ValueError, match=text):
        explain.gradients(model, pictures, **options)


def test_other_things_are_no_models(pictures):
    with pytest.raises(TypeError, match="expected a Model"):
        explain.gradients("vgg16", pictures)


def test_wrong_options_name_the_nearest(model, pictures):
    with pytest.raises(TypeError, match="no option 'step'; did you mean 'steps'"):
        explain.integrated_gradients(model, pictures, step=3)

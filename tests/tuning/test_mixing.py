"""Mixed pictures: what is in them, what their targets are, and training with them."""

import numpy as np
import pytest

import theano_transfer as tt
from theano_transfer.tuning import CutMix, Mixup
from theano_transfer.tuning._mixing import mixing_generator


@pytest.fixture
def batch():
    """Four pictures, each of one number everywhere: from the mixture the shares can be read."""
    numbers = np.array([1.0, 10.0, 100.0, 1000.0], "float32")
    x = np.ones((4, 3, 20, 30), "float32") * numbers[:, None, None, None]
    return numbers, x, np.eye(4, dtype="float32"), np.ones(4, "float32")


@pytest.mark.parametrize("mix", [Mixup(0.7), CutMix(1.0)])
def test_targets_say_what_is_in_the_picture(mix, batch):
    numbers, x, targets, weights = batch
    shares = set()
    for epoch in range(6):
        mixed, rows, total = mix(x, targets, weights, mixing_generator(0, epoch, 0))
        np.testing.assert_allclose(mixed.mean(axis=(1, 2, 3)), rows @ numbers, rtol=1e-4)
        np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_array_equal(total, 1)
        assert (mixed.dtype, rows.dtype) == (x.dtype, targets.dtype)
        shares.update(np.round(rows.max(axis=1), 4))
        again = mix(x, targets, weights, mixing_generator(0, epoch, 0))[0]
        np.testing.assert_array_equal(mixed, again)
    assert len(shares) > 3
    np.testing.assert_array_equal(x[0], 1)  # what came in is as it was


def test_cutmix_takes_a_rectangle(batch):
    _, x, targets, weights = batch
    for epoch in range(10):
        mixed = CutMix()(x, targets, weights, mixing_generator(1, epoch, 0))[0]
        for picture, own in zip(mixed[:, 0], x[:, 0, 0, 0]):
            rows, columns = np.nonzero(picture != own)
            if len(rows):
                inside = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
                assert (inside != own).all()
                assert len(np.unique(inside)) == 1


def test_weights_are_those_of_both_pictures(batch):
    """The loss of a mixture is the sum of both losses, each with its weight and share."""
    _, x, targets, _ = batch
    weights = np.array([1, 2, 0, 4], "float32")
    partner = mixing_generator(3, 0, 0).permutation(4)
    _, rows, total = Mixup(1.0)(x, targets, weights, mixing_generator(3, 0, 0))
    losses = np.array([0.3, 1.1, 2.0, 0.7])  # of each class
    rng = mixing_generator(3, 0, 0)
    rng.permutation(4)
    share = rng.beta(1.0, 1.0)
    expected = share * weights * losses + (1 - share) * (weights * losses)[partner]
    np.testing.assert_allclose(total * (rows @ losses), expected, rtol=1e-5)


@pytest.mark.slow
def test_a_model_learns_from_mixed_pictures(net, pictures):
    model = tt.Model(net, classes=3, head=["avgmax"])
    assert model.net["head_avgmax1"].output_shape == (None, 12)
    model.compile("adam", learning_rate=0.1)
    with pytest.raises(ValueError, match="loss='categorical_crossentropy'"):
        model.fit(pictures, mix=Mixup())
    model.compile("adam", "categorical_crossentropy", learning_rate=0.1, label_smoothing=0.1)
    history = model.fit(pictures, epochs=12, mix=CutMix(0.5), batch_size=8, verbose=False)
    assert not history.cached
    assert model.evaluate(pictures)["accuracy"] > 0.6
    for wrong in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="alpha"):
            Mixup(wrong)

"""Training on features that are computed once."""

import numpy as np
import pytest

import theano_transfer as tt
from theano_transfer.tuning._feeds import feature_bytes


def build(net, unfrozen=(), head=("avg", 8, "dropout")):
    model = tt.Model(net, classes=3, head=list(head))
    if unfrozen:
        model.unfreeze(*unfrozen)
    model.compile("adam", learning_rate=0.01)
    return model


def run(model, data, **options):
    history = model.fit(data, **{"epochs": 3, "batch_size": 7, "verbose": False, **options})
    return history, {name: p.get_value() for name, p in model.net.params.items()}


@pytest.mark.parametrize("unfrozen", [(), ("block2_conv",)])
@pytest.mark.parametrize("shuffle", [False, True])
def test_cached_is_uncached(make_net, pictures, unfrozen, shuffle):
    """Batch by batch the same, dropout and all."""
    results = {}
    for cache in (True, False):
        model = build(make_net(), unfrozen)
        results[cache] = run(
            model, pictures, cache_features=cache, shuffle=shuffle, validation_data=pictures
        )
        assert results[cache][0].cached is cache
    (cached, with_cache), (uncached, without) = results[True], results[False]
    for name, column in uncached.history.items():
        np.testing.assert_allclose(cached[name], column, rtol=1e-5, err_msg=name)
    for name, value in without.items():
        np.testing.assert_allclose(with_cache[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("unfrozen", "cut"), [((), "head_avg1"), (("block2_conv",), "block1_pool")]
)
def test_features_are_taken_at_the_cut(net, pictures, unfrozen, cut):
    model = build(net, unfrozen)
    assert model.inference.cut.name == cut
    features = model.inference.features(tt.images.preprocess_input(pictures[0], "tf"))
    assert features.nbytes == 24 * feature_bytes(model.inference, (12, 12))


def count_pictures(model):
    """Counts the pictures that pass through the network's base."""
    compute, seen = model.inference.features, []

    def counted(pictures):
        seen.append(len(pictures))
        return compute(pictures)

    model.inference.features = counted
    return seen


def test_each_picture_passes_the_base_once(net, pictures):
    model = build(net)
    seen = count_pictures(model)
    run(model, pictures, validation_data=pictures, epochs=4)
    assert sum(seen) == 24 + 24


def test_without_a_cache_each_epoch_passes_them_again(net, pictures):
    model = build(net)
    seen = count_pictures(model)
    run(model, pictures, validation_data=pictures, epochs=4, cache_features=False)
    assert sum(seen) == 4 * (24 + 24)


def test_validation_is_cached_where_training_is_augmented(net, pictures):
    model = build(net)
    seen = count_pictures(model)
    history, _ = run(
        model, pictures, validation_data=pictures, epochs=4, augment=lambda picture, rng: picture
    )
    assert not history.cached
    assert sum(seen) == 4 * 24 + 24


def test_a_single_epoch_is_not_worth_it(net, pictures):
    history, _ = run(build(net), pictures, epochs=1)
    assert not history.cached
    history, _ = run(build(net), pictures, epochs=1, cache_features=True)
    assert history.cached


def test_auto_keeps_within_its_budget(net, pictures):
    size = feature_bytes(build(net).inference, (12, 12))
    for budget, cached in [(24 * size, True), (24 * size - 1, False)]:
        history, _ = run(build(net), pictures, cache_bytes=budget)
        assert history.cached is cached


@pytest.mark.parametrize(
    ("unfrozen", "options", "text"),
    [
        (("block1_conv",), {}, "nothing at the bottom"),
        ((), {"augment": lambda picture, rng: picture}, "augmentation"),
        ((), {"cache_bytes": 10}, "'head_avg1' take"),
    ],
)
def test_true_says_why_it_cannot(net, pictures, unfrozen, options, text):
    with pytest.raises(ValueError, match=text):
        run(build(net, unfrozen), pictures, cache_features=True, **options)


def test_iterators_are_not_cached(net, pictures):
    history, _ = run(build(net), [pictures], cache_features="auto")
    assert not history.cached
    with pytest.raises(ValueError, match="iterator"):
        run(build(net), [pictures], cache_features=True)


def test_wrong_settings_are_named(net, pictures):
    with pytest.raises(ValueError, match="'yes'"):
        run(build(net), pictures, cache_features="yes")


def test_steps_per_epoch_hold_for_cached_features_too(make_net, pictures):
    results = [
        run(build(make_net()), pictures, steps_per_epoch=2, cache_features=cache)[1]
        for cache in (True, False)
    ]
    for name, value in results[0].items():
        np.testing.assert_allclose(value, results[1][name], rtol=1e-4, atol=1e-6)

"""Training on features that are computed once."""

import errno
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import lasagne
import numpy as np
import pytest
from PIL import Image

import theano_transfer as tt
from theano_transfer.cache import FeatureCacheError, FeatureCacheWarning
from theano_transfer.cache._memory import ENTRY_BYTES
from theano_transfer.images import _image_files
from theano_transfer.tuning._keep import frozen_part


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
    for cache in ("memory", False):
        model = build(make_net(), unfrozen)
        results[cache] = run(
            model, pictures, cache=cache, shuffle=shuffle, validation_data=pictures
        )
        assert results[cache][0].cached is bool(cache)
    (cached, with_cache), (uncached, without) = results["memory"], results[False]
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
    part = frozen_part(model.inference, (12, 12))
    assert part.shape == features.shape[1:]
    assert features.nbytes == 24 * part.row_bytes


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
    x, y = pictures
    run(model, pictures, validation_data=(x // 2, y), epochs=4)
    assert sum(seen) == 24 + 24


def test_a_picture_that_comes_twice_passes_the_base_once(net, pictures):
    model = build(net)
    seen = count_pictures(model)
    run(model, pictures, validation_data=pictures, epochs=4)
    assert sum(seen) == 24


def test_without_a_cache_each_epoch_passes_them_again(net, pictures):
    model = build(net)
    seen = count_pictures(model)
    run(model, pictures, validation_data=pictures, epochs=4, cache=False)
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
    history, _ = run(build(net), pictures, epochs=1, cache="memory")
    assert history.cached


def needed(model, count):
    return count * (frozen_part(model.inference, (12, 12)).row_bytes + ENTRY_BYTES)


@pytest.mark.parametrize("cache", ["auto", "memory"])
def test_what_does_not_fit_is_computed_in_every_epoch_and_said_once(net, pictures, cache):
    model = build(net)
    history, _ = run(model, pictures, cache=cache, cache_bytes=needed(model, 24))
    assert history.cached
    seen = count_pictures(model)
    with pytest.warns(FeatureCacheWarning, match=r"all pictures at 'head_avg1'") as said:
        history, _ = run(model, pictures, cache=cache, cache_bytes=needed(model, 24) - 1)
    assert len(said) == 1
    assert not history.cached
    assert sum(seen) == 3 * 24


def test_training_pictures_come_before_those_for_validation(net, pictures):
    model = build(net)
    x, y = pictures
    other = x[:6] // 2, y[:6]
    seen = count_pictures(model)
    with pytest.warns(FeatureCacheWarning, match="some pictures"):
        history, _ = run(
            model, pictures, validation_data=other, cache_bytes=needed(model, 24), cache="auto"
        )
    assert history.cached
    assert sum(seen) == 24 + 3 * 6


@pytest.mark.parametrize(
    ("unfrozen", "options", "text"),
    [
        (("block1_conv",), {}, "nothing at the bottom"),
        ((), {"augment": lambda picture, rng: picture}, "augmentation"),
    ],
)
def test_who_asks_for_a_cache_hears_why_there_can_be_none(net, pictures, unfrozen, options, text):
    with pytest.warns(FeatureCacheWarning, match=text):
        history, _ = run(build(net, unfrozen), pictures, cache="memory", **options)
    assert not history.cached


AUGMENT = tt.images.Augmentation(horizontal_flip=True, width_shift_range=0.3, zoom_range=0.2)


def test_variants_are_those_of_the_first_epochs(make_net, pictures):
    """As many epochs as variants: the same as without a cache. From then on they come again."""
    results = []
    for options in ({"cache": "memory", "cache_variants": 3}, {"cache": False}):
        model = build(make_net())
        seen = count_pictures(model)
        history, weights = run(model, pictures, augment=AUGMENT, **options)
        results.append((history["loss"], weights))
        assert sum(seen) == 3 * 24
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5)
    for name, value in results[0][1].items():
        np.testing.assert_allclose(value, results[1][1][name], rtol=1e-4, atol=1e-6)


def test_each_variant_passes_the_base_once(net, pictures):
    model = build(net)
    seen = count_pictures(model)
    history, _ = run(model, pictures, augment=AUGMENT, epochs=9, cache_variants=2)
    assert history.cached
    assert sum(seen) == 2 * 24


def test_functions_that_augment_have_variants_in_memory_only(net, pictures, tmp_path):
    model = build(net)
    seen = count_pictures(model)
    options = {"augment": lambda picture, rng: picture[:, ::-1], "cache_variants": 2}
    run(model, pictures, **options, epochs=5)
    assert sum(seen) == 2 * 24
    with pytest.warns(FeatureCacheWarning, match="is a function"):
        run(model, pictures, **options, cache=tmp_path / "features.h5")
    assert not (tmp_path / "features.h5").exists()


def test_another_seed_augments_anew(net, pictures):
    model, cache = build(net), tt.FeatureCache()
    seen = count_pictures(model)
    options = {"augment": AUGMENT, "cache_variants": 2, "cache": cache, "shuffle": False}
    for seed, computed in ((0, 48), (0, 48), (1, 96)):
        run(model, pictures, **options, seed=seed)
        assert sum(seen) == computed
    run(model, pictures, **{**options, "augment": tt.images.Augmentation(horizontal_flip=True)})
    assert sum(seen) == 144


def test_iterators_are_not_cached(net, pictures):
    history, _ = run(build(net), [pictures], cache="auto")
    assert not history.cached
    with pytest.warns(FeatureCacheWarning, match="iterator"):
        run(build(net), [pictures], cache="memory")
    with pytest.warns(FeatureCacheWarning, match="iterator"):
        build(net).evaluate([pictures], cache="memory")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"cache": "yes"}, "'yes'"),
        ({"cache_variants": 0}, "got 0"),
        ({"cache_variants": 1.5}, r"got 1\.5"),
        ({"cache": tt.FeatureCache(), "cache_bytes": 5}, "its own max_bytes"),
    ],
)
def test_wrong_settings_are_named(net, pictures, options, text):
    with pytest.raises(ValueError, match=text):
        run(build(net), pictures, **options)


def test_steps_per_epoch_hold_for_cached_features_too(make_net, pictures):
    results = [
        run(build(make_net()), pictures, steps_per_epoch=2, cache=cache)[1]
        for cache in ("memory", False)
    ]
    for name, value in results[0].items():
        np.testing.assert_allclose(value, results[1][name], rtol=1e-4, atol=1e-6)


# One cache for several calls


@pytest.fixture(params=["memory", "disk"])
def cache(request, tmp_path):
    return tt.FeatureCache() if request.param == "memory" else tt.FeatureCache(tmp_path / "f.h5")


def test_a_cache_serves_fit_evaluate_and_predict(net, pictures, cache):
    model = build(net)
    x, y = pictures
    seen = count_pictures(model)
    run(model, pictures, cache=cache)
    assert (sum(seen), len(cache)) == (24, 24)
    model.evaluate(x, y, cache=cache)
    model.predict(x[5:9], cache=cache)
    run(model, (x[::2], y[::2]), cache=cache)
    assert sum(seen) == 24
    model.fit(pictures, epochs=1, cache=False, verbose=False)
    assert sum(seen) == 48
    assert len(cache) == 24
    assert cache.nbytes > 0


def test_what_a_cache_gives_is_what_the_network_gives(net, pictures, cache):
    model = build(net)
    x, y = pictures
    run(model, pictures, cache=cache)
    for key, value in model.evaluate(x, y).items():
        assert model.evaluate(x, y, cache=cache)[key] == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(model.predict(x, cache=cache), model.predict(x), rtol=1e-5)
    assert model.predict(x[:0], cache=cache).shape == (0, 3)


@pytest.mark.parametrize(("param", "borrow"), [("block1_conv.W", False), ("block2_bn.mean", True)])
def test_features_of_weights_that_changed_are_not_taken(net, pictures, cache, param, borrow):
    model = build(net)
    x = pictures[0]
    before = model.predict(x, cache=cache)
    seen = count_pictures(model)
    shared = model.net.params[param]
    if borrow:
        shared.get_value(borrow=True)[0] += 1
    else:
        shared.set_value(shared.get_value() + 1)
    after = model.predict(x, cache=cache)
    assert sum(seen) == 24
    np.testing.assert_allclose(after, model.predict(x), rtol=1e-5)
    assert np.abs(after - before).max() > 1e-4


def test_weights_that_change_in_the_middle_of_training_are_noticed(net, pictures, cache):
    model = build(net)
    seen = count_pictures(model)
    shared = model.net.params["block1_conv.W"]

    def change(epoch, numbers):
        if epoch == 2:
            shared.set_value(2 * shared.get_value())

    history, _ = run(model, pictures, cache=cache, epochs=4, callbacks=change, shuffle=False)
    assert history.cached
    assert sum(seen) == 2 * 24


def test_unfreezing_is_another_network(net, pictures, cache):
    model = build(net)
    run(model, pictures, cache=cache)
    model.unfreeze("block2_conv")
    model.compile("adam")
    seen = count_pictures(model)
    run(model, pictures, cache=cache)
    run(model, pictures, cache=cache)
    # the first run moved nothing below the cut, so the second finds its features again
    assert sum(seen) == 24
    expected = model.predict(pictures[0])
    np.testing.assert_allclose(model.predict(pictures[0], cache=cache), expected, rtol=1e-5)


def test_another_preprocessing_is_another_feature(net, make_net, pictures, cache):
    for preprocessing in ("tf", "caffe", tt.images.Preprocessing("own", mean=(1, 2, 3))):
        model = tt.Model(make_net(), classes=3, preprocessing=preprocessing)
        seen = count_pictures(model)
        model.predict(pictures[0], cache=cache)
        model.predict(pictures[0], cache=cache)
        assert sum(seen) == 24


def test_a_changed_array_is_another_picture(net, pictures, cache):
    model = build(net)
    x = pictures[0]
    model.predict(x, cache=cache)
    seen = count_pictures(model)
    x[3, 0, 0, 0] ^= 1
    model.predict(x, cache=cache)
    assert sum(seen) == 1


# Pictures in files


@pytest.fixture
def paths(tmp_path, pictures):
    made = []
    for number, picture in enumerate(pictures[0]):
        made.append(tmp_path / f"{number:02}.png")
        Image.fromarray(picture.transpose(1, 2, 0)).save(made[-1])
    return made


def test_a_changed_file_is_another_picture(net, paths, pictures, cache):
    model = build(net)
    before = model.predict(paths, cache=cache)
    seen = count_pictures(model)
    Image.fromarray(np.full((12, 12, 3), 7, np.uint8)).save(paths[4])
    after = model.predict(paths, cache=cache)
    assert sum(seen) == 1
    assert [k for k in range(24) if (before[k] != after[k]).any()] == [4]


def test_a_file_that_changes_in_the_middle_of_training_is_named(net, paths, pictures):
    def change(epoch, numbers):
        if epoch == 2:
            Image.fromarray(np.full((12, 12, 3), 7, np.uint8)).save(paths[4])

    data = tt.images.ImageFiles(paths, pictures[1])
    model = build(net)
    with pytest.raises(tt.images.ImageError, match=r"04\.png': the file has changed"):
        run(model, data, epochs=4, callbacks=change, cache="memory")


def test_files_are_decoded_for_the_first_epoch_only(net, paths, pictures, cache, monkeypatch):
    decoded = []
    decode = _image_files.decode

    def counted(file, **options):
        decoded.append(options["name"])
        return decode(file, **options)

    data = tt.images.ImageFiles(paths, pictures[1], cache_bytes=0)
    monkeypatch.setattr(_image_files, "decode", counted)
    model = build(net)
    run(model, data, epochs=5, cache=cache)
    assert sorted(decoded) == sorted(map(str, paths))
    for path in paths:
        path.unlink()
    run(model, data, epochs=5, cache=cache)  # who is gone has not changed
    assert len(decoded) == 24


def test_no_pictures_are_an_error_with_a_cache_too(net, pictures):
    x, y = pictures
    nothing = tt.images.ArrayData(x[:0], y[:0])
    for cache in ("auto", False):
        with pytest.raises(ValueError, match="has no pictures"):
            run(build(net), nothing, cache=cache)


# Files and other programs

SECOND = """
import sys
import numpy as np
import theano_transfer as tt
from tuning.conftest import make_small_net

given = np.load(sys.argv[1] + "/pictures.npz")
model = tt.Model(make_small_net(), classes=3, head=["avg", 8, "dropout"])
model.compile("adam", learning_rate=0.01)
model.inference.features = None  # calling it would fail
cache = sys.argv[1] + "/features.h5"
history = model.fit(given["x"], given["y"], epochs=3, batch_size=7, verbose=False, cache=cache)
print(*history["loss"])
"""


def test_another_program_finds_what_was_kept(net, pictures, tmp_path):
    """Its network is made anew, with the same weights; the base is never run."""
    np.savez(tmp_path / "pictures.npz", x=pictures[0], y=pictures[1])
    expected, _ = run(build(net), pictures, cache=tmp_path / "features.h5")
    done = subprocess.run(
        [sys.executable, "-c", SECOND, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    losses = [float(number) for number in done.stdout.split()]
    np.testing.assert_allclose(losses, expected["loss"], rtol=1e-5)


def test_a_program_that_was_killed_has_lost_the_last_features_at_most(net, pictures, tmp_path):
    path, model = tmp_path / "features.h5", build(net)
    run(model, pictures, cache=path, steps_per_epoch=2)
    seen = count_pictures(model)
    model.predict(pictures[0], cache=path)
    assert 0 < sum(seen) < 24


def test_damage_to_the_file_makes_no_wrong_features(net, pictures, tmp_path):
    path, model = tmp_path / "features.h5", build(net)
    x, expected = pictures[0], build(net).predict(pictures[0])
    model.predict(x, cache=path)
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(8):
        damaged = bytearray(content)
        for place in rng.integers(len(content) // 2, len(content), 5):
            damaged[place] ^= 255
        path.write_bytes(damaged)
        try:
            found = [model.predict(x, cache=path) for _ in range(2)]
        except FeatureCacheError:
            continue
        np.testing.assert_allclose(found, [expected, expected], rtol=1e-4)


def test_a_foreign_file_is_refused_before_training(net, pictures, tmp_path):
    path, model = tmp_path / "model.h5", build(net)
    model.save(path)
    content = path.read_bytes()
    with pytest.raises(FeatureCacheError, match="no feature cache"):
        run(model, pictures, cache=path)
    assert path.read_bytes() == content


def test_a_disk_that_fails_in_the_middle_does_not_stop_training(
    net, pictures, tmp_path, monkeypatch
):
    def fail(*arguments):
        raise OSError(errno.EIO, "Input/output error")

    cache = tt.FeatureCache(tmp_path / "features.h5")
    monkeypatch.setattr(type(cache.store), "write", fail)
    with pytest.warns(FeatureCacheWarning, match="Input/output error") as said:
        history, _ = run(build(net), pictures, cache=cache)
    assert len(said) == 1
    assert len(history) == 3


def test_a_file_that_would_grow_too_large_is_not_made(net, pictures, tmp_path):
    path = tmp_path / "features.h5"
    with pytest.warns(FeatureCacheWarning, match="find no room"):
        run(build(net), pictures, cache=path, cache_bytes=5000)
    assert not path.exists()
    run(build(net), pictures, cache=path, cache_bytes=12000)
    assert path.stat().st_size <= 12000


def test_memory_stays_bounded_while_features_are_read_from_a_file(tmp_path):
    """Of 24 MiB of features no more than a few batches are in memory at a time."""
    entry = lasagne.layers.InputLayer((None, 3, 64, 64), name="input")
    conv = tt.layers.Conv2DLayer(entry, 64, 1, name="conv")
    model = tt.Model(
        tt.zoo.Network([("input", entry), ("conv", conv)]), classes=2, head=["flatten"]
    )
    model.compile("sgd", learning_rate=1e-6)
    x = np.zeros((24, 3, 64, 64), np.uint8)
    x += np.arange(24, dtype=np.uint8)[:, None, None, None]
    data = tt.images.ArrayData(x, np.arange(24) % 2)
    cache = tt.FeatureCache(tmp_path / "features.h5")
    options = {"batch_size": 2, "verbose": False, "cache": cache}
    model.fit(data, epochs=2, **options)
    assert cache.nbytes > 24 << 20
    tracemalloc.start()
    model.fit(data, epochs=3, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


def test_arrays_that_change_under_way_leave_nothing_wrong(net, pictures, cache):
    """Whatever is in the cache afterwards belongs to the pictures that it is found by."""
    x, y = pictures
    large = x.repeat(2, axis=2).repeat(2, axis=3)  # resized, so that pixels are kept too
    data, model = tt.images.ArrayData(large, y), build(net)
    for _ in data.batches(8, size=12, preprocess="tf"):
        pass
    large[5] = 255 - large[5]

    class Spoil(tt.tuning.Callback):
        def on_batch_end(self, batch, numbers):
            if batch == 1:
                large[::2] = 255 - large[::2]

    run(model, data, cache=cache, callbacks=Spoil(), shuffle=False)
    np.testing.assert_allclose(
        model.predict(large, cache=cache), model.predict(large.copy()), rtol=1e-5
    )


def test_weights_that_change_between_batches_leave_nothing_wrong(net, pictures, cache):
    model = build(net)
    shared = model.net.params["block1_conv.W"]
    before = shared.get_value()

    class Spoil(tt.tuning.Callback):
        def on_batch_end(self, batch, numbers):
            shared.set_value((1 + batch) * before)

    run(model, pictures, cache=cache, callbacks=Spoil(), epochs=2)
    for factor in range(1, 6):
        shared.set_value(factor * before)
        np.testing.assert_allclose(
            model.predict(pictures[0], cache=cache), model.predict(pictures[0]), rtol=1e-5
        )

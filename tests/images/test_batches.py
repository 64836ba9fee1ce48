"""Batches: what they hold, that they are the same whoever makes them, and that threads end."""

import threading
import time

import numpy as np
import pytest
from images.picture_files import make_folder, noise

import theano_transfer as tt
from theano_transfer.images._ahead import filled_ahead

SIZE = (6, 5)


def together(batches):
    x, y = zip(*batches)
    return np.concatenate(x), np.concatenate(y)


def our_threads():
    return [t for t in threading.enumerate() if t.name.startswith("theano_transfer-images")]


def test_a_batch_is_a_channels_last_view_of_float32(folder):
    data = tt.images.ImageFolder(folder)
    batches = list(data.batches(6, size=(8, 7), preprocess="caffe"))
    assert [x.shape for x, _ in batches] == [(6, 3, 8, 7), (6, 3, 8, 7), (4, 3, 8, 7)]
    for x, y in batches:
        assert x.dtype == np.float32
        assert y.dtype == np.int32
        assert len(x) == len(y)
        assert x.transpose(0, 2, 3, 1).flags.c_contiguous
        assert x.flags.writeable


def test_pictures_are_what_load_and_preprocess_input_make_of_them(folder):
    data = tt.images.ImageFolder(folder)
    x, y = together(data.batches(6, size=(8, 7), preprocess="torch", crop=0.9))
    np.testing.assert_array_equal(y, data.labels)
    for path, picture in zip(data.paths, x):
        pixels = tt.images.load(path, size=(8, 7), crop=0.9)
        np.testing.assert_array_equal(picture, tt.images.preprocess_input(pixels, "torch"))


AUGMENT = tt.images.Augmentation(rotation_range=30, zoom_range=0.3, horizontal_flip=True)


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("prefetch", [0, 1, 9])
def test_nothing_depends_on_the_number_of_workers(folder, workers, prefetch):
    data = tt.images.ImageFolder(folder)
    options = {
        "size": 9,
        "preprocess": "tf",
        "shuffle": True,
        "augment": AUGMENT,
        "seed": 4,
        "epoch": 2,
    }
    alone = list(data.batches(5, **options, workers=0))
    threaded = list(data.batches(5, **options, workers=workers, prefetch=prefetch))
    assert len(alone) == len(threaded) == 4
    for (x, y), (u, v) in zip(alone, threaded):
        np.testing.assert_array_equal(x, u)
        np.testing.assert_array_equal(y, v)


def shown_first(data, **options):
    """Which pictures come in which order, told by their upper left pixel."""
    x, y = together(data.batches(5, size=SIZE, preprocess="identity", **options))
    np.testing.assert_array_equal(x[:, 0, 0, 0], y)
    return [(int(a), int(b)) for a, b in x[:, :2, 0, 0]]


def test_order_depends_on_seed_and_epoch_and_holds_every_picture_once(folder):
    data = tt.images.ImageFolder(folder)
    plain = shown_first(data)
    assert plain == shown_first(data, seed=1, epoch=1)
    assert plain == sorted(plain)
    orders = [shown_first(data, shuffle=True, seed=s, epoch=e) for s in (0, 1) for e in (0, 1)]
    assert orders[0] == shown_first(data, shuffle=True)
    for number, order in enumerate(orders):
        assert sorted(order) == plain
        assert order not in (plain, *orders[:number])


def test_augmentation_depends_on_seed_epoch_and_picture_but_not_on_the_order(folder):
    data = tt.images.ImageFolder(folder)

    def pictures(**options):
        x, _ = together(data.batches(5, size=12, preprocess="identity", augment=AUGMENT, **options))
        return x

    first = pictures(seed=1, epoch=0)
    np.testing.assert_array_equal(first, pictures(seed=1, epoch=0))
    assert not np.array_equal(first, pictures(seed=1, epoch=1))
    assert not np.array_equal(first, pictures(seed=2, epoch=0))
    shuffled = pictures(seed=1, epoch=0, shuffle=True)
    assert not np.array_equal(first, shuffled)
    key = lambda pictures: sorted(picture.tobytes() for picture in pictures)  # noqa: E731
    assert key(first) == key(shuffled)


def test_pictures_of_one_epoch_are_augmented_differently():
    data = tt.images.ArrayData(np.stack([noise(9, 9).transpose(2, 0, 1)] * 8), np.zeros(8, int))
    ((x, _),) = data.batches(8, preprocess="identity", augment=AUGMENT)
    assert len({picture.tobytes() for picture in x}) == 8


def test_drop_last(folder):
    data = tt.images.ImageFolder(folder)
    lengths = [len(x) for x, _ in data.batches(5, size=SIZE, preprocess="identity", drop_last=True)]
    assert lengths == [5, 5, 5]


def test_own_functions_for_augmenting_and_preprocessing(folder):
    data = tt.images.ImageFolder(folder)

    def brighter(picture, rng):
        assert picture.shape == (3, *SIZE)
        return picture * (1 + rng.random())

    def halve(picture):
        return picture / 2

    x, _ = together(data.batches(5, size=SIZE, preprocess=halve, augment=brighter))
    plain, _ = together(data.batches(5, size=SIZE, preprocess="identity"))
    factors = np.nanmax(x, axis=(1, 2, 3)) / plain.max(axis=(1, 2, 3))
    assert factors.min() >= 0.5
    assert factors.max() <= 1
    assert len(set(factors)) > 8
    with pytest.raises(ValueError, match=r"preprocess must return .* \(3, 6, 5\).*got \(6, 5, 3\)"):
        list(data.batches(5, size=SIZE, preprocess=lambda x: x.transpose(1, 2, 0)))
    with pytest.raises(ValueError, match="augment must return"):
        list(data.batches(5, size=SIZE, preprocess=halve, augment=lambda x, rng: x[:2]))


def test_rescale_stands_in_for_preprocessing_and_does_not_go_with_another(folder):
    data = tt.images.ImageFolder(folder)
    rescale = tt.images.Augmentation(rescale=1 / 255)
    x, _ = together(data.batches(5, size=SIZE, preprocess="identity", augment=rescale))
    y, _ = together(data.batches(5, size=SIZE, preprocess="rescale"))
    np.testing.assert_allclose(x, y, rtol=1e-6)
    for preprocess in ("caffe", "rescale", lambda x: x):
        with pytest.raises(ValueError, match="changed twice"):
            data.batches(5, size=SIZE, preprocess=preprocess, augment=rescale)


def test_stopping_early_ends_the_threads(folder):
    data = tt.images.ImageFolder(folder)
    for _ in data.batches(2, size=SIZE, preprocess="identity", workers=3):
        assert our_threads()
        break
    assert not our_threads()
    batches = data.batches(2, size=SIZE, preprocess="identity")
    next(batches)
    batches.close()
    assert not our_threads()
    data.batches(2, size=SIZE, preprocess="identity")  # never begun
    assert not our_threads()


def test_an_error_ends_the_threads_and_keeps_its_path(folder):
    data = tt.images.ImageFolder(folder)
    (folder / "cow" / "001.png").unlink()
    with pytest.raises(tt.images.ImageError, match=r"cow/001\.png") as caught:
        list(data.batches(2, size=SIZE, preprocess="identity", workers=3))
    assert caught.value.path == data.paths[14]
    del caught
    assert not our_threads()


@pytest.mark.parametrize("prefetch", [0, 1, 3])
def test_only_so_many_batches_are_made_ahead(prefetch):
    filled = []

    def fill(index, slot):
        filled.append(index)
        slot[...] = index

    groups = [[number] for number in range(20)]
    made = filled_ahead(groups, fill, (2,), workers=2, prefetch=prefetch)
    for number in range(5):
        group, array = next(made)
        assert group == [number]
        np.testing.assert_array_equal(array, [[number] * 2])
        deadline = time.monotonic() + 10
        while len(filled) < number + 1 + prefetch and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.01)  # room for the one too many that must not come
        assert sorted(filled) == list(range(number + 1 + prefetch))
    made.close()


def test_batches_are_made_while_the_last_one_is_used():
    """The second is being filled although nobody has asked for it yet."""
    second = threading.Event()

    def fill(index, slot):
        if index == 1:
            second.set()

    made = filled_ahead([[0], [1]], fill, (1,), workers=1, prefetch=1)
    next(made)
    assert second.wait(10)
    made.close()


def test_two_iterations_at_a_time_do_not_disturb_each_other(tmp_path):
    data = tt.images.ImageFolder(make_folder(tmp_path, {"a": 6, "b": 6}))
    one = data.batches(4, size=SIZE, preprocess="identity", shuffle=True)
    other = data.batches(4, size=(3, 3), preprocess="identity")
    mixed = [(next(one), next(other)) for _ in range(3)]
    x, _ = together(batch for batch, _ in mixed)
    expected, _ = together(data.batches(4, size=SIZE, preprocess="identity", shuffle=True))
    np.testing.assert_array_equal(x, expected)
    x, _ = together(batch for _, batch in mixed)
    expected, _ = together(data.batches(4, size=(3, 3), preprocess="identity"))
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"batch_size": 0}, ValueError),
        ({"batch_size": 2.5}, ValueError),
        ({"workers": -1}, ValueError),
        ({"prefetch": -1}, ValueError),
        ({"seed": -1}, ValueError),
        ({"epoch": 1.5}, TypeError),
        ({"preprocess": "keras"}, ValueError),
        ({"augment": "flip"}, TypeError),
        ({"resample": "best"}, ValueError),
        ({"crop": 2}, ValueError),
        ({"size": (0, 1)}, ValueError),
    ],
)
def test_wrong_arguments_are_refused_at_the_call(options, error):
    data = tt.images.ArrayData(np.zeros((4, 3, 2, 2), np.uint8))
    (name,) = options
    with pytest.raises(error, match=name):
        data.batches(**{"batch_size": 2, "preprocess": "identity", **options})

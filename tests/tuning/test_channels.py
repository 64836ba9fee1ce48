"""Models of networks that see other than three channels, from training to loading."""

import numpy as np
import pytest

import theano_transfer as tt
from theano_transfer.tuning import DataMismatchError

CHANNELS = 4


@pytest.fixture
def pictures():
    """24 pictures of three classes, told apart by which of the last three channels is bright."""
    rng = np.random.default_rng(1)
    y = (np.arange(24) % 3).astype("int32")
    x = rng.integers(0, 120, size=(24, CHANNELS, 12, 12))
    x[np.arange(24), y + 1] += 120
    return x.astype("uint8"), y


@pytest.mark.usefixtures("interpreted")
def test_four_channels_are_trained_judged_saved_and_loaded(make_net, pictures, tmp_path):
    model = tt.Model(make_net(channels=CHANNELS), classes=3, head=["avg"])
    assert model.input_shape == (CHANNELS, 12, 12)
    model.unfreeze("all")
    model.compile("adam", learning_rate=0.03)
    augment = tt.images.Augmentation(horizontal_flip=True, rotation_range=5)
    model.fit(pictures, epochs=12, batch_size=8, augment=augment, verbose=False)
    assert model.evaluate(*pictures)["accuracy"] > 0.9
    before = model.predict(pictures[0])
    model.save(tmp_path / "model.h5")
    again = tt.Model.load(tmp_path / "model.h5", base=make_net(1, channels=CHANNELS))
    np.testing.assert_array_equal(again.predict(pictures[0]), before)
    # files read by a function, and an iterator, are the same pictures
    paths = [str(tmp_path / f"{number}.npy") for number in range(4)]
    for path, pixels in zip(paths, pictures[0]):
        np.save(path, pixels.transpose(1, 2, 0))
    files = tt.images.ImageFiles(paths, read=np.load)
    np.testing.assert_allclose(again.predict(files), before[:4], rtol=1e-5)
    batches = [(pictures[0][:8], pictures[1][:8]), (pictures[0][8:], pictures[1][8:])]
    assert again.evaluate(batches)["accuracy"] == model.evaluate(*pictures)["accuracy"]


@pytest.mark.usefixtures("interpreted")
def test_pictures_of_another_number_of_channels_are_refused(make_net, pictures):
    x, y = pictures
    model = tt.Model(make_net(channels=CHANNELS), classes=3, head=["avg"])
    model.compile()
    with pytest.raises(DataMismatchError, match=r"3 channels and the network takes 4.*read="):
        model.fit(x[:, :3], y, verbose=False)
    with pytest.raises(DataMismatchError, match="3 channels and the network takes 4"):
        model.predict(x[:, :1])
    with pytest.raises(DataMismatchError, match="3 channels and the network takes 4"):
        model.fit([(x[:, :3], y)], verbose=False)
    coloured = tt.Model(make_net(), classes=3, head=["avg"])
    with pytest.raises(
        DataMismatchError, match=r"4 channels and the network takes 3.*in_channels=4"
    ):
        coloured.predict(x)
    grey = tt.Model(make_net(channels=1), classes=3, head=["avg"])
    with pytest.raises(DataMismatchError, match="4 channels and the network takes 1"):
        grey.predict(x)


@pytest.mark.usefixtures("undrawn")
def test_in_channels_of_a_network_of_the_zoo(tmp_path):
    options = {"classes": 2, "weights": None}
    model = tt.Model("squeezenet1_1", in_channels=5, **options)
    assert model.input_shape[0] == 5
    assert model.input_shape[1:] == tt.Model("squeezenet1_1", **options).input_shape[1:]
    model.save(tmp_path / "model.h5")
    assert tt.Model.load(tmp_path / "model.h5").input_shape == model.input_shape
    same = {"input_shape": (5, 64, 64), "in_channels": 5}
    assert tt.Model("squeezenet1_1", **same, **options).input_shape == (5, 64, 64)
    with pytest.raises(ValueError, match="has 3 channels, and in_channels=5"):
        tt.Model("squeezenet1_1", input_shape=(3, 64, 64), in_channels=5, **options)
    with pytest.raises(TypeError, match="whole number"):
        tt.Model("squeezenet1_1", in_channels="5", **options)
    with pytest.raises(ValueError, match="a network has its own"):
        tt.Model(model.net, in_channels=5, classes=2)

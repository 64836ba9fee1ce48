"""Training: what fit takes, what it measures, how it ends."""

import os
import signal

import lasagne
import numpy as np
import pytest
import theano.tensor as T
from lasagne.layers import get_output

import theano_transfer as tt
from theano_transfer.tuning import (
    Callback,
    DataMismatchError,
    EarlyStopping,
    StaleFunctionError,
    TrainingError,
)


@pytest.fixture
def model(net):
    model = tt.Model(net, classes=3, head=["avg"])
    model.compile("adam", learning_rate=0.05)
    return model


@pytest.fixture
def fit(model, pictures):
    """model.fit(pictures, ...) in silence."""

    def fit(data=pictures, **options):
        return model.fit(data, **{"batch_size": 8, "verbose": False, **options})

    return fit


def trained(model):
    return {name: param.get_value() for name, param in model.trainable.items()}


def same(first, second):
    return first.keys() == second.keys() and all(
        np.array_equal(value, second[name]) for name, value in first.items()
    )


def predictions_by_hand(model, pictures):
    """A second way to predictions: Lasagne and NumPy, without the model's own functions."""
    x = tt.images.preprocess_input(pictures, "tf")
    return get_output(model.output, x, deterministic=True).eval()


def test_pictures_are_learned(fit, model, pictures):
    history = fit(epochs=30)
    assert history["accuracy"][-1] > 0.95 > history["accuracy"][0]
    assert history["loss"][-1] < history["loss"][0]
    assert history.epochs == list(range(1, 31))
    assert history is model.history
    assert model.predict_classes(pictures[0]) == list(pictures[1])


def test_evaluate_is_the_formula(model, pictures):
    x, y = pictures
    p = predictions_by_hand(model, x)
    expected = {
        "loss": -np.log(p[np.arange(len(y)), y]).mean(),
        "accuracy": (p.argmax(axis=1) == y).mean(),
    }
    # batches of 7, 7, 7, 3: means over pictures, not over batches
    assert model.evaluate(pictures, batch_size=7) == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(model.predict(x, batch_size=7), p, rtol=1e-4, atol=1e-6)


def test_one_step_is_gradient_descent_on_the_mean_loss(net, pictures):
    x, y = pictures
    model = tt.Model(net, classes=3, head=["avg"])
    model.compile("sgd", learning_rate=0.5)
    W, b = model.output.W.get_value(), model.output.b.get_value()
    features = get_output(
        model.net["head_avg1"], tt.images.preprocess_input(x, "tf"), deterministic=True
    ).eval()
    error = predictions_by_hand(model, x) - np.eye(3)[y]
    model.fit(x, y, batch_size=len(x), verbose=False)
    np.testing.assert_allclose(
        model.output.W.get_value(), W - 0.5 * features.T @ error / len(x), rtol=1e-3, atol=1e-5
    )
    np.testing.assert_allclose(
        model.output.b.get_value(), b - 0.5 * error.mean(axis=0), rtol=1e-3, atol=1e-5
    )


def test_weights_multiply_losses(net, pictures):
    """class_weight and sample_weight against the formula of one step."""
    x, y = pictures
    by_class = np.array([1.0, 4.0, 0.5])
    by_picture = np.linspace(0, 2, len(x))
    for options, weights in [
        ({"class_weight": {1: 4.0, 2: 0.5}}, by_class[y]),
        ({"sample_weight": by_picture}, by_picture),
        ({"class_weight": by_class, "sample_weight": by_picture}, by_class[y] * by_picture),
    ]:
        model = tt.Model(net, classes=3, head=["avg"])
        model.compile("sgd", learning_rate=0.5)
        b = model.output.b.get_value()
        p = predictions_by_hand(model, x)
        history = model.fit(x, y, batch_size=len(x), verbose=False, **options)
        gradient = (weights[:, np.newaxis] * (p - np.eye(3)[y])).mean(axis=0)
        np.testing.assert_allclose(model.output.b.get_value(), b - 0.5 * gradient, atol=1e-5)
        losses = -np.log(p[np.arange(len(y)), y])
        assert history["loss"] == pytest.approx([(weights * losses).mean()], rel=1e-3)
        assert history["accuracy"] == pytest.approx([(p.argmax(axis=1) == y).mean()])


@pytest.mark.parametrize("cache", [False, True])
def test_sample_weights_follow_their_pictures_when_shuffled(net, pictures, cache):
    """Pictures of weight zero teach nothing, in whatever order they come."""
    x, y = pictures
    weights = (y != 2).astype(float)
    model = tt.Model(net, classes=3, head=["avg"])
    model.compile("sgd", learning_rate=0.1)
    model.fit(x, y, sample_weight=weights, epochs=3, batch_size=5, verbose=False, cache=cache)
    # the bias of class 2 has been pushed down by every picture that counted, and never up
    assert model.output.b.get_value()[2] < -0.05


def test_balanced_weights_make_classes_count_the_same(net, pictures):
    x, y = pictures
    few = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:2]])
    x, y = x[few], y[few]
    model = tt.Model(net, classes=2, head=["avg"])
    model.compile("sgd", learning_rate=1.0)
    model.output.W.set_value(0 * model.output.W.get_value())  # every picture gets one half
    model.fit(x, y, batch_size=len(x), class_weight="balanced", verbose=False)
    np.testing.assert_allclose(model.output.b.get_value(), 0, atol=1e-6)


def test_the_seed_fixes_everything(make_net, pictures):
    def run(seed):
        model = tt.Model(make_net(), classes=3, head=["avg", 8, "dropout"], seed=seed)
        model.compile("adam")
        model.fit(pictures, epochs=2, batch_size=8, verbose=False)
        return trained(model)

    first = run(1)
    assert same(first, run(1))
    assert not same(first, run(2))


def test_epochs_go_on_where_they_stopped(make_net, pictures):
    """Two epochs at once, and one after the other, are the same."""

    def run(*stages):
        model = tt.Model(make_net(), classes=3, head=["avg"])
        model.compile("momentum")
        for first, last in stages:
            history = model.fit(
                pictures, initial_epoch=first, epochs=last, batch_size=8, verbose=False
            )
        return trained(model), history

    together, _ = run((0, 2))
    apart, history = run((0, 1), (1, 2))
    assert same(together, apart)
    assert history.epochs == [2]


@pytest.mark.parametrize(("initial", "last"), [(0, 0), (3, 3), (-1, 2)])
def test_epochs_that_are_none(fit, initial, last):
    with pytest.raises(ValueError, match="last epoch"):
        fit(initial_epoch=initial, epochs=last)


# What it takes


def test_arrays_pairs_datasets_and_iterators_train_the_same(make_net, pictures):
    x, y = pictures
    batches = [(x[start : start + 8], y[start : start + 8]) for start in range(0, 24, 8)]

    def generator():
        yield from batches

    def endless():
        while True:
            yield from batches

    results = []
    for data, options in [
        ((x, y), {}),
        (tt.images.ArrayData(x, y), {}),
        (batches, {}),
        (generator, {}),
        (endless(), {"steps_per_epoch": 3}),
        ((x, np.eye(3)[y]), {}),
    ]:
        model = tt.Model(make_net(), classes=3, head=["avg"])
        model.compile("adam")
        model.fit(data, epochs=2, batch_size=8, shuffle=False, verbose=False, **options)
        results.append(trained(model))
    for other in results[1:]:
        for name, value in other.items():
            np.testing.assert_allclose(value, results[0][name], rtol=1e-4, atol=1e-6)


@pytest.fixture
def folder(tmp_path, pictures):
    from PIL import Image

    x, y = pictures
    for number, (picture, label) in enumerate(zip(x, y)):
        place = tmp_path / "pictures" / "abc"[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.transpose(1, 2, 0)).save(place / f"{number:02}.png")
    return tmp_path / "pictures"


def test_folders_and_paths(model, folder, pictures):
    x, _ = pictures
    assert model.classes is None
    history = model.fit(folder, epochs=2, validation_split=0.25, verbose=False)
    assert "val_accuracy" in history
    assert model.classes == ["a", "b", "c"]
    paths = sorted(folder.rglob("*.png"), key=lambda path: path.name)
    np.testing.assert_array_equal(model.predict(paths), model.predict(x))
    np.testing.assert_array_equal(model.predict(paths[5]), model.predict(x[5:6]))
    assert model.predict_classes(str(paths[0]))[0] in "abc"
    ranks = model.top(paths[:2], 2)
    assert [len(rank) for rank in ranks] == [2, 2]
    assert ranks[0][0][1] >= ranks[0][1][1]


def test_a_generator_that_is_used_up_is_an_error(fit, pictures, model):
    before = trained(model)
    with pytest.raises(DataMismatchError, match=r"no batch in epoch 2.*steps_per_epoch"):
        fit(iter([pictures]), epochs=3)
    assert not same(before, trained(model))  # of the epoch that was finished, the weights stay


def test_class_count_mismatch(fit, model, pictures):
    x, y = pictures
    before = trained(model)
    with pytest.raises(DataMismatchError, match="2 to 4, but the model has 3 classes"):
        fit((x, y + 2))
    with pytest.raises(DataMismatchError, match=r"has 4 classes \(a, b, c, d\), the model has 3"):
        fit(tt.images.ArrayData(x, y, classes=list("abcd")))
    with pytest.raises(DataMismatchError, match="row of 4"):
        fit((x, np.eye(4)[y]))
    with pytest.raises(DataMismatchError, match="2 to 4"):
        fit(validation_data=(x, y + 2))
    assert same(before, trained(model))
    assert model.classes is None


def test_class_names_of_validation_data_are_checked(fit, pictures):
    x, y = pictures
    with pytest.raises(DataMismatchError, match="0: 'a' in the model, 'b' in the data"):
        fit(
            tt.images.ArrayData(x, y, classes=list("abc")),
            validation_data=tt.images.ArrayData(x, y, classes=list("bac")),
        )


def test_data_without_labels(fit, pictures):
    with pytest.raises(DataMismatchError, match="no labels"):
        fit(pictures[0])
    with pytest.raises(DataMismatchError, match="no labels"):
        fit(pictures[0], sample_weight=np.ones(24))


def test_sample_weights_are_checked(fit, pictures):
    for weights in (np.ones(23), -np.ones(24), np.full(24, np.nan)):
        with pytest.raises(ValueError, match="sample"):
            fit(sample_weight=weights)
    with pytest.raises(TypeError, match="class_weight instead"):
        fit([pictures], sample_weight=np.ones(24))


def test_predicting_nothing_gives_nothing(model):
    assert model.predict(np.zeros((0, 3, 12, 12), "uint8")).shape == (0, 3)


def test_augmentation_is_for_training_only(model, fit, pictures):
    seen = []

    def augment(picture, rng):
        seen.append(picture.shape)
        return 255 - picture

    history = fit(augment=augment, validation_data=pictures, epochs=1)
    assert len(seen) == 24
    assert history["val_loss"] != history["loss"]
    assert history["val_loss"][0] == pytest.approx(model.evaluate(pictures)["loss"], rel=1e-5)


def test_an_augmentation_that_rescales_is_refused(fit, model, pictures):
    """Validation and prediction would see other pixels than training."""
    before = trained(model)
    with pytest.raises(ValueError, match="preprocessing='rescale'"):
        fit(augment=tt.images.Augmentation(rescale=1 / 255))
    assert same(before, trained(model))


def test_a_validation_split_is_drawn_by_the_seed(fit, model, pictures):
    history = fit(validation_split=0.25, epochs=1)
    x, y = pictures
    _, valid, _ = tt.images.ArrayData(x, y).split(validation=0.25, seed=0)
    assert history["val_loss"][0] == pytest.approx(model.evaluate(valid)["loss"], rel=1e-5)
    with pytest.raises(ValueError, match="not both"):
        fit(validation_split=0.25, validation_data=pictures)
    with pytest.raises(ValueError, match="sample_weight"):
        fit(validation_split=0.25, sample_weight=np.ones(24))
    with pytest.raises(ValueError, match="can be split"):
        fit([pictures], validation_split=0.25)


# Guards


def test_training_needs_compile(net, pictures):
    model = tt.Model(net, classes=3)
    for verb in (model.fit, model.evaluate):
        with pytest.raises(StaleFunctionError, match="compile"):
            verb(pictures)
    model.predict(pictures[0])


def test_changing_what_is_frozen_asks_for_compile(model, fit, pictures):
    fit(epochs=1)
    before = trained(model)
    model.unfreeze("block2_conv")
    with pytest.raises(StaleFunctionError, match=r"compile\(\) again"):
        fit()
    after = trained(model)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    predicted = model.predict(pictures[0])  # prediction does not depend on it
    model.compile("adam", learning_rate=0.001)
    np.testing.assert_allclose(model.predict(pictures[0]), predicted, rtol=1e-5)
    fit(epochs=1)
    assert not np.array_equal(model.trainable["block2_conv.W"].get_value(), after["block2_conv.W"])


def test_freezing_behind_the_models_back_is_noticed(model, fit):
    tt.freeze([model.output])
    with pytest.raises(StaleFunctionError):
        fit()
    tt.unfreeze([model.output])
    fit(epochs=1)  # as it was compiled for


def test_freezing_in_the_middle_of_training_is_noticed(model, fit):
    def unfreeze(epoch, numbers):
        model.unfreeze("block2_conv")

    with pytest.raises(StaleFunctionError):
        fit(epochs=3, callbacks=unfreeze)


# Best weights, early stopping, interruption, NaN


class Drive(Callback):
    """Sets the weights at the end of each epoch's training, so that val_loss is known."""

    def __init__(self, biases):
        self.biases = list(biases)
        self.ended = None

    def on_batch_end(self, batch, numbers):
        if batch == 3:
            value = np.array([0, 0, self.biases.pop(0)], "float32")
            self.model.output.b.set_value(value)

    def on_train_end(self, history):
        self.ended = history


def only_class_2(pictures):
    """Validation data on which a larger bias of class 2 is better."""
    x, y = pictures
    return x[y == 2], y[y == 2]


def bias(model):
    return model.output.b.get_value()[2]


def test_the_weights_of_the_best_epoch_come_back(fit, model, pictures):
    drive = Drive([1, 5, 3, 4])
    history = fit(epochs=4, validation_data=only_class_2(pictures), callbacks=[drive])
    assert history.monitor == "val_loss"
    assert history.best_epoch == 2 == 1 + int(np.argmin(history["val_loss"]))
    assert history.restored
    assert bias(model) == 5
    assert drive.ended is history


def test_the_last_weights_stay_if_wanted(fit, model, pictures):
    history = fit(
        epochs=3,
        validation_data=only_class_2(pictures),
        callbacks=[Drive([1, 5, 3])],
        restore_best=False,
    )
    assert history.best_epoch == 2
    assert not history.restored
    assert bias(model) == 3


def test_going_on_does_not_end_worse_than_it_began(fit, model, pictures):
    valid = only_class_2(pictures)
    fit(epochs=2, validation_data=valid, callbacks=Drive([1, 5]))
    history = fit(initial_epoch=2, epochs=4, validation_data=valid, callbacks=Drive([4, 3]))
    assert (history.best_epoch, history.epochs) == (2, [3, 4])
    assert bias(model) == 5
    history = fit(initial_epoch=2, epochs=4, validation_data=valid, callbacks=Drive([30, 3]))
    assert history.best_epoch == 3
    assert bias(model) == 30


def test_without_validation_the_last_weights_stay(fit, model):
    history = fit(epochs=2, callbacks=Drive([5, 3]))
    assert (history.monitor, history.best_epoch, history.restored) == (None, None, False)
    assert bias(model) == 3


def test_early_stopping_waits_for_its_patience(fit, model, pictures):
    drive = Drive([1, 5, 4, 3, 2, 9])
    history = fit(
        epochs=6, validation_data=only_class_2(pictures), callbacks=drive, early_stopping=2
    )
    assert len(history) == 4
    assert "val_loss" in history.stopped
    assert bias(model) == 5


def test_early_stopping_may_be_spelled_out(fit, pictures):
    stopping = EarlyStopping("val_accuracy", patience=1, min_delta=2.0)  # nothing is that better
    history = fit(epochs=9, validation_data=pictures, early_stopping=stopping)
    assert history.monitor == "val_accuracy"
    assert len(history) == 2


def test_a_monitor_has_to_be_measured(fit):
    with pytest.raises(ValueError, match="'val_loss' is none of loss, accuracy; columns that"):
        fit(monitor="val_loss")


@pytest.mark.parametrize("how", ["signal", "exception"])
def test_ctrl_c_ends_in_good_order(fit, model, pictures, how):
    class Press(Drive):
        def on_batch_end(self, batch, numbers):
            super().on_batch_end(batch, numbers)
            if len(self.biases) == 2 and batch == 1:  # in the third epoch
                if how == "signal":
                    os.kill(os.getpid(), signal.SIGINT)
                else:
                    raise KeyboardInterrupt

    handler = signal.getsignal(signal.SIGINT)
    press = Press([1, 5, 3, 4])
    history = fit(epochs=4, validation_data=only_class_2(pictures), callbacks=press)
    assert history.interrupted
    assert history.stopped == "interrupted"
    assert len(history) == 2
    assert bias(model) == 5  # of the best epoch, not of the broken one
    assert press.ended is history
    assert model.history is history
    assert signal.getsignal(signal.SIGINT) is handler


def test_what_ctrl_c_breaks_counts_as_ctrl_c(fit, model, pictures):
    """The terminal kills a compiler at work as well, and its failure is what surfaces."""

    def press(epoch, numbers):
        if epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)
            raise RuntimeError("compilation failed (return status=-2)")

    history = fit(epochs=4, validation_data=pictures, callbacks=press)
    assert history.interrupted
    assert len(history) == 2


def test_a_second_ctrl_c_ends_at_once(fit):
    steps = []

    class Press(Callback):
        def on_batch_end(self, batch, numbers):
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
            steps.append(batch)

    assert fit(epochs=4, callbacks=Press()).interrupted
    assert steps == []


def test_ctrl_c_in_the_data_ends_in_good_order(fit, model, pictures):
    def data():
        yield pictures
        raise KeyboardInterrupt

    before = trained(model)
    history = fit(data, epochs=2)
    assert history.interrupted
    assert len(history) == 0
    assert not same(before, trained(model))  # no epoch to go back to: what was learned stays
    assert np.isfinite(model.evaluate(pictures)["loss"])


def test_ctrl_c_while_features_are_computed(fit, model):
    def press(picture):
        os.kill(os.getpid(), signal.SIGINT)
        return picture.astype("float32")

    model.preprocessing = press
    before = trained(model)
    history = fit(epochs=2, workers=0)
    assert history.interrupted
    assert same(before, trained(model))


def test_a_loss_that_is_no_number_stops_and_restores(net, pictures):
    model = tt.Model(net, classes=3, head=["avg", 8])
    model.compile("momentum", learning_rate=0.01)
    model.fit(pictures, epochs=1, batch_size=8, verbose=False)
    before = trained(model)

    class Explode(Callback):
        def on_batch_end(self, batch, numbers):
            if batch == 1:
                self.model.output.b.set_value(np.full(3, np.nan, "float32"))

    with pytest.raises(TrainingError, match="nan in batch 2 of epoch 2") as caught:
        model.fit(
            pictures, initial_epoch=1, epochs=3, batch_size=8, verbose=False, callbacks=[Explode()]
        )
    assert "before training" in str(caught.value)
    assert "learning rate" in str(caught.value)
    assert same(before, trained(model))
    # the optimiser's memory is clean again too
    history = model.fit(pictures, epochs=2, batch_size=8, verbose=False)
    assert np.isfinite(history["loss"]).all()


def test_a_failing_callback_loses_nothing(fit, model, pictures):
    class Fail(Drive):
        def on_epoch_end(self, epoch, numbers):
            if epoch == 3:
                raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fit(epochs=4, validation_data=only_class_2(pictures), callbacks=Fail([1, 5, 3, 4]))
    assert bias(model) == 5


# Tasks


@pytest.mark.slow
def test_binary(net, pictures):
    x, y = pictures
    labels = (y == 1).astype(int)
    model = tt.Model(net, classes=["no", "yes"], head=["avg"])
    model.compile("adam", loss="binary_crossentropy", learning_rate=0.05)
    assert (model.task, model.num_classes, model.output.num_units) == ("binary", 2, 1)
    history = model.fit(x, labels, epochs=30, batch_size=8, verbose=False)
    assert history["accuracy"][-1] > 0.9
    p = model.predict(x)
    assert p.shape == (24, 1)
    expected = -np.log(np.where(labels, p[:, 0], 1 - p[:, 0])).mean()
    assert model.evaluate(x, labels)["loss"] == pytest.approx(expected, rel=1e-4)
    assert model.predict_classes(x[:3]) == [["no", "yes"][k] for k in (p[:3, 0] > 0.5).astype(int)]


def test_multilabel(net, pictures):
    x, y = pictures
    labels = np.stack([y == 0, y != 2], axis=1).astype("float32")
    model = tt.Model(net, classes=2, task="multilabel", head=["avg"])
    model.compile("adam", learning_rate=0.05)
    history = model.fit(x, labels, epochs=40, batch_size=8, verbose=False)
    assert history["accuracy"][-1] > 0.9
    p = model.predict(x)
    expected = -np.where(labels, np.log(p), np.log(1 - p)).mean()
    assert model.evaluate(x, labels)["loss"] == pytest.approx(expected, rel=1e-3)


def test_regression(net, pictures):
    x, _ = pictures
    target = x.mean(axis=(1, 2, 3)) / 50 - 1
    model = tt.Model(net, classes=1, task="regression", head=["avg"])
    model.compile("adam", learning_rate=0.05)
    history = model.fit(x, target, epochs=40, batch_size=8, verbose=False)
    assert list(history.history) == ["loss", "mae"]
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    p = model.predict(x)[:, 0]
    assert model.evaluate(x, target) == pytest.approx(
        {"loss": ((p - target) ** 2).mean(), "mae": abs(p - target).mean()}, rel=1e-4
    )
    with pytest.raises(ValueError, match="numbers, not classes"):
        model.predict_classes(x)


def test_own_loss_metric_and_optimiser(net, pictures):
    def squared(prediction, target):
        return (prediction - target) ** 2

    def surest(prediction, target):
        return T.max(prediction, axis=1)

    def update(loss, params, learning_rate):
        return lasagne.updates.sgd(loss, params, learning_rate)

    model = tt.Model(net, classes=3, task="classification", head=["avg"])
    model.compile(update, loss=squared, metrics=[surest, "accuracy"], learning_rate=0.1)
    p = model.predict(pictures[0])
    expected = {
        "loss": ((p - np.eye(3)[pictures[1]]) ** 2).mean(),
        "surest": p.max(axis=1).mean(),
        "accuracy": (p.argmax(axis=1) == pictures[1]).mean(),
    }
    assert model.evaluate(pictures) == pytest.approx(expected, rel=1e-4)
    before = trained(model)
    model.fit(pictures, verbose=False)
    assert not same(before, trained(model))


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("adam", "sgd") else pytest.param(name, marks=pytest.mark.slow)
        for name in tt.tuning.OPTIMIZERS
    ],
)
def test_every_optimiser_trains_the_model(net, pictures, name):
    model = tt.Model(net, classes=3, head=["avg"])
    model.compile(name)
    before = trained(model)
    model.fit(pictures, batch_size=8, verbose=False)
    for param, value in trained(model).items():
        assert np.isfinite(value).all()
        assert not np.array_equal(value, before[param]), param


# What is shown


def test_progress_goes_to_standard_error(fit, pictures, capsys):
    fit(epochs=1, verbose=True, validation_data=pictures)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "epoch 1/1" in shown.err
    assert "val_loss" in shown.err


def test_silence_is_silent(fit, model, pictures, capsys):
    fit(epochs=2, validation_data=pictures)
    model.evaluate(pictures)
    model.predict(pictures[0])
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"epochs": "3"}, TypeError, "epochs is a whole number; got '3'"),
        ({"epochs": 2.5}, TypeError, r"epochs is a whole number; got 2\.5"),
        ({"steps_per_epoch": 0}, ValueError, "steps_per_epoch is at least 1"),
        ({"monitor": "los"}, ValueError, "did you mean 'loss'"),
        ({"class_weight": "balancd"}, ValueError, "did you mean 'balanced'"),
    ],
)
def test_wrong_options_are_refused_with_what_may_have_been_meant(fit, options, error, text):
    with pytest.raises(error, match=text):
        fit(**options)


def test_unfreezing_a_number_of_blocks_says_what_a_share_is(model):
    with pytest.raises(TypeError, match=r"a fraction such as 0\.5; got 2"):
        model.unfreeze(2)

"""Callbacks: when they are told, and what they do."""

import pytest

import theano_transfer as tt
from theano_transfer.tuning import (
    Callback,
    EarlyStopping,
    LearningRateSchedule,
    ReduceOnPlateau,
)
from theano_transfer.tuning._callbacks import Judge, as_callbacks


class FakeModel:
    stop_training = False
    learning_rate = 1.0


def play(callback, losses):
    """Tell `callback` of epochs with these losses; return learning rates and the last epoch."""
    callback.model = FakeModel()
    callback.on_train_begin()
    rates = []
    for epoch, loss in enumerate(losses, start=1):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"val_loss": loss, "val_accuracy": -loss})
        rates.append(callback.model.learning_rate)
        if callback.model.stop_training:
            break
    return rates, epoch


def test_callbacks_are_told_in_order(net, pictures):
    events = []

    class Listener(Callback):
        def on_train_begin(self):
            events.append("train begins")
            assert self.model is model

        def on_epoch_begin(self, epoch):
            events.append(f"epoch {epoch} begins")

        def on_batch_end(self, batch, numbers):
            assert set(numbers) == {"loss", "accuracy"}
            events.append(f"batch {batch}")

        def on_epoch_end(self, epoch, numbers):
            events.append(f"epoch {epoch} ends with {', '.join(numbers)}")

        def on_train_end(self, history):
            events.append(f"train ends after {len(history)}")

    model = tt.Model(net, classes=3, head=["avg"])
    model.compile()
    own = []
    model.fit(
        pictures,
        epochs=2,
        batch_size=16,
        verbose=False,
        callbacks=[Listener(), lambda epoch, numbers: own.append(epoch)],
    )
    each = ["begins", "batch 1", "batch 2", "ends with loss, accuracy"]
    assert events == [
        "train begins",
        *(f"epoch 1 {e}" if "batch" not in e else e for e in each),
        *(f"epoch 2 {e}" if "batch" not in e else e for e in each),
        "train ends after 2",
    ]
    assert own == [1, 2]


def test_a_callback_may_stop_training(net, pictures):
    model = tt.Model(net, classes=3, head=["avg"])
    model.compile()

    def stop(epoch, numbers):
        model.stop_training = "enough" if epoch == 2 else False

    history = model.fit(pictures, epochs=9, verbose=False, callbacks=stop)
    assert len(history) == 2
    assert history.stopped == "enough"
    assert len(model.fit(pictures, epochs=1, verbose=False)) == 1  # it is not stopped for good


def test_a_schedule_sets_the_rate_of_each_epoch():
    rates, _ = play(LearningRateSchedule(lambda epoch: 0.5**epoch), [1, 1, 1])
    assert rates == [0.5, 0.25, 0.125]


def test_a_plateau_reduces_the_rate():
    callback = ReduceOnPlateau(factor=0.1, patience=2, least=0.005)
    rates, _ = play(callback, [3, 2, 2, 2, 2, 2, 2, 2, 1])
    assert rates == pytest.approx([1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.005, 0.005])


@pytest.mark.parametrize(
    ("options", "losses", "last"),
    [
        ({"patience": 2}, [3, 2, 2, 2, 1], 4),
        ({"patience": 1}, [3, 2, 1, 0], 4),
        ({"patience": 1, "min_delta": 0.5}, [3, 2, 1.8, 0], 3),
        ({"patience": 1, "monitor": "val_accuracy"}, [3, 2, 2.5, 0], 3),
        ({"patience": 1, "mode": "max"}, [3, 2], 2),
        ({"patience": 1}, [float("nan"), 1], 1),
    ],
)
def test_early_stopping(options, losses, last):
    callback = EarlyStopping(**options)
    assert play(callback, losses)[1] == last
    assert play(callback, losses)[1] == last  # a second run begins anew


@pytest.mark.parametrize(
    "make",
    [
        lambda: EarlyStopping(patience=0),
        lambda: EarlyStopping(mode="up"),
        lambda: ReduceOnPlateau(factor=1),
        lambda: ReduceOnPlateau(patience=0),
        lambda: Judge("loss", "up"),
    ],
)
def test_wrong_settings_are_refused(make):
    with pytest.raises(ValueError, match=r"patience|mode|factor"):
        make()


def test_what_was_not_measured_cannot_be_judged():
    with pytest.raises(ValueError, match=r"'val_los'.*val_loss"):
        play(EarlyStopping("val_los"), [1])


def test_callbacks_and_functions_are_taken():
    callback = Callback()
    assert as_callbacks(None) == []
    assert as_callbacks(callback) == [callback]
    assert len(as_callbacks([callback, print])) == 2
    for wrong in ([3], [EarlyStopping]):
        with pytest.raises(TypeError, match="a callback is"):
            as_callbacks(wrong)

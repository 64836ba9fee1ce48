"""Training for longer, or on more pictures, takes no more memory."""

import gc
from pathlib import Path

import numpy as np
import pytest
from tuning.conftest import SIZE, make_small_net

import theano_transfer as tt

pytestmark = pytest.mark.slow

STATUS = Path("/proc/self/statm")
SLACK = 6 << 20  # what allocators and the interpreter take now and then; bytes


def resident() -> int:
    gc.collect()
    return int(STATUS.read_text().split()[1]) * 4096


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (96, 3, SIZE, SIZE)).astype(np.uint8), np.arange(96) % 3


def settled(model, train, **options):
    """Train so long that everything is there that stays: buffers, compiled functions, caches."""
    options = {"verbose": False, "batch_size": 16, **options}
    model.fit(train, epochs=20, **options)
    return options


@pytest.mark.skipif(not STATUS.exists(), reason="needs /proc, as Linux has it")
@pytest.mark.parametrize("cache", [False, "memory"])
def test_epochs_take_no_memory(data, cache):
    model = tt.Model(make_small_net(), classes=3, head=["avg", "dropout"])
    model.compile("adam")
    options = settled(model, data, cache=cache, validation_data=data)
    before = resident()
    model.fit(data, epochs=200, **options)
    assert resident() - before < SLACK


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="needs /proc, as Linux has it")
def test_pictures_take_no_memory_but_what_a_cache_may(data):
    """An endless stream of pictures: 6,400 of them would be 11 MB as float32."""
    x, y = data
    model = tt.Model(make_small_net(), classes=3, head=["avg"])
    model.unfreeze("all", batch_norm=True)
    model.compile("sgd")

    def stream():
        while True:
            yield x[:32].copy(), y[:32]

    settled(model, stream, steps_per_epoch=5)
    before = resident()
    model.fit(stream, epochs=1, steps_per_epoch=200, verbose=False)
    tt.judging.judgement_of(y, model.predict(x))
    assert resident() - before < SLACK

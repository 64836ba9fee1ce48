"""Several devices do what one does."""

import socket
import subprocess
import sys
from pathlib import Path

import jax
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

import theano_transfer as tt

several = pytest.mark.skipif(len(jax.devices()) < 8, reason="JAX was started with fewer devices")


@pytest.fixture(autouse=True)
def as_before():
    yield
    tt.use("c")


def trained(images, classes, steps=3, **where):
    """Parameters after some steps, and their losses."""
    tt.use("jax", device="cpu", **where)
    rng = np.random.default_rng(0)
    net = lasagne.layers.InputLayer((None, 3, 6, 6))
    W = rng.normal(size=(4, 3, 3, 3)).astype("float32")
    # A bias would have a gradient of zero behind it, and Adam makes steps of rounding errors.
    net = tt.layers.Conv2DLayer(net, 4, 3, W=W, b=None)
    net = tt.layers.BatchNormLayer(net, momentum=0.5)
    net = lasagne.layers.GlobalPoolLayer(net)
    W = rng.normal(size=(4, 3)).astype("float32")
    net = lasagne.layers.DenseLayer(net, 3, W=W, nonlinearity=lasagne.nonlinearities.softmax)
    x = lasagne.layers.get_all_layers(net)[0].input_var
    y = T.ivector("y")
    output = lasagne.layers.get_output(net)
    loss = lasagne.objectives.categorical_crossentropy(output, y).mean()
    params = lasagne.layers.get_all_params(net, trainable=True)
    step = theano.function([x, y], loss, updates=lasagne.updates.adam(loss, params, 0.05))
    losses = [step(images, classes) for _ in range(steps)]
    return net, [p.get_value() for p in lasagne.layers.get_all_params(net)], losses


@pytest.fixture
def batch(rng):
    return rng.normal(size=(16, 3, 6, 6)).astype("float32"), np.arange(16, dtype="int32") % 3


@several
def test_eight_devices_train_as_one(batch):
    _, expected, losses = trained(*batch)
    net, found, same = trained(*batch, devices="all")
    np.testing.assert_allclose(same, losses, rtol=1e-5)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    W = lasagne.layers.get_all_params(net)[0]
    array = W.get_value(borrow=True, return_internal_type=True)
    assert len(array.sharding.device_set) == 8
    assert array.sharding.is_fully_replicated


@several
def test_a_batch_that_cannot_be_split_is_computed_everywhere(batch):
    images, classes = (part[:5] for part in batch)
    _, expected, _ = trained(images, classes, steps=1)
    _, found, _ = trained(images, classes, steps=1, devices=8)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_more_devices_than_there_are():
    with pytest.raises(ValueError, match=r"1000 devices .* JAX has"):
        trained(None, None, devices=1000)


PROGRAM = """
import sys
import jax
jax.config.update("jax_cpu_collectives_implementation", "gloo")
address, number = sys.argv[1], int(sys.argv[2])
jax.distributed.initialize(address, num_processes=2, process_id=number)
sys.path.insert(0, sys.argv[3])
import numpy as np
import theano_transfer
from test_devices import trained
rng = np.random.default_rng(0)
batch = rng.normal(size=(16, 3, 6, 6)).astype("float32"), np.arange(16, dtype="int32") % 3
_, parameters, losses = trained(*batch, devices="all")
assert jax.process_count() == 2 and len(jax.devices()) == 2 * len(jax.local_devices())
np.savez(sys.argv[4], *parameters)
"""


@pytest.mark.slow
def test_two_processes_train_as_one(batch, tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    here = Path(__file__).parent
    files = [tmp_path / f"{number}.npz" for number in range(2)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, address, str(number), str(here), str(file)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number, file in enumerate(files)
    ]
    for process in running:
        _, said = process.communicate(timeout=500)
        assert process.returncode == 0, said
    _, expected, _ = trained(*batch)
    for file in files:
        found = np.load(file)
        for name, other in zip(found.files, expected):
            np.testing.assert_allclose(found[name], other, rtol=1e-4, atol=1e-5)

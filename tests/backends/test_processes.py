"""Several processes do what one does, and one that is lost does not go unnoticed."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from backends.test_devices import batch as batch
from backends.test_devices import trained
from tuning.conftest import make_small_net
from tuning.conftest import pictures as pictures

import theano_transfer as tt
from theano_transfer.tuning import Checkpoints
from theano_transfer.tuning._checkpoints import in_common

HERE = Path(__file__).parent
EPOCHS = 4

BEGIN = """
import os, signal, sys
number, address, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.path[:0] = sys.argv[4:6]
import numpy as np
import theano_transfer as tt
tt.backends.join(address, 2, number, device="cpu", patience=int(sys.argv[6]))
import jax
assert jax.process_count() == 2 and len(jax.devices()) == 2 * len(jax.local_devices())
"""

STEPS = (
    BEGIN
    + """
import theano, theano.tensor as T
from backends.test_devices import trained
rng = np.random.default_rng(0)
batch = rng.normal(size=(16, 3, 6, 6)).astype("float32"), np.arange(16, dtype="int32") % 3
for count in (16, 13):
    _, parameters, losses = trained(*(part[:count] for part in batch))
    np.savez(os.path.join(folder, f"{number}-{count}.npz"), *parameters)
x = T.matrix()
rows = np.arange(8, dtype="float32").reshape(4, 2)
np.testing.assert_array_equal(theano.function([x], x * 2)(rows), rows * 2)
own = theano.shared(np.float32([number, 1]), name="own")
try:
    theano.function([x], T.dot(x, own))(rows)
except tt.backends.DifferentProcessesError as error:
    assert "do not hold the same: own. Each" in str(error), error
else:
    raise AssertionError("nobody noticed")
"""
)

# The process `lost` is killed in the middle of the third epoch.
FIT = (
    BEGIN
    + """
lost, own = int(sys.argv[7]), os.path.join(folder, str(number))
from backends.test_processes import fit
class Kill(tt.tuning.Callback):
    def on_batch_end(self, batch, numbers):
        if number == lost and len(self.model.history.epochs) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
data = np.load(os.path.join(folder, "data.npz"))
model = fit(data["x"], data["y"], own, callbacks=[Kill()])
np.savez(own + ".npz", *(param.get_value() for param in model.net.params.values()))
"""
)


def fit(x, y, folder, callbacks=()):
    """A model trained on batches that do not divide equally, some of its features cached."""
    model = tt.Model(make_small_net(), classes=3, head=["avg", "dropout"], seed=0)
    model.unfreeze("block2", batch_norm=True)
    model.compile("momentum", learning_rate=0.01)
    options = {"epochs": EPOCHS, "batch_size": 9, "seed": 1, "verbose": False}
    model.fit(x, y, checkpoints=folder, resume=True, callbacks=list(callbacks), **options)
    return model


@pytest.fixture
def two_processes(tmp_path):
    """Start a program twice; the processes. On a busy machine even those that live may be slow."""
    started = []

    def start(program, *arguments, patience=300):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            address = f"localhost:{free.getsockname()[1]}"
        common = [address, tmp_path, HERE.parent, HERE.parent.parent, patience, *arguments]
        for number in range(2):
            command = [sys.executable, "-c", program, number, *common]
            said = open(tmp_path / f"said-{number}", "w")  # noqa: SIM115 - a pipe could block it
            started.append(subprocess.Popen(list(map(str, command)), stderr=said))
            said.close()
        return started[-2:]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def finished(tmp_path):
    def wait(processes):
        for number, process in enumerate(processes):
            assert process.wait(550) == 0, (tmp_path / f"said-{number}").read_text()

    return wait


@pytest.mark.slow
def test_two_processes_train_as_one(batch, tmp_path, two_processes, finished):
    finished(two_processes(STEPS))
    for count in (16, 13):
        _, expected, _ = trained(*(part[:count] for part in batch), devices=1)
        for number in range(2):
            found = np.load(tmp_path / f"{number}-{count}.npz")
            for name, other in zip(found.files, expected):
                np.testing.assert_allclose(found[name], other, rtol=1e-4, atol=1e-5)
    tt.use("c")


@pytest.mark.slow
@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_process(pictures, tmp_path, two_processes, finished, lost):
    x, y = pictures
    np.savez(tmp_path / "data.npz", x=x, y=y)
    # On a machine that is busy or held for a minute, those that live must not count as lost.
    processes = two_processes(FIT, lost, patience=120)
    assert processes[lost].wait(500) == -signal.SIGKILL
    other = 1 - lost
    # Where communication has not failed before, JAX ends it after that time, and says so itself.
    assert processes[other].wait(300) != 0
    said = (tmp_path / f"said-{other}").read_text()
    assert "One of them has probably ended" in said or "another task died" in said
    assert not (tmp_path / f"{other}.npz").exists()
    # One of the two may have come further than the other.
    last = Checkpoints(tmp_path / str(other)).files()[-1]
    if lost == 1:
        last.with_name("epoch-00002-batch-0000001.h5").write_bytes(last.read_bytes())

    finished(two_processes(FIT, -1))
    tt.use("jax", device="cpu")
    expected = fit(x, y, tmp_path / "alone").net.params.values()
    tt.use("c")
    for number in range(2):
        found = np.load(tmp_path / f"{number}.npz")
        for name, param in zip(found.files, expected):
            np.testing.assert_allclose(found[name], param.get_value(), rtol=1e-3, atol=1e-5)


def test_positions_in_common():
    nothing = [[-1, -1], [-1, -1]]
    assert in_common(np.array([[[2, 3], [2, 0]], [[2, 0], [1, 5]]])) == (2, 0)
    assert in_common(np.array([nothing, nothing])) is None
    with pytest.raises(ValueError, match=r"no checkpoint in common.*\(3, 0\)"):
        in_common(np.array([[[3, 0], [-1, -1]], nothing]))

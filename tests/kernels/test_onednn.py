"""Where the library is found, and what happens without it or without a compiler."""

import os
import subprocess
import sys

import pytest

from theano_transfer.kernels import find_onednn, missing

PROGRAM = """
import warnings
import numpy as np
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import theano_transfer as tt
    import theano, theano.tensor as T
    x, w = T.tensor4(), T.tensor4()
    y = T.signal.pool.pool_2d(
        T.nnet.relu(T.nnet.conv2d(x, w, filter_flip=False)), (2, 2), ignore_border=True
    )
    for _ in range(2):
        f = theano.function([x, w], [y, *T.grad(y.sum(), [x, w])])
    value, *gradients = f(np.ones((1, 2, 5, 5), "f4"), np.ones((3, 2, 2, 2), "f4"))
assert value.shape == (1, 3, 2, 2) and (value == 8).all(), value
assert [g.shape for g in gradients] == [(1, 2, 5, 5), (3, 2, 2, 2)]
said = [str(w.message) for w in caught if issubclass(w.category, tt.kernels.SlowPathWarning)]
print(len(said), *said)
"""


def run(**environment):
    environment = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def flags(**changed):
    given = dict(item.split("=", 1) for item in os.environ["AESARA_FLAGS"].split(",") if item)
    return ",".join(f"{name}={value}" for name, value in {**given, **changed}.items())


@pytest.mark.skipif(bool(missing()), reason="this machine has no fast path")
def test_found_and_silent():
    onednn = find_onednn()
    assert onednn.path.exists()
    assert (onednn.include_dir / "dnnl.hpp").exists()
    assert int(onednn.version.split(".")[0]) >= 3
    assert run().split() == ["0"]


def test_without_onednn_a_slow_path_says_so_once():
    said = run(THEANO_TRANSFER_ONEDNN="none")
    assert said.startswith("1 ")
    assert "oneDNN" in said


def test_without_a_compiler_a_slow_path_says_so_once():
    said = run(AESARA_FLAGS=flags(cxx="", mode="FAST_RUN"))  # otherwise JAX computes
    assert said.startswith("1 ")
    assert "C++ compiler" in said
    assert "g++" in said


def test_a_directory_without_the_library_is_no_installation(tmp_path):
    said = run(THEANO_TRANSFER_ONEDNN=str(tmp_path))
    assert said.startswith("1 ")

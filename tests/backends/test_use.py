import os
import re
import subprocess
import sys

import numpy as np
import pytest
import theano
import theano.tensor as T

import theano_transfer as tt
from theano_transfer import backends
from theano_transfer.backends import _settings
from theano_transfer.backends._function import DeviceFunction
from theano_transfer.legacy._flags import said_for_theano


@pytest.fixture(autouse=True)
def as_before():
    yield
    tt.use("c")


def compiled():
    x = T.vector("x")
    return theano.function([x], x * 2)


def test_from_now_on():
    tt.use("jax", device="cpu")
    function = compiled()
    assert isinstance(function.vm, DeviceFunction)
    np.testing.assert_array_equal(function([1, 2]), [2, 4])
    tt.use("c")
    with theano.config.change_flags(cxx=""):  # nothing is to be compiled
        assert not isinstance(compiled().vm, DeviceFunction)


def test_devices_by_theanos_names():
    backends.use_device("jax")
    assert backends.backend() == "jax"
    backends.use_device("cpu")
    assert backends.backend() == "c"
    backends.use_device("cuda1")
    assert backends.current().device == "cuda1"
    with pytest.raises(RuntimeError, match=r"no device 'cuda1'.*jax\[cuda12\]"):
        compiled()


def test_a_gpu_that_is_not_there_is_not_used():
    assert "no device 'cuda99'" in backends.use_gpu("cuda99")
    assert "got 'opencl0:1'" in backends.use_gpu("opencl0:1")
    assert backends.backend() == "c"
    assert backends.use_gpu("jax") == ""
    assert backends.backend() == "jax"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backend": "torch"}, "'jax' or 'c'"),
        ({"backend": "jax", "device": "tpu7x"}, "device"),
        ({"backend": "jax", "devices": 0}, "'all' or a number"),
        ({"backend": "jax", "precision": "float8"}, "precision"),
        ({"backend": "jax", "layout": "sideways"}, "layout"),
        ({"backend": "c", "precision": "tf32"}, "backend 'jax'"),
    ],
)
def test_what_there_is_not_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tt.use(**arguments)
    assert backends.backend() == "c"


def test_without_jax_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(_settings, "has_jax", lambda: False)
    with pytest.raises(backends.MissingJaxError, match=r"pip install 'theano-transfer\[jax\]'"):
        tt.use("jax")
    with pytest.raises(backends.MissingJaxError):
        theano.function([], T.ones((2,)) * 2, mode="JAX")


def test_flags_and_files(tmp_path):
    rc = tmp_path / "theanorc"
    rc.write_text("[global]\ndevice = gpu\nfloatX = float32\n")
    assert said_for_theano({"THEANORC": str(rc)})["device"] == "gpu"
    flags = {"THEANORC": str(rc), "THEANO_FLAGS": "device=cuda0,mode=Mode"}
    assert said_for_theano(flags)["device"] == "cuda0"
    assert "device" not in said_for_theano({"THEANORC": ""})


PROGRAM = """
import warnings
import numpy as np
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import theano_transfer as tt
    import theano, theano.tensor as T
    x, w = T.tensor4(), T.tensor4()
    for _ in range(2):
        f = theano.function([x, w], T.nnet.conv2d(x, w))
    f(np.ones((1, 2, 5, 5), "f4"), np.ones((3, 2, 2, 2), "f4"))
kinds = (tt.backends.FallbackWarning, tt.kernels.SlowPathWarning)
said = [str(w.message) for w in caught if issubclass(w.category, kinds)]
print(tt.backends.backend(), len(said), *said)
"""


def run(**environment):
    clean = {k: v for k, v in os.environ.items() if k not in ("THEANO_FLAGS", "THEANORC")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    assert "g++ not detected" not in done.stderr  # Aesara's: that Python computes
    return done.stdout


def test_without_a_compiler_jax_computes_and_says_so_once():
    flags = re.sub(r"(^|,)cxx=[^,]*", "", os.environ["AESARA_FLAGS"])
    said = run(AESARA_FLAGS=flags, PATH="")
    assert said.startswith("jax 1 no C++ compiler was found, so JAX computes")


def test_device_is_a_flag():
    assert run(THEANO_FLAGS="device=jax").split() == ["jax", "0"]

"""The library of kernels: built once, for this machine, and its memory of filters and times."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.kernels import Conv2d, _building, missing, without
from theano_transfer.kernels._compiling import FILE
from theano_transfer.kernels._library import MEASURED

pytestmark = pytest.mark.skipif(bool(missing()), reason="this machine has no fast path")

SAME = ((1, 1), (1, 1))


def convolution(rng, channels=16):
    w = theano.shared(rng.normal(size=(channels, channels, 3, 3)).astype("float32"))
    x = T.tensor4()
    return w, theano.function([x], Conv2d(SAME)(x, w))


@pytest.mark.parametrize("switched_off", ["winograd", "direct"])
class TestFrozenFilters:
    """Packed once, and again whenever and however their values change."""

    def check(self, function, w, x):
        fresh = T.tensor4()
        filters = T.tensor4()
        expected = theano.function([fresh, filters], Conv2d(SAME)(fresh, filters))(x, w.copy())
        np.testing.assert_allclose(function(x), expected, rtol=1e-4, atol=1e-4)

    def test_set_value_between_calls(self, switched_off, rng):
        w, function = convolution(rng)
        x = rng.normal(size=(1, 16, 6, 6)).astype("float32")
        with without(switched_off):
            for _ in range(3):
                for _ in range(3):
                    self.check(function, w.get_value(), x)
                w.set_value(rng.normal(size=w.get_value().shape).astype("float32"))

    def test_values_changed_in_place(self, switched_off, rng):
        w, function = convolution(rng)
        x = rng.normal(size=(1, 16, 6, 6)).astype("float32")
        with without(switched_off):
            for position in ((0, 0, 0, 0), (15, 15, 2, 2), (7, 3, 1, 2)):
                function(x)
                w.get_value(borrow=True)[position] += 1
                self.check(function, w.get_value(), x)
            held = w.get_value(borrow=True)
            held[[0, 1]] = held[[1, 0]]  # the same numbers in another order
            self.check(function, w.get_value(), x)

    def test_changed_by_another_function(self, switched_off, rng):
        w, function = convolution(rng)
        x = rng.normal(size=(1, 16, 6, 6)).astype("float32")
        step = theano.function([], updates={w: w * 0.5})
        with without(switched_off):
            for _ in range(4):
                self.check(function, w.get_value(), x)
                step()

    def test_stored_statistics_changed(self, switched_off, rng):
        x = T.tensor4()
        w, _ = convolution(rng)
        vectors = [theano.shared(rng.uniform(1, 2, 16).astype("float32")) for _ in range(4)]
        y = T.nnet.bn.batch_normalization_test(
            T.nnet.conv2d(x, w, border_mode="half", filter_flip=False),
            *(v.dimshuffle("x", 0, "x", "x") for v in vectors),
            axes="spatial",
        )
        fused = theano.function([x], y)
        mode = theano.compile.get_default_mode().excluding("local_fuse_normalisation")
        plain = theano.function([x], y, mode=mode)
        image = rng.normal(size=(1, 16, 6, 6)).astype("float32")
        with without(switched_off):
            for vector in (None, *vectors):
                if vector is not None:
                    vector.set_value(vector.get_value() * 1.5)
                for _ in range(2):
                    np.testing.assert_allclose(fused(image), plain(image), rtol=1e-4, atol=1e-4)


def run(program, **environment):
    environment = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


PROGRAM = """
import numpy as np, theano_transfer as tt, theano, theano.tensor as T
from theano_transfer.kernels import Conv2d
x, w = T.tensor4(), T.tensor4()
y = Conv2d(((1, 1), (1, 1)))(x, w)
f = theano.function([x, w], [y, *T.grad((y ** 2).sum(), [x, w])])
rng = np.random.default_rng(0)
values = f(*(rng.normal(size=s).astype("f4") for s in ((2, 48, 9, 11), (32, 48, 3, 3))))
print(*(float(np.abs(v).sum()) for v in values))
"""


@pytest.mark.parametrize("isa", ["avx2", pytest.param("sse2", marks=pytest.mark.slow)])
def test_narrower_vectors_compute_the_same(isa):
    flags = Path("/proc/cpuinfo").read_text()
    if isa == "avx2" and " avx2 " not in flags:
        pytest.skip("this machine has no AVX2")
    here, there = (
        [float(v) for v in run(PROGRAM, THEANO_TRANSFER_WITHOUT="direct", **e).split()]
        for e in ({}, {"THEANO_TRANSFER_ISA": isa})
    )
    np.testing.assert_allclose(there, here, rtol=1e-5)


def test_unknown_instruction_sets_are_refused(monkeypatch):
    monkeypatch.setenv("THEANO_TRANSFER_ISA", "avx1024")
    with pytest.raises(ValueError, match="avx2"):
        _building.build(_building.recipe())


def test_a_compiler_that_fails_is_quoted(tmp_path):
    with theano.config.change_flags(cxx="false"):
        recipe = _building.recipe()
    with pytest.raises(RuntimeError, match=r"(?s)compiling failed.*blocks\.cpp"):
        recipe.compile(tmp_path / "library")
    assert list(tmp_path.iterdir()) == []  # nothing half-built is left


def test_what_pip_compiled_is_taken(monkeypatch, tmp_path):
    recipe = _building.recipe()
    monkeypatch.setattr(_building, "INSTALLED", tmp_path)
    assert _building.directory_of(recipe) == _building.own_directory(recipe)
    installed = tmp_path / recipe.key
    installed.mkdir()
    (installed / FILE).touch()
    assert _building.directory_of(recipe) == installed


def built_by_setup(folder, **variables):
    """What setup.py says, and the libraries that it compiled into a folder."""
    pytest.importorskip("setuptools")
    done = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--build-lib", str(folder)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout + done.stderr, list(folder.rglob(FILE))


def test_installing_goes_on_where_the_kernels_do_not_compile(tmp_path):
    said, built = built_by_setup(tmp_path, CXX="false")
    assert "compiled when they are first used: compiling failed" in said
    assert built == []
    said, built = built_by_setup(tmp_path, CXX="no-such-compiler")
    assert "compiled when they are first used: there is no compiler" in said
    assert built == []


@pytest.mark.slow
def test_pip_compiles_what_is_looked_for(tmp_path):
    _, (built,) = built_by_setup(tmp_path)
    assert built.parent.name == _building.recipe().key
    assert not list(tmp_path.rglob("building-*"))


BACKGROUND = """
import threading, theano_transfer
import theano.tensor as T
from aesara.compile.mode import get_default_mode
from aesara.graph.fg import FunctionGraph
from theano_transfer.kernels import Conv2d, _building
from theano_transfer.kernels._compiling import FILE
x, w = T.tensor4(), T.tensor4()
graph = FunctionGraph([x, w], [Conv2d(((1, 1), (1, 1)))(x, w)], clone=False)
get_default_mode().optimizer.rewrite(graph)
background = set(threading.enumerate()) - {threading.main_thread()}
def there():
    return (_building.directory_of(_building.recipe()) / FILE).exists()
assert not there()
for thread in background:
    thread.join()
print(there(), len(background))
"""


@pytest.mark.slow
def test_it_is_compiled_while_other_things_are_done(tmp_path):
    # not by the instruction sets for which pip compiled it
    variables = {"AESARA_FLAGS": f"base_compiledir={tmp_path}", "THEANO_TRANSFER_ISA": "sse2"}
    assert run(BACKGROUND, **variables).split()[0] == "True"


def test_what_was_measured_is_remembered(rng):
    record = _building.own_directory(_building.recipe()) / MEASURED
    x, w = T.tensor4(), T.tensor4()
    function = theano.function([x, w], Conv2d(SAME)(x, w))
    images = rng.normal(size=(1, 16, 21, 23)).astype("float32")
    filters = rng.normal(size=(16, 16, 3, 3)).astype("float32")
    function(images, filters)
    lines = record.read_text().splitlines()
    (line,) = {n for n in lines if n.startswith("convolution 1 16 21 23 16 16 3 3 ")}
    assert " = direct # " in line or " = winograd # " in line
    function(images, filters)
    assert record.read_text().splitlines() == lines

"""What a program uses of Theano and Lasagne, without running it."""

import pytest

from theano_transfer import legacy

PROGRAM = """
import theano.tensor as T, theano, numpy as np
from theano.tensor.signal.pool import pool_2d as pool
from theano.gpuarray.elemwise import GpuElemwise
import lasagne.layers

raise SystemExit("reports do not run programs")
x = T.matrix()
f = theano.function([x], T.nnet.softmax(x), updates={})
pool(x, (2, 2))
pool(x, ds=(2, 2))
T.no_such_name(np.tanh(1))
lasagne.layers.DenseLayer
GpuElemwise()
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    script = tmp_path_factory.mktemp("report") / "program.py"
    script.write_text(PROGRAM)
    return legacy.report(script)


def test_names_and_lines(found):
    lines = {use.name: use.lines for use in found.uses}
    assert lines["theano.tensor.matrix"] == (8,)
    assert lines["theano.tensor.signal.pool.pool_2d"] == (3, 10, 11)
    assert lines["lasagne.layers.DenseLayer"] == (13,)
    assert not any("tanh" in name for name in lines)


def test_how_each_is_served(found):
    uses = {use.name: use for use in found.uses}
    assert uses["theano.tensor.matrix"].by.startswith("aesara.tensor")
    assert "one row" in uses["theano.tensor.nnet.softmax"].note
    assert "pooling.pool_2d" in uses["theano.tensor.signal.pool.pool_2d"].by


def test_what_is_not(found):
    missing = {use.name: use.note for use in found.missing}
    assert set(missing) == {"theano.gpuarray.elemwise.GpuElemwise", "theano.tensor.no_such_name"}
    assert "kernel of a GPU" in missing["theano.gpuarray.elemwise.GpuElemwise"]


def test_the_table(found):
    text = str(found)
    assert "2 not served" in text
    assert "NOT SERVED" in text


def test_a_program_without(tmp_path):
    script = tmp_path / "plain.py"
    script.write_text("import numpy\n")
    assert "no names" in str(legacy.report(script))


def test_python_2(tmp_path):
    script = tmp_path / "old.py"
    script.write_text("print 'hello'\n")
    with pytest.raises(SyntaxError, match="2to3"):
        legacy.report(script)


def test_every_note_is_about_a_name_that_is_served():
    from theano_transfer.legacy._changed import CHANGED
    from theano_transfer.legacy._report import _resolve

    for name in CHANGED:
        _resolve(name)

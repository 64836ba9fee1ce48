"""Constants are folded without compiling."""

import numpy as np
import theano
import theano.tensor as T
from aesara.compile.ops import DeepCopyOp
from aesara.graph.basic import Apply
from aesara.link.c.cmodule import ModuleCache
from aesara.link.c.op import COp


def test_folding_compiles_nothing(monkeypatch):
    def refuse(self, *arguments, **settings):
        raise AssertionError("something is compiled")

    monkeypatch.setattr(ModuleCache, "module_from_key", refuse)
    value = T.exp(T.constant(np.float32(0.3)) * 7.25 + T.constant(np.arange(3.0)).sum())
    # What is left runs in Python.
    function = theano.function([], value, mode=theano.Mode(linker="py"))
    (node,) = function.maker.fgraph.apply_nodes
    assert isinstance(node.op, DeepCopyOp)
    np.testing.assert_allclose(function(), np.exp(0.3 * 7.25 + 3), rtol=1e-6)


class Twice(COp):
    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [T.dscalar()])

    def perform(self, node, inputs, outputs):
        raise NotImplementedError

    def c_code(self, node, name, inputs, outputs, sub):
        return f"""
        Py_XDECREF({outputs[0]});
        {outputs[0]} = (PyArrayObject*)PyArray_FromAny(
            PyFloat_FromDouble(2 * *(npy_float64*)PyArray_DATA({inputs[0]})),
            PyArray_DescrFromType(NPY_FLOAT64), 0, 0, 0, NULL);
        """

    def c_code_cache_version(self):
        return (1,)


def test_an_op_with_nothing_but_c_code_is_folded():
    function = theano.function([], Twice()(T.constant(np.float64(21))))
    (node,) = function.maker.fgraph.apply_nodes
    assert isinstance(node.op, DeepCopyOp)
    assert function() == 42

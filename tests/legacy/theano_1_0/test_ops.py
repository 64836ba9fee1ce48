"""Ops of a program's own, as Theano taught to write them."""

import numpy as np
import theano
import theano.tensor as T
from legacy.theano_1_0.values import PYTHON, value
from numpy.testing import assert_allclose, assert_array_equal


class TestOps:
    class Double(theano.Op):
        __props__ = ()

        def make_node(self, x):
            x = T.as_tensor_variable(x)
            return theano.Apply(self, [x], [x.type()])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = inputs[0] * 2

        def infer_shape(self, node, i0_shapes):
            return i0_shapes

        def grad(self, inputs, output_grads):
            return [output_grads[0] * 2]

    def test_as_theano_taught_to_write_it(self, x):
        c = T.dmatrix()
        doubled = self.Double()(c)
        function = theano.function(
            [c], [doubled, doubled.shape, T.grad(doubled.sum(), c)], mode=PYTHON
        )
        found = function(x)
        assert_allclose(found[0], 2 * x)
        assert_array_equal(found[1], [3, 4])
        assert_allclose(found[2], 2 * np.ones_like(x))
        shape_only = theano.function([c], doubled.shape, mode=PYTHON)
        assert not any(isinstance(n.op, self.Double) for n in shape_only.maker.fgraph.toposort())

    def test_every_op_is_one(self):
        assert isinstance(T.tanh, theano.Op)
        assert isinstance((T.vector() + 1).owner.op, theano.gof.Op)
        assert not isinstance(T.tanh, self.Double)
        assert isinstance(self.Double(), theano.gof.op.PureOp)

    def test_c_code(self, x):
        class Plus(theano.gof.Op):
            __props__ = ()

            def make_node(self, a, b):
                return theano.gof.Apply(self, [a, b], [a.type()])

            def c_headers(self):
                return ["<math.h>"]

            def c_support_code(self):
                return "static double plus(double a, double b) { return a + b; }"

            def c_code(self, node, name, inp, out, sub):
                a, b, c, fail = *inp, *out, sub["fail"]
                return f"""
                npy_intp n = PyArray_DIMS({a})[0];
                if (PyArray_DIMS({b})[0] != n) {{
                    PyErr_SetString(PyExc_ValueError, "lengths differ"); {fail};
                }}
                Py_XDECREF({c});
                {c} = (PyArrayObject*)PyArray_SimpleNew(1, &n, NPY_DOUBLE);
                for (npy_intp i = 0; i < n; i++)
                    *(double*)PyArray_GETPTR1({c}, i) = plus(
                        *(double*)PyArray_GETPTR1({a}, i), *(double*)PyArray_GETPTR1({b}, i));
                """

        a, b = T.dvectors("ab")
        assert_allclose(theano.function([a, b], Plus()(a, b))(x[0], x[1]), x[0] + x[1])

    def test_as_op(self, x):
        @theano.compile.ops.as_op([T.dmatrix], [T.dmatrix], lambda node, shapes: shapes)
        def tripled(a):
            return 3 * a

        assert_allclose(value(tripled(T.constant(x))), 3 * x)

    def test_a_scalar_op(self, x):
        class Square(theano.scalar.UnaryScalarOp):
            def impl(self, a):
                return a * a

            def grad(self, inputs, gradients):
                return [2 * inputs[0] * gradients[0]]

        square = T.Elemwise(Square(theano.scalar.upgrade_to_float, name="square"))
        c = T.dvector()
        function = theano.function([c], [square(c), T.grad(square(c).sum(), c)], mode=PYTHON)
        assert_allclose(function(x[0]), [x[0] ** 2, 2 * x[0]])

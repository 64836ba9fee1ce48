"""Where Aesara changed what a name of Theano means: as in Theano, and with NumPy's numbers."""

import importlib
import pickle
import sys
import warnings
from collections import OrderedDict

import numpy as np
import pytest
import theano
import theano.tensor as T
from numpy.testing import assert_allclose, assert_array_equal

# No C code: these graphs are tiny, and compiling would take most of the time. Fused elementwise
# Ops do without it in none of Aesara's linkers.
PYTHON = theano.Mode("py", "fast_run").excluding("fusion")


def value(*outputs, **settings):
    """The values of expressions without inputs."""
    found = theano.function([], list(outputs), mode=PYTHON, **settings)()
    return found[0] if len(found) == 1 else found


@pytest.fixture
def x(rng):
    return rng.normal(size=(3, 4))


@pytest.fixture(autouse=True)
def _no_warnings():
    """Old arguments are silently understood: the deprecations of Aesara's are errors here too."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


class TestTypes:
    @pytest.mark.parametrize("pattern", [(True, False), (1, 0), [True, False]])
    def test_booleans_and_their_numbers(self, pattern):
        kind = T.TensorType("float32", pattern)
        assert kind.broadcastable == (True, False)
        assert kind == T.TensorType(dtype="float32", broadcastable=pattern)
        assert isinstance(kind, T.TensorType)
        assert kind("name").name == "name"

    def test_all_false_is_not_empty(self):
        assert T.TensorType("floatX", (0,) * 5)().type.shape == (None,) * 5

    def test_static_shapes_are_understood(self):
        assert T.TensorType("int8", (None, 3)).shape == (None, 3)
        assert T.TensorType("int8", shape=(0, 1)).shape == (0, 1)

    def test_every_tensor_type_is_one(self):
        assert isinstance(T.matrix().type, T.TensorType)
        assert not isinstance(theano.sparse.csr_matrix().type, T.TensorType)
        assert issubclass(type(T.matrix().type), T.TensorType)

    def test_a_subclass(self):
        class Mine(T.TensorType):
            pass

        assert Mine("float32", (False,)).ndim == 1
        assert not isinstance(T.vector().type, Mine)

    def test_tensor_makes_a_variable(self):
        made = T.tensor(dtype="int32", broadcastable=(False, True), name="n")
        assert (made.name, made.broadcastable) == ("n", (False, True))

    def test_patterns(self, x):
        row = T.constant(x)[:1]
        assert T.addbroadcast(row, 0).broadcastable == (True, False)
        assert T.unbroadcast(T.addbroadcast(row, 0), 0).broadcastable == (False, False)
        assert T.patternbroadcast(row, (True, False)).broadcastable == (True, False)
        assert T.Rebroadcast((0, True))(row).broadcastable == (True, False)
        assert_allclose(value(T.addbroadcast(row, 0) * x), x[:1] * x)

    def test_a_pattern_that_is_not_so(self, x):
        variable = theano.shared(x)
        with pytest.raises((AssertionError, ValueError)):
            value(T.addbroadcast(variable, 0) * 2)
        with pytest.raises(ValueError, match="2 axes"):
            T.addbroadcast(variable, 2)


class TestFunction:
    def test_updates_in_any_form(self):
        s = theano.shared(1.0)
        n = T.scalar()
        forms = [{s: s + n}, [(s, s + n)], OrderedDict([(s, s + n)]), ((s, s + n),)]
        for form in forms:
            theano.function([n], updates=form, mode=PYTHON)(2)
        assert s.get_value() == 9

    def test_several_updates_of_a_plain_dictionary(self):
        a, b = theano.shared(1.0), theano.shared(2.0)
        theano.function([], updates={a: b, b: a}, mode=PYTHON)()
        assert (a.get_value(), b.get_value()) == (2, 1)

    def test_givens(self, x):
        data, i, m = theano.shared(x), T.lscalar(), T.dmatrix()
        rows = theano.function([i], m.sum(), givens={m: data[i : i + 2]}, mode=PYTHON)
        assert_allclose(rows(1), x[1:].sum())

    def test_param(self):
        n = T.dscalar()
        assert theano.function([theano.Param(n, default=3.0)], n * 2, mode=PYTHON)() == 6

    def test_what_runs_a_function_is_called_fn(self):
        n = T.dscalar()
        function = theano.function([n], n * 2, mode=PYTHON)
        assert function.fn is function.vm
        function.input_storage[0].value = 3.0
        function.fn()  # with the inputs that are there
        assert function.output_storage[0].value == 6

    def test_downcasts_only_when_allowed(self, x):
        m = T.fmatrix()
        with pytest.raises(TypeError):
            theano.function([m], m, mode=PYTHON)(x)
        allowed = theano.function([m], m * 2, allow_input_downcast=True, mode=PYTHON)
        assert_allclose(allowed(x), 2 * x, rtol=1e-6)

    def test_unused_inputs(self):
        a, b = T.scalars("ab")
        with pytest.raises(theano.compile.UnusedInputError):
            theano.function([a, b], a, mode=PYTHON)
        theano.function([a, b], a, on_unused_input="ignore", mode=PYTHON)

    def test_clone(self):
        a, b = T.dscalars("ab")
        replaced = theano.clone(a * 2, replace={a: b + 1})
        f = theano.function([b], [replaced, *theano.clone([a * 3], [(a, b)])], mode=PYTHON)
        assert_allclose(f(3.0), [8, 9])


class TestScan:
    def test_states_of_known_length_become_products(self, x, rng):
        """Legacy recurrent networks start from T.zeros or T.alloc."""
        w = rng.normal(size=(4, 4))
        weights, steps = theano.shared(w), T.dtensor3()
        starts = [T.zeros((2, 4), "float64"), T.alloc(np.float64(0), steps.shape[1], 4)]
        states, _ = theano.scan(
            lambda row, a, b: [T.tanh(row + T.dot(a, weights)), b + a],
            sequences=steps,
            outputs_info=starts,
            mode=PYTHON,
        )
        function = theano.function([steps], states, mode=PYTHON)
        data = np.stack([x, x + 1], axis=1)
        a = b = np.zeros((2, 4))
        for found_a, found_b, row in zip(*function(data), data):
            a, b = np.tanh(row + a @ w), b + a
            assert_allclose(found_a, a)
            assert_allclose(found_b, b)

    def test_gradients_agree_with_finite_differences(self, x, rng):
        w0 = rng.normal(size=(4, 4)) * 0.3
        weights, steps = T.dmatrix(), T.constant(x)
        states, _ = theano.scan(
            lambda row, state, w: T.tanh(row + T.dot(state, w)),
            sequences=steps,
            outputs_info=T.zeros((4,), "float64"),
            non_sequences=weights,
            strict=True,
            mode=PYTHON,
        )
        cost = (states[-1] ** 2).sum()
        function = theano.function([weights], [cost, T.grad(cost, weights)], mode=PYTHON)
        _, gradient = function(w0)
        for i, j in [(0, 0), (1, 3), (3, 2)]:
            step = np.zeros_like(w0)
            step[i, j] = 1e-6
            expected = (function(w0 + step)[0] - function(w0 - step)[0]) / 2e-6
            assert_allclose(gradient[i, j], expected, rtol=1e-5, atol=1e-8)

    def test_its_loop_is_compiled_or_left_to_python(self):
        """Aesara's C for it does not compile on every Python."""
        try:
            importlib.import_module("aesara.scan.scan_perform_ext")
        except ImportError:
            assert sys.version_info >= (3, 12)

    def test_taps_until_and_updates(self):
        count = theano.shared(0)
        fibonacci, updates = theano.scan(
            lambda a, b: (a + b, {count: count + 1}, theano.scan_module.until(a + b > 50)),
            outputs_info=[{"initial": T.constant(np.array([1, 1])), "taps": [-2, -1]}],
            n_steps=100,
            mode=PYTHON,
        )
        found = theano.function([], fibonacci, updates=updates, mode=PYTHON)()
        assert_array_equal(found, [2, 3, 5, 8, 13, 21, 34, 55])
        assert count.get_value() == len(found)

    def test_shortcuts(self):
        v = T.constant(np.arange(1.0, 5.0))
        zero = T.constant(np.float64(0))
        squares, _ = theano.map(lambda a: a**2, v, mode=PYTHON)
        total, _ = theano.reduce(lambda a, sum_: a + sum_, v, zero, mode=PYTHON)
        left, _ = theano.foldl(lambda a, rest: a - rest, v, zero, mode=PYTHON)
        right, _ = theano.foldr(lambda a, rest: a - rest, v, zero, mode=PYTHON)
        found = value(squares, total, left, right)
        assert_allclose(found[0], [1, 4, 9, 16])
        assert_allclose(found[1:], [10, 4 - (3 - (2 - 1)), 1 - (2 - (3 - 4))])


class TestTensor:
    def test_stack(self, x):
        a, b = (T.constant(v) for v in x[:2])
        found = value(T.stack(a, b), T.stack([a, b], axis=1), T.stack(a.sum(), b.sum()), T.stack(a))
        expected = [x[:2], x[:2].T, x[:2].sum(axis=1), x[:1]]
        for one, other in zip(found, expected):
            assert_allclose(one, other)

    def test_flatten(self, x):
        c = T.constant(x.reshape(3, 2, 2))
        found = value(T.flatten(c), T.flatten(c, 2), T.flatten(c, outdim=2), c.flatten(2))
        assert [v.shape for v in found] == [(12,), (3, 4), (3, 4), (3, 4)]

    def test_old_names(self, x):
        c = T.constant(x)
        found = value(T.sqr(c), T.inv(c), T.abs_(c), T.int_div(c, 0.5), T.neq(c, c), T.iround(c))
        expected = [x**2, 1 / x, abs(x), x // 0.5, x != x, np.round(x).astype("int64")]
        for one, other in zip(found, expected):
            assert_allclose(one, other)

    def test_subtensors(self, x):
        c = T.constant(x)
        found = value(
            T.set_subtensor(c[0], 5), T.inc_subtensor(c[[0, 0]], 1), T.set_subtensor(c[c > 0], 0)
        )
        row, twice = x.copy(), x.copy()
        row[0] = 5
        np.add.at(twice, [0, 0], 1)
        for one, other in zip(found, [row, twice, np.where(x > 0, 0, x)]):
            assert_allclose(one, other)

    def test_unravel_and_choose(self):
        found = value(
            T.unravel_index(T.constant(5), (2, 3), ndim=2)[1],
            T.choose([1, 0], [[1, 2], [3, 4]], out=None),
        )
        assert found[0] == 2
        assert_array_equal(found[1], [3, 2])


class TestGradients:
    def test_options(self, x):
        a, b = T.dvectors("ab")
        cost, product = (a**2 * b).sum(), a * b
        other = theano.shared(np.ones(4))
        outputs = [
            T.grad(cost, a, consider_constant=[b], add_names=False),
            *T.grad(cost, [a, other], disconnected_inputs="ignore"),
            T.grad(None, a, known_grads={product: T.ones_like(product) * 3}),
            T.Rop(a**2 * b, a, b),
            T.Lop(a**2 * b, a, b),
            theano.gradient.jacobian(a**2 * b, a),
            theano.gradient.hessian(cost, a),
        ]
        v, w = x[0], x[1]
        found = theano.function([a, b], outputs, mode=PYTHON)(v, w)
        slope = 2 * v * w
        expected = [slope, slope, 0 * v, 3 * w, slope * w, slope * w, np.diag(slope)]
        for one, other in zip(found, [*expected, np.diag(2 * w)]):
            assert_allclose(one, other)

    def test_second_derivatives_of_the_rectifier(self, x):
        a = T.dvector()
        outputs = [
            theano.gradient.hessian((T.nnet.relu(a) ** 3).sum(), a),
            T.Rop(T.nnet.relu(a), a, a),
        ]
        hessian, product = theano.function([a], outputs, mode=PYTHON)(x[0])
        assert_allclose(hessian, np.diag(6 * np.maximum(x[0], 0)))
        assert_allclose(product, np.maximum(x[0], 0))


class TestNnet:
    def test_softmax_of_a_vector_is_a_row(self, x):
        expected = np.exp(x[0]) / np.exp(x[0]).sum()
        c = T.constant(x[0])
        found = value(T.nnet.softmax(c), T.nnet.logsoftmax(c), T.nnet.softmax(c, axis=0))
        assert_allclose(found[0], expected[None])
        assert_allclose(found[1], np.log(expected)[None])
        assert_allclose(found[2], expected)

    def test_classes(self, x):
        c, y = T.constant(x), T.constant(np.array([0, 3, 1]))
        p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        loss = T.nnet.categorical_crossentropy(T.nnet.softmax_graph(c), y)
        assert_allclose(value(loss), -np.log(p[range(3), [0, 3, 1]]))

    @pytest.fixture
    def images(self, rng):
        return rng.normal(size=(2, 3, 6, 5)).astype("float32")

    def convolved(self, images, filters, mode):
        from scipy.signal import convolve2d

        return np.array(
            [
                [sum(convolve2d(i, f, mode) for i, f in zip(image, kernel)) for kernel in filters]
                for image in images
            ]
        )

    def test_old_convolutions(self, images, rng):
        from theano.tensor.nnet import conv
        from theano.tensor.signal import conv as signal

        filters = rng.normal(size=(4, 3, 3, 2)).astype("float32")
        x, f = T.constant(images), T.constant(filters)
        shapes = {"image_shape": (2, 3, 6, 5), "filter_shape": (4, 3, 3, 2)}
        found = value(
            T.nnet.conv2d(x, f, **shapes),
            conv.conv2d(x, f, border_mode="full", unroll_batch=1, **shapes),
            signal.conv2d(x[0], f[0], border_mode="full"),
            signal.conv2d(x[0], f[0, 0]),
            signal.conv2d(x[0, 0], f[0, 0]),
        )
        full = self.convolved(images[0][:, None], filters[0][:, None], "full")
        valid = self.convolved(images[0][:, None], filters[0][:, None], "valid")
        expected = [
            self.convolved(images, filters, "valid"),
            self.convolved(images, filters, "full"),
            full,
            valid[:, 0],
            valid[0, 0],
        ]
        for one, other in zip(found, expected):
            assert_allclose(one, other, rtol=1e-4, atol=1e-5)

    def test_convolutions_refuse_two_names_for_one(self, images):
        x = T.constant(images)
        with pytest.raises(ValueError, match="image_shape"):
            T.nnet.conv2d(x, x, (1,) * 4, image_shape=(1,) * 4)
        with pytest.raises(TypeError, match="no_such"):
            T.nnet.conv2d(x, x, no_such=1)

    def test_pooling_arguments(self, images):
        from theano.tensor.signal import downsample, pool

        x = T.constant(images)
        blocks = images[:, :, :, :4].reshape(2, 3, 3, 2, 2, 2)
        found = value(
            pool.pool_2d(x, (2, 2), ignore_border=True),
            pool.pool_2d(x, ds=(2, 2), st=(2, 2), ignore_border=True, padding=(0, 0), mode="sum"),
            pool.pool_2d(x, ws=(2, 2)),
            downsample.max_pool_2d(x, (2, 2)),
        )
        assert_allclose(found[0], blocks.max(axis=(3, 5)))
        assert_allclose(found[1], blocks.sum(axis=(3, 5)), rtol=1e-5)
        assert found[2].shape == found[3].shape == (2, 3, 3, 3)  # the border counts
        with pytest.raises(ValueError, match="ws and ds"):
            pool.pool_2d(x, ws=(2, 2), ds=(2, 2))

    def test_cudnn_on_the_cpu(self, images, rng):
        from theano.sandbox.cuda import cuda_enabled, dnn
        from theano.sandbox.cuda.basic_ops import gpu_contiguous, host_from_gpu

        filters = rng.normal(size=(4, 3, 3, 2)).astype("float32")
        x, f = gpu_contiguous(T.constant(images)), gpu_contiguous(T.constant(filters))
        found = value(
            host_from_gpu(dnn.dnn_conv(x, f, border_mode="full", conv_mode="conv")),
            dnn.dnn_conv(x, f, conv_mode="cross"),
            dnn.dnn_pool(x, (2, 2), stride=(2, 2)),
            dnn.GpuDnnSoftmax("accurate", "channel")(x),
        )
        assert dnn.dnn_available()
        assert not cuda_enabled
        flipped = filters[:, :, ::-1, ::-1]
        blocks = images[:, :, :, :4].reshape(2, 3, 3, 2, 2, 2)
        expected = [
            self.convolved(images, filters, "full"),
            self.convolved(images, flipped, "valid"),
            blocks.max(axis=(3, 5)),
            np.exp(images) / np.exp(images).sum(axis=1, keepdims=True),
        ]
        for one, other in zip(found, expected):
            assert_allclose(one, other, rtol=1e-4, atol=1e-5)


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


class TestGraphs:
    def test_walks_return_lists(self):
        graph = theano.gof.graph
        a, b = T.dscalars("ab")
        c = (a + b) * a
        assert graph.inputs([c]) == [a, b]
        assert isinstance(graph.ancestors([c]), list)
        assert graph.ops([a, b], [c]) == {c.owner, c.owner.inputs[0].owner}
        assert graph.list_of_nodes([a, b], [c])[0] in graph.ops([a, b], [c])
        assert graph.orphans([a], [c]) == [b]
        assert graph.is_same_graph(a + b, a + b)

    def test_rewrites_of_one_node(self):
        from theano.gof.opt import LocalOptimizer, TopoOptimizer, in2out, local_optimizer

        @local_optimizer([T.tanh])
        def to_sine(node):
            return [T.sin(node.inputs[0])]

        class ToCosine(LocalOptimizer):
            def tracks(self):
                return [T.sin]

            def transform(self, node):
                return [T.cos(node.inputs[0])] if node.op == T.sin else None

        a = T.dscalar()
        graph = theano.gof.FunctionGraph([a], [T.tanh(a)])
        in2out(to_sine)(graph)
        TopoOptimizer(ToCosine())(graph)
        assert [node.op for node in graph.toposort()] == [T.cos]

    def test_a_node_knows_its_graph_while_it_is_rewritten(self):
        from theano.gof.opt import local_optimizer

        seen = []

        @local_optimizer([T.tanh])
        def look(node):
            seen.append((node.fgraph, node.inputs[0].fgraph, node.outputs[0].clients))

        a = T.dscalar()
        hidden = T.tanh(a)
        graph = theano.gof.FunctionGraph([a], [hidden * 2], clone=False)
        look.transform(graph, hidden.owner)
        assert seen == [(graph, graph, [(graph.outputs[0].owner, 0)])]
        with pytest.raises(AttributeError, match=r"fgraph\.clients\[variable\]"):
            _ = hidden.clients
        with pytest.raises(AttributeError, match=r"f\.maker\.fgraph"):
            _ = hidden.owner.fgraph
        assert not hasattr(a, "clients")

    def test_printing(self):
        a = T.dscalar("a")
        assert theano.pp(a * 2) == "(a * 2)"
        text = theano.printing.debugprint(T.tanh(a), ids="int", file="str")
        assert "tanh" in text.lower()


class TestConfig:
    def test_old_names_read_and_set(self):
        config = theano.config
        assert config.gcc.cxxflags == config.gcc__cxxflags
        assert config.device == "cpu"
        assert config.dnn.conv.algo_fwd == "small"
        config.lib.cnmem = 0.8
        assert config.lib.cnmem == 0.8
        with pytest.raises(AttributeError, match="no_such"):
            _ = config.no_such
        with pytest.raises(AttributeError, match="no_such"):
            config.no_such = 1

    def test_a_mode_holds_from_when_it_is_set(self):
        """Not only where it is set before the first function is compiled."""
        from theano.compile.mode import get_default_mode

        def linker():
            return type(get_default_mode().linker).__name__

        before = linker()
        with theano.config.change_flags(mode="Mode", linker="py"):
            assert linker() == "PerformLinker"
            with theano.config.change_flags(optimizer="None"):
                assert not get_default_mode()._optimizer.include
            assert get_default_mode()._optimizer.include
        assert linker() == before

    def test_changes_are_undone(self):
        before = theano.config.scan.allow_gc
        with theano.configparser.change_flags([("scan.allow_gc", not before)], floatX="float64"):
            assert theano.config.scan.allow_gc is not before
            assert T.matrix().dtype == "float64"
        assert theano.config.scan.allow_gc is before

        @theano.configparser.change_flags(floatX="float64")
        def inside():
            return T.matrix().dtype

        assert inside() == "float64"
        assert T.matrix().dtype == theano.config.floatX


class TestLinalg:
    @theano.configparser.change_flags(floatX="float64")  # what lstsq's results are declared as
    def test_solvers(self, x):
        from theano.tensor import nlinalg, slinalg

        a = x @ x.T + np.eye(3)
        b = x[:, 0]
        lower = np.linalg.cholesky(a)
        c, v = T.constant(a), T.constant(b)
        found = value(
            slinalg.solve(c, v),
            slinalg.Solve("lower_triangular", lower=True)(slinalg.cholesky(c), v),
            nlinalg.lstsq()(T.constant(x.T), T.constant(x[:1].T), -1)[0],
            nlinalg.alloc_diag(v),
            nlinalg.diag(c),
        )
        expected = [
            np.linalg.solve(a, b),
            np.linalg.solve(lower, b),
            np.linalg.lstsq(x.T, x[:1].T, rcond=None)[0],
            np.diag(b),
            np.diag(a),
        ]
        for one, other in zip(found, expected):
            assert_allclose(one, other, atol=1e-10)


class TestPickles:
    @pytest.mark.parametrize("protocol", [0, 2, 4])
    def test_shared_variables_come_back(self, protocol, x):
        s = theano.shared(x, "s", broadcastable=(False, False))
        back = pickle.loads(pickle.dumps(s, protocol))
        assert_array_equal(back.get_value(), x)
        assert back.name == "s"

    def instance(self, path, **state):
        """An object as protocol 0 writes it: its class by name, its state as a dictionary."""
        module, _, name = path.rpartition(".")
        written = "".join(f"V{key}\n{text}" for key, text in state.items())
        return (
            f"ccopy_reg\n_reconstructor\n(c{module}\n{name}\nc__builtin__\nobject\nNtR({written}db"
        )

    def pickle_of_theano(self, kind, value, name):
        """What Theano 1.0 wrote for a shared variable, with the attributes that it has there."""
        array = pickle.dumps(value, 0)[:-1].decode("latin1")
        pattern = "(" + "I00\n" * value.ndim + "t"
        dtype = pickle.dumps(value.dtype, 0)[:-1].decode("latin1")
        texts = {"name": "N", "dtype": f"V{value.dtype}\n", "broadcastable": pattern}
        type_name, variable = {
            "cpu": (
                "theano.tensor.type.TensorType",
                "theano.tensor.sharedvar.TensorSharedVariable",
            ),
            "cuda": (
                "theano.sandbox.cuda.type.CudaNdarrayType",
                "theano.sandbox.cuda.var.CudaNdarraySharedVariable",
            ),
            "gpuarray": (
                "theano.gpuarray.type.GpuArrayType",
                "theano.gpuarray.type.GpuArraySharedVariable",
            ),
        }[kind]
        if kind == "cpu":
            texts.update(numpy_dtype=dtype, sparse_grad="I00\n")
        else:
            reader = {
                "cuda": "ctheano.sandbox.cuda.type\nCudaNdarray_unpickler\n",
                "gpuarray": "ctheano.gpuarray.type\nGpuArray_unpickler\n",
            }[kind]
            array = f"{reader}({array}{'N' if kind == 'gpuarray' else ''}tR"
        kind_text = self.instance(type_name, **texts)
        container = self.instance(
            "theano.gof.link.Container",
            storage=f"({array}l",
            readonly="I00\n",
            type=kind_text,
            name=f"V{name}\n",
            allow_downcast="N",
            strict="I00\n",
        )
        tag = self.instance("theano.gof.utils.scratchpad", trace="(l")
        shared = self.instance(
            variable,
            tag=tag,
            type=kind_text,
            owner="N",
            index="N",
            name=f"V{name}\n",
            auto_name="Vauto_4\n",
            container=container,
        )
        return (shared + ".").encode("latin1")

    @pytest.mark.parametrize("kind", ["cpu", "cuda", "gpuarray"])
    def test_of_theano(self, kind, x):
        values = x.astype("float32")
        back = pickle.loads(self.pickle_of_theano(kind, values, "W"), encoding="latin1")
        assert isinstance(back, T.sharedvar.TensorSharedVariable)
        assert type(back) is type(theano.shared(values))
        assert back.type == theano.shared(values).type
        assert back.name == "W"
        assert_array_equal(back.get_value(), values)
        assert_allclose(value(back * 2), values * 2)
        theano.function([], updates=[(back, back + 1)], mode=PYTHON)()
        assert_allclose(back.get_value(), values + 1)

    def test_zip_files(self, x, tmp_path):
        from theano.misc import pkl_utils

        s, t = theano.shared(x, "W"), theano.shared(x[0], "W")
        with open(tmp_path / "model.zip", "wb") as file:
            pkl_utils.dump((s, t, {"rate": 0.1}), file)
        with open(tmp_path / "model.zip", "rb") as file:
            back, second, settings = pkl_utils.load(file)
        assert_array_equal(back.get_value(), x)
        assert_array_equal(second.get_value(), x[0])
        assert settings == {"rate": 0.1}
        with np.load(tmp_path / "model.zip") as arrays:
            assert_array_equal(arrays["W"], x)
            assert_array_equal(arrays["W_2"], x[0])

"""``theano.function``, ``clone`` and ``theano.config``."""

from collections import OrderedDict

import pytest
import theano
import theano.tensor as T
from legacy.theano_1_0.values import PYTHON
from numpy.testing import assert_allclose


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

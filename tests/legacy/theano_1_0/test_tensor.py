"""What a tensor type is, and functions of tensors whose arguments Aesara changed."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from legacy.theano_1_0.values import value
from numpy.testing import assert_allclose, assert_array_equal


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

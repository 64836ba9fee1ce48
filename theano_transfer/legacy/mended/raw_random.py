"""``theano.tensor.raw_random``: draws from a NumPy ``RandomState``, number for number as Theano's.

Aesara draws from ``numpy.random.Generator``, whose numbers are others.
"""

import copy

import numpy as np
from aesara import config
from aesara.gradient import DisconnectedType, grad_undefined
from aesara.graph.basic import Apply, Variable
from aesara.graph.op import Op
from aesara.scalar.basic import upcast
from aesara.tensor import as_tensor_variable, get_vector_length
from aesara.tensor.basic import cast, get_scalar_constant_value, stack
from aesara.tensor.exceptions import NotScalarConstantError
from aesara.tensor.extra_ops import broadcast_shape
from aesara.tensor.random.type import RandomStateType, random_state_type
from aesara.tensor.type import TensorType, lvector


class RandomFunction(Op):
    """Draws an array; returns the generator's next state and the array.

    Parameters
    ----------
    fn : str or callable
        The name of a method of :class:`numpy.random.RandomState`, or a function of a RandomState
        and the method's arguments, the shape last.
    outtype : TensorType
        Of what is drawn.
    inplace : bool
        Whether the state given is moved on itself.
    ndim_added : int
        How many axes the array has more than the shape.
    """

    __props__ = ("fn", "outtype", "inplace", "ndim_added")

    def __init__(self, fn, outtype, inplace=False, ndim_added=0):
        self.fn, self.outtype, self.inplace, self.ndim_added = fn, outtype, inplace, ndim_added
        if inplace:
            self.destroy_map = {0: [0]}

    def make_node(self, state, shape, *parameters):
        """`shape`: a vector of integers, or None or one of length 0: that of the parameters."""
        if not isinstance(state.type, RandomStateType):
            raise TypeError(f"the first argument is a random state, not {state.type}")
        shape = as_tensor_variable([] if shape is None else shape, ndim=1)
        shape = lvector().type.filter_variable(cast(shape, "int64"))
        variables = [as_tensor_variable(parameter) for parameter in parameters]
        return Apply(self, [state, shape, *variables], [state.type(), self.outtype()])

    def infer_shape(self, fgraph, node, shapes):
        drawn = node.outputs[1]
        parameters = node.inputs[2:]
        if self.ndim_added:  # the parameters say how long the added axis is
            if self.fn is multinomial_helper:
                last = shapes[3][-1]
            elif self.fn is permutation_helper:
                last = parameters[0]
            else:
                last = drawn.shape[-1]
            added = [last]
        else:
            added = []
        leading = [node.inputs[1][i] for i in range(drawn.ndim - self.ndim_added)]
        return [None, [*leading, *added]]

    def perform(self, node, inputs, outputs):
        state, shape, *parameters = inputs
        if not self.inplace:
            state = copy.deepcopy(state)
        shape = None if len(shape) == 0 and self.outtype.ndim > self.ndim_added else tuple(shape)
        draw = getattr(type(state), self.fn) if isinstance(self.fn, str) else self.fn
        drawn = np.asarray(draw(state, *parameters, shape), dtype=self.outtype.dtype)
        if drawn.ndim != self.outtype.ndim:
            raise ValueError(
                f"{self.fn} drew {drawn.ndim} axes, not the {self.outtype.ndim} that ndim and size "
                "said"
            )
        outputs[0][0], outputs[1][0] = state, drawn

    def connection_pattern(self, node):
        return [[True, False], *([False, False] for _ in node.inputs[1:])]

    def L_op(self, inputs, outputs, gradients):
        undefined = grad_undefined(self, 0, inputs[0], "draws have no gradient")
        return [undefined, *(DisconnectedType()() for _ in inputs[1:])]

    def R_op(self, inputs, eval_points):
        return [None for _ in eval_points]


def uniform(random_state, size=None, low=0.0, high=1.0, ndim=None, dtype=None):
    """The next state, and draws from [`low`, `high`)."""
    return _draw("uniform", random_state, size, ndim, dtype or "floatX", low, high)


def normal(random_state, size=None, avg=0.0, std=1.0, ndim=None, dtype=None):
    """The next state, and draws from a normal distribution."""
    return _draw("normal", random_state, size, ndim, dtype or "floatX", avg, std)


def binomial(random_state, size=None, n=1, p=0.5, ndim=None, dtype="int64", prob=None):
    """The next state, and how many of `n` trials of probability `p` (first: `prob`) succeeded."""
    return _draw("binomial", random_state, size, ndim, dtype, n, p if prob is None else prob)


def random_integers_helper(random_state, low, high, size):
    """Integers from `low` to `high`, both included."""
    return random_state.randint(low, np.asarray(high) + 1, size)


def random_integers(random_state, size=None, low=0, high=1, ndim=None, dtype="int64"):
    """The next state, and integers from `low` to `high`, both included."""
    return _draw(random_integers_helper, random_state, size, ndim, dtype, low, high)


def choice_helper(random_state, a, replace, p, size):
    """Elements of `a` or, where it is a number, below it; `p` of length 0: equally likely."""
    a = a.item() if a.ndim == 0 else a
    return random_state.choice(a, size, bool(replace), p if len(p) else None)


def choice(random_state, size=None, a=2, replace=True, p=None, ndim=None, dtype="int64"):
    """The next state, and draws from the vector `a` or from the integers below it."""
    replace = int(replace) if isinstance(replace, bool) else replace
    p = np.zeros(0) if p is None else p
    size, single = _axes(ndim, size)
    op = RandomFunction(choice_helper, TensorType(dtype, single))
    return op(random_state, size, a, replace, p)


def poisson(random_state, size=None, lam=1.0, ndim=None, dtype="int64"):
    """The next state, and draws from a Poisson distribution of mean `lam`."""
    return _draw("poisson", random_state, size, ndim, dtype, lam)


def permutation_helper(random_state, n, shape):
    """Permutations of the integers below `n`, along a last axis."""
    n, shape = int(n), tuple(shape or ())
    drawn = np.empty((*shape, n), int)
    for place in np.ndindex(*shape):
        drawn[place] = random_state.permutation(n)
    return drawn


def permutation(random_state, size=None, n=1, ndim=None, dtype="int64"):
    """The next state, and permutations of the integers below `n`, along a last axis.

    `size` None or 0 axes: one permutation, a vector.
    """
    size, single = _axes(0 if size is None else ndim, size)
    op = RandomFunction(permutation_helper, TensorType(dtype, (*single, None)), ndim_added=1)
    return op(random_state, size, n)


def multinomial_helper(random_state, n, pvals, size):
    """Counts of `n` trials whose outcomes have probabilities `pvals`, along a last axis."""
    shape = np.broadcast_shapes(n.shape, pvals.shape[:-1]) if size is None else tuple(size)
    n = np.broadcast_to(n, shape)
    pvals = np.broadcast_to(pvals, (*shape, pvals.shape[-1]))
    drawn = np.empty(pvals.shape)
    for place in np.ndindex(*shape):
        probabilities = pvals[place]
        total = probabilities.sum()
        if 1 < total < 1 + 1e-5 or probabilities[-1] < 5e-5:
            # float32's rounding must not make them more than 1
            probabilities = probabilities * (1 - 5e-5)
        drawn[place] = random_state.multinomial(n[place], probabilities.astype("float64"))
    return drawn


def multinomial(random_state, size=None, n=1, pvals=(0.5, 0.5), ndim=None, dtype="int64"):
    """The next state, and counts of `n` trials with probabilities `pvals` (last axis).

    A -1 in `size` is the length that `pvals` has there.
    """
    n, pvals = as_tensor_variable(n), as_tensor_variable(pvals)
    size, single = _axes(ndim, size, n, pvals[..., 0])
    kind = TensorType(dtype, (*single, pvals.type.shape[-1]))
    return RandomFunction(multinomial_helper, kind, ndim_added=1)(random_state, size, n, pvals)


def _draw(fn, random_state, size, ndim, dtype, *parameters):
    parameters = tuple(as_tensor_variable(parameter) for parameter in parameters)
    if dtype == "floatX":
        dtype = upcast(config.floatX, *(parameter.dtype for parameter in parameters))
    size, single = _axes(ndim, size, *parameters)
    return RandomFunction(fn, TensorType(dtype, single))(random_state, size, *parameters)


def _axes(ndim, size, *parameters):
    """The lengths as a vector, and those of 1 that are known when compiling, for each axis."""
    if isinstance(size, (int, np.integer)):
        size = (int(size),)
    if size is None:
        widest = max((parameter.ndim for parameter in parameters), default=0)
        if not parameters or not widest:
            lengths = []
        else:
            lengths = list(broadcast_shape(*parameters))
    elif isinstance(size, (list, tuple)):
        lengths = [_length(n, i - len(size), parameters) for i, n in enumerate(size)]
    else:
        vector = as_tensor_variable(size, ndim=1)
        try:
            count = get_vector_length(vector)
        except ValueError as error:
            if ndim is None:
                raise ValueError(
                    "how many axes a draw has must be known when the graph is built: give ndim, "
                    "or the lengths in a tuple"
                ) from error
            count = ndim
        lengths = [vector[i] for i in range(count)]
    if ndim is not None and ndim != len(lengths):
        if size is not None or ndim < len(lengths):
            raise ValueError(f"ndim is {ndim}, but size and parameters have {len(lengths)} axes")
        lengths = [1] * (ndim - len(lengths)) + lengths
    vector = stack([cast(n, "int64") for n in lengths]) if lengths else np.zeros(0, "int64")
    return vector, tuple(1 if _is_one(n) else None for n in lengths)


def _length(n, axis, parameters):
    if not isinstance(n, Variable) and n == -1:
        wide = [parameter for parameter in parameters if parameter.ndim >= -axis]
        if not wide:
            raise ValueError("size has a -1 where no parameter has an axis")
        return broadcast_shape(
            *(parameter.shape[axis : axis + 1 or None] for parameter in wide),
            arrays_are_shapes=True,
        )[0]
    return n


def _is_one(n):
    try:
        return int(get_scalar_constant_value(n)) == 1
    except NotScalarConstantError:
        return False


class RandomStreamsBase:
    """Draws whose generators :meth:`gen` of the subclass makes."""

    def gen(self, op, *args, **kwargs):
        """A draw of ``op(generator, *args, **kwargs)`` with a new generator."""
        raise NotImplementedError(f"{type(self).__name__} says nowhere how it makes generators")

    def binomial(self, size=None, n=1, p=0.5, ndim=None, dtype="int64", prob=None):
        """:func:`binomial`"""
        return self.gen(binomial, size, n, p, ndim=ndim, dtype=dtype, prob=prob)

    def uniform(self, size=None, low=0.0, high=1.0, ndim=None, dtype=None):
        """:func:`uniform`"""
        return self.gen(uniform, size, low, high, ndim=ndim, dtype=dtype)

    def normal(self, size=None, avg=0.0, std=1.0, ndim=None, dtype=None):
        """:func:`normal`"""
        return self.gen(normal, size, avg, std, ndim=ndim, dtype=dtype)

    def random_integers(self, size=None, low=0, high=1, ndim=None, dtype="int64"):
        """:func:`random_integers`"""
        return self.gen(random_integers, size, low, high, ndim=ndim, dtype=dtype)

    def choice(self, size=None, a=2, replace=True, p=None, ndim=None, dtype="int64"):
        """:func:`choice`"""
        return self.gen(choice, size, a, replace, p, ndim=ndim, dtype=dtype)

    def poisson(self, size=None, lam=1.0, ndim=None, dtype="int64"):
        """:func:`poisson`"""
        return self.gen(poisson, size, lam, ndim=ndim, dtype=dtype)

    def permutation(self, size=None, n=1, ndim=None, dtype="int64"):
        """:func:`permutation`"""
        return self.gen(permutation, size, n, ndim=ndim, dtype=dtype)

    def multinomial(self, size=None, n=1, pvals=(0.5, 0.5), ndim=None, dtype="int64"):
        """:func:`multinomial`"""
        return self.gen(multinomial, size, n, pvals, ndim=ndim, dtype=dtype)

    def shuffle_row_elements(self, input):
        """A vector shuffled, or each row of a matrix by itself."""
        rows = self.permutation(
            size=input.shape[:-1] if input.ndim > 1 else (), n=input.shape[-1], ndim=input.ndim - 1
        )
        if input.ndim == 1:
            return input[rows]
        from aesara.tensor import arange

        return input[arange(input.shape[0])[:, None], rows]


__all__ = [
    "RandomFunction",
    "RandomStateType",
    "RandomStreamsBase",
    "binomial",
    "choice",
    "choice_helper",
    "multinomial",
    "multinomial_helper",
    "normal",
    "permutation",
    "permutation_helper",
    "poisson",
    "random_integers",
    "random_integers_helper",
    "random_state_type",
    "uniform",
]

"""Elementwise operations of very many terms, in Python."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.compile.mode import Mode

IN_PYTHON = {
    "no compiler": ("", "FAST_RUN"),
    "no compiler, compiled fast": ("", "FAST_COMPILE"),
    # Here operations are fused as if they were compiled.
    "a linker without C code": (None, Mode(linker="py", optimizer="fast_run")),
    "nothing rewritten": (None, Mode(linker="py", optimizer=None)),
}


@pytest.mark.parametrize("way", IN_PYTHON)
@pytest.mark.parametrize(("count", "combine"), [(32, np.add), (64, np.multiply)])
def test_any_number_of_terms_in_python(count, combine, way, rng):
    cxx, mode = IN_PYTHON[way]
    # The last is a row, which is added to each; the first is of no more use and gives its memory.
    variables = [T.fmatrix() for _ in range(count - 1)] + [T.fvector()]
    terms = [T.dot(variables[0], np.eye(3, dtype="f4")), *variables[1:]]
    result = T.nnet.relu({np.add: T.add, np.multiply: T.mul}[combine](*terms) * 2)
    with theano.config.change_flags(cxx=theano.config.cxx if cxx is None else cxx):
        function = theano.function(variables, result, mode=mode)
    values = list(rng.uniform(0.5, 1.2, (count - 1, 2, 3)).astype("f4"))
    values.append(rng.uniform(0.5, 1.2, 3).astype("f4"))
    values[0] *= -1, 1, 1
    expected = values[0]
    for value in values[1:]:
        expected = combine(expected, value)
    found = function(*values)
    assert found.dtype == "f4"
    np.testing.assert_allclose(found, np.maximum(expected * 2, 0), rtol=1e-5)

"""Elementwise operations of more inputs than NumPy's functions take, computed in Python.

Aesara gathers what is added up block after block, as the bypasses of a ResNet101V2, in one
Elemwise, and fuses it with what follows. Compiled, it takes any number of inputs; in Python (no
compiler, or a linker without C code) it is a function of NumPy's, which takes 32 operands, and
Aesara gives up.
"""

from functools import partial, reduce

import numpy as np
from aesara.scalar import Add, Mul
from aesara.tensor.elemwise import Elemwise

MOST = 31
_FOLDS: dict[type, np.ufunc] = {Add: np.add, Mul: np.multiply}


def install():
    """Replace the ``perform`` of elementwise Ops by one for any number. Called once."""
    Elemwise.perform = _of_any_number(Elemwise.perform)


def _of_any_number(perform):
    def of_any_number(self, node, inputs, output_storage):
        if len(inputs) <= MOST:
            perform(self, node, inputs, output_storage)
            return
        fold = _FOLDS.get(type(self.scalar_op))
        if fold is None:
            results = _one_by_one(self.scalar_op, node, inputs)
        else:
            results = [reduce(partial(fold, dtype=node.outputs[0].dtype), inputs)]
        for place, (result, storage) in enumerate(zip(results, output_storage)):
            if place in self.inplace_pattern:
                storage[0] = inputs[self.inplace_pattern[place]]
                storage[0][...] = result
            else:
                storage[0] = np.asarray(result)

    return of_any_number


def _one_by_one(scalar_op, node, inputs):
    """Any operation, element by element, as NumPy's functions made of Python's work too."""
    shape = np.broadcast_shapes(*(value.shape for value in inputs))
    results = [np.empty(shape, output.dtype) for output in node.outputs]
    elements = zip(*(np.broadcast_to(value, shape).flat for value in inputs))
    for place, element in enumerate(elements):
        found = scalar_op.impl(*element)
        for result, value in zip(results, [found] if len(results) == 1 else found):
            result.flat[place] = value
    return results

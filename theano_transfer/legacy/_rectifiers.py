"""The rectifiers, with a gradient that needs only their output.

Written as expressions of the input, their gradients keep the input alive until the way back and
cannot become part of the layer that computes it.
"""

import numpy as np
from aesara.scalar.basic import BinaryScalarOp, UnaryScalarOp, same_out_nocomplex, upcast_out
from aesara.tensor import as_tensor_variable
from aesara.tensor.elemwise import Elemwise

# The name that kernels know -> the largest output.
CEILINGS = {"relu": np.inf, "relu6": 6}


class Rectifier(UnaryScalarOp):
    """``min(max(x, 0), ceiling)``"""

    activation_name = "relu"
    nfunc_spec = None

    def impl(self, x):
        ceiling = CEILINGS[self.activation_name]
        return x * 0 if x <= 0 else type(x)(ceiling) if x > ceiling else x

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (y,) = inputs, outputs
        return f"{y} = {x} <= 0 ? 0 : {x};"  # nan stays nan

    def c_code_cache_version(self):
        return (1,)

    def L_op(self, inputs, outputs, gradients):
        return [GRADIENTS[self.activation_name](outputs[0], gradients[0])]


class Rectifier6(Rectifier):
    activation_name = "relu6"

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (y,) = inputs, outputs
        return f"{y} = {x} <= 0 ? 0 : {x} > 6 ? 6 : {x};"


class RectifierGrad(BinaryScalarOp):
    """The gradient where the output is neither 0 nor the ceiling, elsewhere 0."""

    activation_name = "relu"
    nfunc_spec = None

    def impl(self, y, gradient):
        return gradient if 0 < y < CEILINGS[self.activation_name] else gradient * 0

    def c_code(self, node, name, inputs, outputs, sub):
        (y, gradient), (result,) = inputs, outputs
        return f"{result} = {y} > 0 ? {gradient} : 0;"

    def c_code_cache_version(self):
        return (1,)

    def L_op(self, inputs, outputs, gradients):
        y, gradient = inputs
        return [gradient.zeros_like(), self(y, gradients[0])]


class Rectifier6Grad(RectifierGrad):
    activation_name = "relu6"

    def c_code(self, node, name, inputs, outputs, sub):
        (y, gradient), (result,) = inputs, outputs
        return f"{result} = {y} > 0 && {y} < 6 ? {gradient} : 0;"


GRADIENTS = {
    "relu": RectifierGrad(upcast_out, name="relu_grad"),
    "relu6": Rectifier6Grad(upcast_out, name="relu6_grad"),
}
RECTIFIERS = {
    "relu": Elemwise(Rectifier(same_out_nocomplex, name="relu")),
    "relu6": Elemwise(Rectifier6(same_out_nocomplex, name="relu6")),
}


def rectifier_of(op):
    """The name of the rectifier that an Op is, or None."""
    scalar_op = getattr(op, "scalar_op", None)
    return scalar_op.activation_name if isinstance(scalar_op, Rectifier) else None


def rectifier_grad_of(op):
    """The name of the rectifier whose gradient an Op is, or None."""
    scalar_op = getattr(op, "scalar_op", None)
    return scalar_op.activation_name if isinstance(scalar_op, RectifierGrad) else None


def rectify(x, activation_name="relu"):
    """``max(x, 0)``, or ``min(max(x, 0), 6)`` for 'relu6', elementwise.

    Nair and Hinton, 2010, https://www.cs.toronto.edu/~fritz/absps/reluICML.pdf; Howard et al.,
    2017, https://arxiv.org/abs/1704.04861.

    Parameters
    ----------
    x : tensor
        Real. Integers stay integers.
    """
    return RECTIFIERS[activation_name](as_tensor_variable(x))

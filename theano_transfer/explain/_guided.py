"""Rectifiers with the gradient of guided backpropagation, put into a copy of an expression."""

from __future__ import annotations

from aesara.graph.basic import graph_inputs, io_toposort
from aesara.scalar.basic import same_out_nocomplex, scalar_maximum
from aesara.tensor.elemwise import Elemwise

from theano_transfer.legacy._rectifiers import GRADIENTS, Rectifier, Rectifier6, rectifier_of


class GuidedRectifier(Rectifier):
    """relu, which on the way back stops negative numbers too."""

    def L_op(self, inputs, outputs, gradients):
        (positive,) = (scalar_maximum(gradient, gradient * 0) for gradient in gradients)
        return [GRADIENTS[self.activation_name](outputs[0], positive)]


class GuidedRectifier6(GuidedRectifier, Rectifier6):
    """relu6, likewise."""

    activation_name = "relu6"
    c_code = Rectifier6.c_code


GUIDED = {
    "relu": Elemwise(GuidedRectifier(same_out_nocomplex, name="guided_relu")),
    "relu6": Elemwise(GuidedRectifier6(same_out_nocomplex, name="guided_relu6")),
}


def guided(expression):
    """A copy of `expression` with the same value and guided rectifiers; nothing else changes.

    Raises
    ------
    ValueError
        If there is no rectifier in it.
    """
    made: dict = {}
    count = 0
    for node in io_toposort(list(graph_inputs([expression])), [expression]):
        inputs = [made.get(given, given) for given in node.inputs]
        name = rectifier_of(node.op)
        if name is not None:
            count += 1
            copies = [GUIDED[name](*inputs)]
        elif any(new is not old for new, old in zip(inputs, node.inputs)):
            copies = node.clone_with_new_inputs(inputs).outputs
        else:
            continue
        made.update(zip(node.outputs, copies))
    if not count:
        raise ValueError(
            "guided backpropagation is about rectifiers (relu, relu6), and this network has none; "
            "use gradients() or integrated_gradients()"
        )
    return made[expression]

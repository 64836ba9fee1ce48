"""Sums and products of more terms than NumPy takes at once, where there is no compiler.

Aesara gathers what is added up block after block, as the bypasses of a ResNet101V2, in one
Elemwise. Compiled, it takes any number of inputs; in Python it is a function of NumPy's, which
takes 32 operands.
"""

from __future__ import annotations

from aesara.compile.mode import optdb
from aesara.configdefaults import config
from aesara.graph.rewriting.basic import copy_stack_trace, in2out, node_rewriter
from aesara.scalar import Add, Mul
from aesara.tensor.elemwise import Elemwise

MOST = 31


@node_rewriter([Elemwise])
def split_many_terms(fgraph, node):
    """The first 31 terms, and the rest of them, are computed one after the other."""
    op = node.op
    if (
        config.cxx
        or len(node.inputs) <= MOST
        or op.inplace_pattern
        or not isinstance(op.scalar_op, (Add, Mul))
    ):
        return None
    first = op(*node.inputs[:MOST])
    both = op(first, *node.inputs[MOST:])
    if both.type != node.outputs[0].type:
        return None
    copy_stack_trace(node.outputs[0], [first, both])
    return [both]


def register():
    """Behind the fusion of operations (49), which gathers terms again."""
    rewriter = in2out(split_many_terms)
    optdb.register("split_many_terms", rewriter, "fast_run", "fast_compile", position=49.2)

"""Variables that ride along in a graph without taking part in what it computes."""

from aesara.compile import optdb
from aesara.gradient import DisconnectedType
from aesara.graph.basic import Apply
from aesara.graph.op import Op
from aesara.graph.rewriting.basic import in2out, node_rewriter


class Carry(Op):
    """Its first input. The others are only there to be found: their default updates are."""

    __props__ = ()
    view_map = {0: [0]}

    def make_node(self, x, *others):
        return Apply(self, [x, *others], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0]

    def infer_shape(self, fgraph, node, shapes):
        return [shapes[0]]

    def connection_pattern(self, node):
        return [[True], *([False] for _ in node.inputs[1:])]

    def L_op(self, inputs, outputs, gradients):
        return [gradients[0], *(DisconnectedType()() for _ in inputs[1:])]


carry = Carry()


def carrying(x, *others):
    """`x`, in whose graph `others` are found."""
    return carry(x, *others)


@node_rewriter([Carry])
def local_drop_carried(fgraph, node):
    """Carry(x, ...) -> x"""
    return [node.inputs[0]]


# First of all, so that no other rewrite meets it; a compiled function has its updates by then.
optdb.register(
    "local_drop_carried",
    in2out(local_drop_carried, name="local_drop_carried"),
    "fast_run",
    "fast_compile",
    position=-0.005,
)

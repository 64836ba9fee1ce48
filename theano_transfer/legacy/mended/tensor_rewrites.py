"""Rewrites of ``theano.tensor.opt`` that Aesara split, dropped or has under other conditions."""

from aesara.graph.fg import FunctionGraph
from aesara.graph.rewriting import basic
from aesara.tensor.math import neg
from aesara.tensor.rewriting.basic import local_alloc_sink_dimshuffle, local_useless_alloc
from aesara.tensor.rewriting.shape import local_unbroadcast_lift, local_useless_unbroadcast

# -(-x) is x
local_neg_neg = basic.PatternNodeRewriter(
    (neg, (neg, "x")), "x", allow_multiple_clients=True, name="local_neg_neg"
)

# An Alloc that changes nothing goes; axes of length 1 that it adds in front become a DimShuffle.
local_canonicalize_alloc = basic.SequentialNodeRewriter(
    local_useless_alloc, local_alloc_sink_dimshuffle
)


def get_clients(node):
    """The nodes that take the first output of `node`, while a rewrite of one node runs."""
    return [client for client, _ in node.outputs[0].clients if client != "output"]


def get_clients2(node):
    """The nodes that take what :func:`get_clients` of `node` put out."""
    return [
        client
        for between in get_clients(node)
        for output in between.outputs
        for client, _ in output.clients
        if client != "output"
    ]


def apply_rebroadcast_opt(rval):
    """The variable `rval` computed with as few changes of what is broadcastable as possible."""
    rewrites = (local_useless_unbroadcast, local_unbroadcast_lift)
    while rval.owner is not None:
        graph = FunctionGraph(outputs=[rval], clone=False)
        changed = next(filter(None, (one.transform(graph, rval.owner) for one in rewrites)), None)
        if changed is None:
            break
        (rval,) = changed
    return rval


__all__ = [
    "apply_rebroadcast_opt",
    "get_clients",
    "get_clients2",
    "local_canonicalize_alloc",
    "local_neg_neg",
]

"""What is compiled in the background while the first graphs are rewritten: the headers of modules,
and the library of kernels where a graph needs it.

Not when Ops are made: a network that is only looked at needs neither, nor one that JAX compiles.
"""

from aesara.compile import optdb
from aesara.graph.rewriting.basic import GraphRewriter
from aesara.tensor.nnet.abstract_conv import BaseAbstractConv
from aesara.tensor.signal.pool import Pool

from theano_transfer.kernels import _building, _headers
from theano_transfer.kernels._op import NativeOp


class CompileAhead(GraphRewriter):
    """Calls `begin` for graphs that hold one of `ops`, or for all. Changes nothing."""

    def __init__(self, begin, ops=()):
        super().__init__()
        self._begin, self._ops = begin, ops

    def add_requirements(self, fgraph):
        pass

    def apply(self, fgraph):
        if not self._ops or any(isinstance(node.op, self._ops) for node in fgraph.apply_nodes):
            self._begin()


def register():
    """Called once, at import. Before all other rewrites."""
    headers = CompileAhead(_headers.build_ahead)
    optdb.register("headers_ahead", headers, "fast_run", "fast_compile", "cxx_only", position=-1)
    library = CompileAhead(_building.build_ahead, (NativeOp, BaseAbstractConv, Pool))
    optdb.register("library_ahead", library, "fast_run", "onednn", "cxx_only", position=-1)

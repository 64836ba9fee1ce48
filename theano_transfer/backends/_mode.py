"""The mode 'JAX': which rewrites a graph gets before JAX does."""

from __future__ import annotations

from aesara.compile.mode import Mode, predefined_modes
from aesara.configdefaults import config
from aesara.graph.rewriting.basic import GraphRewriter
from aesara.graph.rewriting.db import RewriteDatabaseQuery

from theano_transfer.backends._linker import JaxLinker

# Ours for the processor; Aesara's C code, BLAS and what XLA does itself; and whatever takes apart
# what has a conversion as a whole.
EXCLUDED = (
    "onednn", "cxx_only", "BlasOpt", "fusion", "inplace",
    "conv_opts", "AbstractConvCheck", "batchnorm_opts",
)  # fmt: skip


class _WithoutCompiler(GraphRewriter):
    """Rewrites as another does. Constants are folded in NumPy, not by C code compiled for each."""

    def __init__(self, rewriter):
        super().__init__()
        self.rewriter = rewriter

    def add_requirements(self, fgraph):
        self.rewriter.add_requirements(fgraph)

    def apply(self, fgraph):
        with config.change_flags(cxx=""):
            return self.rewriter.apply(fgraph)


class JaxMode(Mode):
    """Compiles functions with JAX. Its own class, by which Aesara tells that the mode changed."""

    def __init__(self, linker=None, optimizer=None, **kwargs):
        if optimizer is None:
            optimizer = RewriteDatabaseQuery(include=["fast_run"], exclude=list(EXCLUDED))
        super().__init__(JaxLinker() if linker is None else linker, optimizer, **kwargs)

    @property
    def optimizer(self):
        return _WithoutCompiler(super().optimizer)

    def for_precision(self, precision):
        """The same mode with another precision."""
        return JaxMode(JaxLinker(precision=precision), self.provided_optimizer)


def register():
    """Put the mode in the place of Aesara's own 'JAX'. Called once, at import."""
    predefined_modes["JAX"] = JaxMode()

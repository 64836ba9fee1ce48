"""What is compiled while graphs are rewritten, and what is not."""

import pytest
import theano.tensor as T
from aesara.compile import optdb
from aesara.compile.mode import predefined_modes
from aesara.graph.fg import FunctionGraph
from aesara.tensor.nnet.abstract_conv import BaseAbstractConv

from theano_transfer.kernels._compile_ahead import CompileAhead

AHEAD = {"headers_ahead", "library_ahead"}


def graph(*, convolves):
    images, filters = T.tensor4("images"), T.tensor4("filters")
    y = T.nnet.conv2d(images, filters) if convolves else images + filters
    return FunctionGraph([images, filters], [y], clone=False)


@pytest.mark.parametrize("convolves", [True, False])
def test_the_library_for_graphs_that_need_it_and_headers_for_all(convolves):
    begun = []
    for name, ops in [("headers", ()), ("library", (BaseAbstractConv,))]:
        rewriter = CompileAhead(lambda name=name: begun.append(name), ops)
        before = (fgraph := graph(convolves=convolves)).toposort()
        rewriter.rewrite(fgraph)
        assert fgraph.toposort() == before
    assert begun == ["headers", *(["library"] if convolves else [])]


@pytest.mark.parametrize("mode", ["FAST_RUN", "JAX"])
def test_before_all_other_rewrites_and_not_for_jax(mode):
    query = predefined_modes[mode].provided_optimizer
    names = [rewriter.name for rewriter in optdb.query(query)]
    assert set(names[:2]) & AHEAD == (AHEAD if mode == "FAST_RUN" else set())
    assert not set(names[2:]) & AHEAD

"""``theano.gof``: walks over graphs, and rewrites of a program's own."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from numpy.testing import assert_allclose


class TestGraphs:
    def test_walks_return_lists(self):
        graph = theano.gof.graph
        a, b = T.dscalars("ab")
        c = (a + b) * a
        assert graph.inputs([c]) == [a, b]
        assert isinstance(graph.ancestors([c]), list)
        assert graph.ops([a, b], [c]) == {c.owner, c.owner.inputs[0].owner}
        assert graph.list_of_nodes([a, b], [c])[0] in graph.ops([a, b], [c])
        assert graph.orphans([a], [c]) == [b]
        assert graph.is_same_graph(a + b, a + b)

    def test_rewrites_of_one_node(self):
        from theano.gof.opt import LocalOptimizer, TopoOptimizer, in2out, local_optimizer

        @local_optimizer([T.tanh])
        def to_sine(node):
            return [T.sin(node.inputs[0])]

        class ToCosine(LocalOptimizer):
            def tracks(self):
                return [T.sin]

            def transform(self, node):
                return [T.cos(node.inputs[0])] if node.op == T.sin else None

        a = T.dscalar()
        graph = theano.gof.FunctionGraph([a], [T.tanh(a)])
        in2out(to_sine)(graph)
        TopoOptimizer(ToCosine())(graph)
        assert [node.op for node in graph.toposort()] == [T.cos]

    def test_a_node_knows_its_graph_while_it_is_rewritten(self):
        from theano.gof.opt import local_optimizer

        seen = []

        @local_optimizer([T.tanh])
        def look(node):
            seen.append((node.fgraph, node.inputs[0].fgraph, node.outputs[0].clients))

        a = T.dscalar()
        hidden = T.tanh(a)
        graph = theano.gof.FunctionGraph([a], [hidden * 2], clone=False)
        look.transform(graph, hidden.owner)
        assert seen == [(graph, graph, [(graph.outputs[0].owner, 0)])]
        with pytest.raises(AttributeError, match=r"fgraph\.clients\[variable\]"):
            _ = hidden.clients
        with pytest.raises(AttributeError, match=r"f\.maker\.fgraph"):
            _ = hidden.owner.fgraph
        assert not hasattr(a, "clients")

    def test_printing(self):
        a = T.dscalar("a")
        assert theano.pp(a * 2) == "(a * 2)"
        text = theano.printing.debugprint(T.tanh(a), ids="int", file="str")
        assert "tanh" in text.lower()


def rewritten(rewrite, *outputs, inputs=()):
    """The expressions after `rewrite` was tried on each node."""
    from theano.gof.opt import in2out

    inputs = inputs or theano.gof.graph.inputs(outputs)
    graph = theano.gof.FunctionGraph(list(inputs), list(outputs), clone=False)
    in2out(rewrite, name="tried")(graph)
    return graph.outputs


class TestRewritesOfTheano:
    """Those that Aesara has under another name, split, or not."""

    def test_negations(self):
        a = T.dvector()
        assert rewritten(T.opt.local_neg_neg, T.neg(T.neg(a))) == [a]

    def test_logarithms_of_exponentials(self):
        a, b = T.dvectors("ab")
        (found,) = rewritten(T.opt.local_log_add, T.log(T.exp(a) + T.exp(b)))
        function = theano.function([a, b], found, mode=theano.Mode("py", None))
        with np.errstate(over="ignore"):  # exp(800), of which nothing is used
            assert_allclose(function([800.0], [800.0]), [800 + np.log(2)])

    def test_flattened_functions(self):
        a = T.dmatrix()
        (found,) = rewritten(T.opt.local_flatten_lift, T.flatten(T.tanh(a)))
        assert found.owner.op == T.tanh

    def test_arrays_of_one_row(self):
        a = T.dvector()
        (found,) = rewritten(T.opt.local_canonicalize_alloc, T.alloc(a, 1, a.shape[0]), inputs=[a])
        assert found.owner.inputs == [a]
        assert found.broadcastable == (True, False)

    def test_rebroadcasts(self):
        a = T.drow()
        twice = T.unbroadcast(T.tanh(T.unbroadcast(a, 0)), 0)
        found = T.opt.apply_rebroadcast_opt(twice)
        assert found.owner.op == T.tanh
        assert found.broadcastable == (False, False)
        assert T.opt.apply_rebroadcast_opt(a) is a

    def test_patterns_tried_on_clients(self):
        """From what is rarer in a graph to the node that a pattern begins with."""
        from theano.gof.opt import PatternSub

        pattern = PatternSub(
            (T.add, 1, (T.neg, "x")), (T.sub, 1, "x"), tracks=[T.neg], get_nodes=T.opt.get_clients
        )
        seen = []

        def look(node):
            seen.extend(T.opt.get_clients2(node))
            return T.opt.get_clients(node)

        above = PatternSub((T.add, 2, (T.neg, "x")), "x", tracks=[T.neg], get_nodes=look)
        a = T.dscalar()
        (found,) = rewritten(pattern, T.tanh(1 + -a))
        assert found.owner.inputs[0].owner.op == T.sub
        (found,) = rewritten(above, T.tanh(2 + -a))
        assert found.owner.inputs == [a]
        assert [node.op for node in seen] == [T.tanh]


def test_variables_that_are_made_meanwhile():
    from theano.gof.graph import nodes_constructed
    from theano.gof.opt import inherit_stack_trace

    a = T.dscalar("a")
    made_by = vars(theano.Variable)["__init__"]
    with nodes_constructed() as outer:
        b = T.tanh(a)
        with nodes_constructed() as inner:
            c = b * a
    T.exp(a)
    assert [v for v in outer if v.owner in (b.owner, c.owner)] == [b, c]
    assert c in inner
    assert b not in inner
    assert vars(theano.Variable)["__init__"] is made_by
    a.tag.trace = [[("program.py", 1, "f", "a = ...")]]
    with inherit_stack_trace(a):
        d = T.tanh(a)
    assert a.tag.trace[0] in d.tag.trace

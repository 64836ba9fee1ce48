"""Rewrites ("optimizations") as programs write them: those of one node take it alone."""

import contextvars
import functools
import inspect

from aesara.graph.basic import Apply, Variable
from aesara.graph.features import Feature
from aesara.graph.rewriting import basic, db

# The graph that a rewrite of one node, which does not get it, is working on.
_graph: contextvars.ContextVar = contextvars.ContextVar("graph")


def _given_graph(rewrite):
    """`rewrite`, a function of a node, as one of the graph and the node."""

    @functools.wraps(rewrite)
    def with_graph(fgraph, node):
        token = _graph.set(fgraph)
        try:
            return rewrite(node)
        finally:
            _graph.reset(token)

    return with_graph


def _graph_at_work(modern):
    try:
        return _graph.get()
    except LookupError:
        raise AttributeError(
            f"known only to a rewrite that is called with a node alone; use {modern}"
        ) from None


def _clients(variable):
    return _graph_at_work("fgraph.clients[variable]").clients[variable]


def _fgraph(node_or_variable):
    return _graph_at_work("the graph that is at hand, f.maker.fgraph for instance")


for _class in (Apply, Variable):
    _class.fgraph = property(_fgraph)
Variable.clients = property(_clients)


class _WithoutGraph:
    """Lets subclasses define ``transform(self, node)``."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        transform = vars(cls).get("transform")
        if transform is not None and len(inspect.signature(transform).parameters) == 2:

            @functools.wraps(transform)
            def with_graph(self, fgraph, node):
                return _given_graph(functools.partial(transform, self))(fgraph, node)

            cls.transform = with_graph  # type: ignore[attr-defined]


class LocalOptimizer(_WithoutGraph, basic.NodeRewriter):
    """Base of what rewrites one node: ``transform(self, node)`` returns what replaces it."""

    def add_requirements(self, fgraph):
        """Attach to `fgraph` what :meth:`transform` needs."""


class Optimizer(basic.GraphRewriter):
    """Base of what rewrites a graph: ``apply(self, fgraph)`` does so in place."""

    def add_requirements(self, fgraph):
        """Attach to `fgraph` what :meth:`apply` needs."""


def local_optimizer(tracks, inplace=False, requirements=()):
    """Make a rewrite of a function ``f(node)`` that returns replacements, False or None.

    `tracks`: the Ops or classes of Ops that it is tried on; None or ``[None]``: all.
    """
    if tracks is not None and list(tracks) == [None]:
        tracks = None

    def decorate(function):
        if len(inspect.signature(function).parameters) != 1:
            return basic.node_rewriter(tracks, inplace, requirements)(function)

        return basic.node_rewriter(tracks, inplace, requirements)(_given_graph(function))

    return decorate


def PatternSub(*args, pdb=False, get_nodes=None, **kwargs):
    """The rewrite of one pattern of Ops into another.

    `get_nodes`: a function of a node that returns those to try the pattern on.
    """
    if get_nodes is not None and len(inspect.signature(get_nodes).parameters) == 1:
        get_nodes = _given_graph(get_nodes)
    return basic.PatternNodeRewriter(*args, get_nodes=get_nodes, **kwargs)


def EquilibriumOptimizer(
    optimizers,
    failure_callback=None,
    ignore_newtrees=True,
    tracks_on_change_inputs=False,
    max_use_ratio=None,
    final_optimizers=None,
    cleanup_optimizers=None,
):
    """The rewrite that applies `optimizers` until nothing changes any more."""
    return basic.EquilibriumGraphRewriter(
        optimizers,
        failure_callback=failure_callback,
        ignore_newtrees=ignore_newtrees,
        tracks_on_change_inputs=tracks_on_change_inputs,
        max_use_ratio=max_use_ratio,
        final_rewriters=final_optimizers,
        cleanup_rewriters=cleanup_optimizers,
    )


def TopoOptimizer(local_opt, order="in_to_out", ignore_newtrees=False, failure_callback=None):
    """The rewrite that goes through a graph in order and applies `local_opt` to each node."""
    return basic.WalkingGraphRewriter(local_opt, order, ignore_newtrees, failure_callback)


def OpKeyOptimizer(local_opt, ignore_newtrees=False, failure_callback=None):
    """The rewrite that applies `local_opt` to the nodes of the Op that it is for."""
    return basic.OpKeyGraphRewriter(local_opt, ignore_newtrees, failure_callback)


def SeqOptimizer(*opts, **kwargs):
    """The rewrite that applies those of `opts` one after the other."""
    return basic.SequentialGraphRewriter(*opts, **kwargs)


def LocalOptGroup(*optimizers, apply_all_opts=False, profile=False, **kwargs):
    """The rewrite of one node that tries those of `optimizers` in turn."""
    return basic.SequentialNodeRewriter(
        *optimizers, apply_all_rewrites=apply_all_opts, profile=profile, **kwargs
    )


def LocalGroupDB(apply_all_opts=False, profile=False, local_opt=None):
    """A database of rewrites of one node that are tried in turn."""
    settings = {} if local_opt is None else {"node_rewriter": local_opt}
    return db.LocalGroupDB(apply_all_rewrites=apply_all_opts, profile=profile, **settings)


def Query(
    include,
    require=None,
    exclude=None,
    subquery=None,
    position_cutoff=float("inf"),
    extra_optimizations=None,
):
    """Which rewrites to take from a database, by their tags."""
    return db.RewriteDatabaseQuery(
        include, require, exclude, subquery, position_cutoff, extra_optimizations
    )


def pre_constant_merge(vars):
    """Make one of equal constants in what computes `vars`, before it enters a graph."""
    return basic.pre_constant_merge(None, vars)


class Updater(Feature):
    """Calls functions when nodes enter a graph, leave it or get another input."""

    def __init__(self, importer, pruner, chin, name=None):
        self.importer, self.pruner, self.chin, self.name = importer, pruner, chin, name

    def __str__(self):
        return f"Updater{{{self.name}}}"

    def on_import(self, fgraph, node, reason):
        if self.importer:
            self.importer(node)

    def on_prune(self, fgraph, node, reason):
        if self.pruner:
            self.pruner(node)

    def on_change_input(self, fgraph, node, i, r, new_r, reason):
        if self.chin:
            self.chin(node, i, r, new_r, reason)


__all__ = [
    "EquilibriumOptimizer",
    "LocalGroupDB",
    "LocalOptGroup",
    "LocalOptimizer",
    "OpKeyOptimizer",
    "Optimizer",
    "PatternSub",
    "Query",
    "SeqOptimizer",
    "TopoOptimizer",
    "Updater",
    "local_optimizer",
    "pre_constant_merge",
]

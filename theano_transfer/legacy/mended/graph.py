"""``theano.gof.graph``: walks over graphs, which return lists."""

from aesara.graph import basic, fg, sched
from aesara.graph.rewriting import utils as rewriting_utils


def inputs(variable_list, blockers=None):
    """The variables without an owner that `variable_list` is computed from.

    `blockers`: variables that count as inputs.
    """
    return list(basic.graph_inputs(variable_list, blockers))


def ancestors(variable_list, blockers=None):
    """All variables that `variable_list` is computed from, itself included."""
    return list(basic.ancestors(variable_list, blockers))


def variables(i, o):
    """All variables on the way from the inputs `i` to the outputs `o`, both included."""
    return list(basic.vars_between(i, o))


def orphans(i, o):
    """The inputs of what computes `o` that are not among `i`."""
    return list(basic.orphans_between(i, o))


def variables_and_orphans(i, o):
    """:func:`variables` and :func:`orphans`."""
    return variables(i, o), orphans(i, o)


def ops(i, o):
    """The nodes (``Apply``) between the inputs `i` and the outputs `o`."""
    return set(basic.applys_between(i, o))


def list_of_nodes(inputs, outputs):
    """The nodes (``Apply``) between `inputs` and `outputs`."""
    return list(basic.applys_between(inputs, outputs))


def clone(i, o, copy_inputs=True, copy_orphans=None):
    """Copies of the graph from `i` to `o`, as lists of inputs and outputs."""
    return basic.clone(i, o, copy_inputs=copy_inputs, copy_orphans=copy_orphans)


def stack_search(start, expand, mode="bfs", build_inv=False):
    """What is reached from the elements of the deque `start`, which is emptied, through `expand`.

    `expand` returns what an element leads to, or None. `mode`: ``'bfs'`` or ``'dfs'``.
    `build_inv`: also return what each element was reached from.
    """
    if mode not in ("bfs", "dfs"):
        raise ValueError(f"mode is 'bfs' or 'dfs', not {mode!r}")
    found, seen = [], set()
    inverse: dict = {}
    while start:
        element = start.popleft() if mode == "bfs" else start.pop()
        if id(element) in seen:
            continue
        seen.add(id(element))
        found.append(element)
        for reached in expand(element) or ():
            inverse.setdefault(reached, []).append(element)
            start.append(reached)
    return (found, inverse) if build_inv else found


def is_same_graph(var1, var2, givens=None):
    """Whether both variables are computed in the same way, with `givens` replaced."""
    return rewriting_utils.is_same_graph(var1, var2, givens=givens)


def posort(nodes, *cmps):
    """`nodes` in an order that all comparisons `cmps` agree with."""
    return sched.posort(nodes, cmps)


def get_parents(node):
    """The variables a node takes, or what computes a variable, as a list."""
    if isinstance(node, basic.Apply):
        return list(node.inputs)
    return [] if node.owner is None else [node.owner]


CachedConstantError = type("CachedConstantError", (Exception,), {})
default_leaf_formatter = str
FunctionGraph = fg.FunctionGraph

__all__ = [
    "CachedConstantError",
    "FunctionGraph",
    "ancestors",
    "clone",
    "default_leaf_formatter",
    "get_parents",
    "inputs",
    "is_same_graph",
    "list_of_nodes",
    "ops",
    "orphans",
    "posort",
    "stack_search",
    "variables",
    "variables_and_orphans",
]

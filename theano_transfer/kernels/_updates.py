"""The update of a parameter and of what its rule remembers, as one Op that works in place.

An update rule is a handful of elementwise expressions per parameter. A network has hundreds of
parameters, so that most nodes of a training function are such expressions, and rewriting them is
most of the time that it takes to compile; run one by one, they read and write each parameter
several times. Here the expressions of a parameter become one elementwise Op with several outputs,
before anything else looks at them.
"""

import numpy as np
from aesara.compile import optdb
from aesara.graph.basic import Constant
from aesara.graph.features import ReplaceValidate
from aesara.graph.rewriting.basic import GraphRewriter, copy_stack_trace
from aesara.graph.utils import InconsistencyError
from aesara.scalar import basic
from aesara.scalar.basic import ScalarConstant, get_scalar_type
from aesara.tensor.elemwise import Elemwise

from theano_transfer.kernels._rewrites import number_in
from theano_transfer.kernels._update_op import FusedUpdate, UpdateRule


def _is_elementwise(variable):
    node = variable.owner
    return (
        node is not None
        and type(node.op) is Elemwise
        and not node.op.inplace_pattern
        and len(node.outputs) == 1
    )


def _nodes_of_updates(fgraph):
    """Elementwise nodes that compute new values, and those that lead only to them."""
    updates = fgraph.update_mapping or {}
    found = {
        fgraph.outputs[index].owner for index in updates if _is_elementwise(fgraph.outputs[index])
    }
    nodes: dict = {}  # in the order in which they were found, for the sake of repeatability
    while found:
        nodes.update(dict.fromkeys(found))
        candidates = dict.fromkeys(
            v
            for node in found
            for v in node.inputs
            if _is_elementwise(v) and v.ndim == node.outputs[0].ndim and v.owner not in nodes
        )
        found = {v.owner for v in candidates if all(c in nodes for c, _ in fgraph.clients[v])}
    return nodes


def _connected(nodes):
    """The `nodes`, grouped so that one that feeds another is in the same group.

    Numbers made of constants alone, such as the ``2 - 1`` in the slope of a square, feed
    parameters of any shape: each group has them for itself.
    """
    group_of = {node: [node] for node in nodes if not _is_constant(node)}
    for node in group_of:
        for variable in node.inputs:
            one, other = group_of[node], group_of.get(variable.owner)
            if other is not None and other is not one:
                one += other
                group_of.update(dict.fromkeys(other, one))
    groups = list({id(group): group for group in group_of.values()}.values())
    for group in groups:
        for node in group:  # which grows
            group += dict.fromkeys(
                v.owner
                for v in node.inputs
                if v.owner in nodes and v.owner not in group_of and v.owner not in group
            )
    return groups


def _is_constant(node):
    return all(
        number_in(v) is not None or (_is_elementwise(v) and _is_constant(v.owner))
        for v in node.inputs
    )


class FuseUpdates(GraphRewriter):
    """What leads from a gradient to the new values of a parameter -> one FusedUpdate"""

    def add_requirements(self, fgraph):
        fgraph.attach_feature(ReplaceValidate())

    def apply(self, fgraph):
        new_values = {fgraph.outputs[index]: index for index in fgraph.update_mapping or ()}
        replacements: list = []
        for group in _connected(_nodes_of_updates(fgraph)):
            if len(group) > 1:
                replacements += _fused(_in_order(group, new_values), new_values)
        if replacements:
            fgraph.replace_all_validate(replacements, reason="fuse_updates")


def _in_order(group, new_values):
    """Each node of a `group` behind those that it needs; where a rule is the same for several
    parameters, in the same order for all, so that they share the code."""
    order: dict = {}

    def visit(node):
        for v in node.inputs:
            if v.owner in members and v.owner not in order:
                visit(v.owner)
        order[node] = None

    members = set(group)
    for node in sorted(
        (node for node in group if node.outputs[0] in new_values),
        key=lambda node: new_values[node.outputs[0]],
    ):
        visit(node)
    return list(order)


def _fused(nodes, new_values):
    """Pairs of the new values that the `nodes`, sorted, compute, and what replaces them."""
    outputs = [node.outputs[0] for node in nodes if node.outputs[0] in new_values]
    if len({v.type.broadcastable for v in outputs}) > 1:
        return []
    leaves: dict = {}
    inside: dict = {}

    def as_scalar(variable):
        if variable in inside:
            return inside[variable]
        if variable not in leaves:
            number = number_in(variable)
            scalar = get_scalar_type(variable.dtype)
            leaves[variable] = scalar() if number is None else ScalarConstant(scalar, number)
        return leaves[variable]

    for node in nodes:
        operands = [as_scalar(v) for v in node.inputs]
        inside[node.outputs[0]] = _simplified(node.op.scalar_op, operands)
    inputs = [v for v, scalar in leaves.items() if not isinstance(scalar, Constant)]
    results = [inside[v] for v in outputs]
    if any(r.owner is None or r.dtype != v.dtype for r, v in zip(results, outputs)):
        return []  # nothing to compute
    rule = UpdateRule([leaves[v] for v in inputs], results)
    fused = FusedUpdate(rule)(*inputs, return_list=True)
    copy_stack_trace(outputs, fused)
    return [(old, old.type.filter_variable(new)) for old, new in zip(outputs, fused)]


def _simplified(scalar_op, operands):
    """The scalar expression, without what gradients and rules leave behind: ``2 * x ** (2 - 1)``.

    Aesara's rewrites do not look into an Op.
    """
    if all(isinstance(v, Constant) for v in operands):
        node = scalar_op.make_node(*operands)
        value = scalar_op.impl(*(v.data for v in operands))
        return ScalarConstant(node.outputs[0].type, np.asarray(value, node.outputs[0].dtype))
    if isinstance(scalar_op, basic.Second):
        scalar_op, operands = basic.identity, operands[1:]
    if isinstance(scalar_op, basic.Pow) and isinstance(operands[1], Constant):
        simpler = {1: basic.identity, 2: basic.square, 0.5: basic.sqrt}.get(float(operands[1].data))
        dtype = scalar_op.make_node(*operands).outputs[0].dtype
        if simpler is not None and dtype == operands[0].dtype:
            scalar_op, operands = simpler, operands[:1]
    if scalar_op == basic.identity and operands[0].owner is not None:
        return operands[0]
    return scalar_op.make_node(*operands).outputs[0]


class UpdateInPlace(GraphRewriter):
    """FusedUpdate writes over the values that it replaces.

    All at once: Aesara's own rewrite tries node after node, each time checking the whole graph.
    """

    def apply(self, fgraph):
        updates = fgraph.update_mapping or {}
        replacements: list = []
        for node in list(fgraph.apply_nodes):
            if type(node.op) is not FusedUpdate or node.op.inplace_pattern:
                continue
            pattern = {}
            for position, output in enumerate(node.outputs):
                for client, index in fgraph.clients[output]:
                    if client != "output" or index not in updates:
                        continue
                    old = fgraph.inputs[updates[index]]
                    if old in node.inputs and old.type.is_super(output.type):
                        pattern[position] = node.inputs.index(old)
            if pattern and len(set(pattern.values())) == len(pattern):
                results = FusedUpdate(node.op.scalar_op, pattern)(*node.inputs, return_list=True)
                copy_stack_trace(node.outputs, results)
                replacements += zip(node.outputs, results)
        if not replacements:
            return
        try:
            fgraph.replace_all_validate(replacements, reason="update_in_place")
        except InconsistencyError:
            return  # something else needs the old values: they are kept


def register():
    """Called once, at import."""
    # Merged once (0.05), and before the shapes of all results are asked for (0.1).
    optdb.register("fuse_updates", FuseUpdates(), "onednn", "fast_run", "fusion", position=0.07)
    # After DestroyHandler is there (49.5), as Aesara's own elementwise Ops (75).
    optdb.register(
        "update_in_place", UpdateInPlace(), "onednn", "fast_run", "inplace", position=74.9
    )

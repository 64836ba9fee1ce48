"""A network as a table of text."""

from __future__ import annotations

from collections.abc import Mapping

from lasagne.layers import get_all_layers

HEADINGS = ("layer", "type", "output", "parameters", "")


def table(net) -> str:
    """The layers of a network, one per line, and the sums of their parameters.

    Parameters
    ----------
    net : mapping of str to Layer, or Layer
        A network, or a layer with all that feeds it.

    Returns
    -------
    str
        Columns: name, type, shape of the output without the batch axis ('?' where it is not
        known), number of parameters, and whether they are trainable or frozen.
    """
    if isinstance(net, Mapping):
        named = list(net.items())
    else:
        named = [(layer.name or "", layer) for layer in get_all_layers(net)]
    rows = [HEADINGS]
    sizes: dict[int, int] = {}
    trainable: set[int] = set()
    for name, layer in named:
        own = {id(param): param.get_value(borrow=True).size for param in layer.params}
        moving = {id(param) for param in layer.get_params(trainable=True)}
        rows.append((name, _kind(layer), _shape(layer), _number(own), _state(layer, own, moving)))
        sizes.update(own)
        trainable |= moving
    total = sum(sizes.values())
    changing = sum(size for key, size in sizes.items() if key in trainable)
    return "\n".join(
        [
            *_aligned(rows),
            "",
            f"{total:,} parameters: {changing:,} trainable, {total - changing:,} not",
        ]
    )


def _kind(layer) -> str:
    return type(layer).__name__.removesuffix("Layer")


def _shape(layer) -> str:
    return " x ".join("?" if size is None else str(size) for size in layer.output_shape[1:])


def _number(own) -> str:
    return f"{sum(own.values()):,}" if own else ""


def _state(layer, own, moving) -> str:
    if not own:
        return ""
    if moving:
        return "trainable"
    return "frozen" if getattr(layer, "frozen", False) else "not trainable"


def _aligned(rows) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column == 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("  ".join(cells).rstrip())
    rule = "-" * max(map(len, lines))
    return [lines[0], rule, *lines[1:], rule]

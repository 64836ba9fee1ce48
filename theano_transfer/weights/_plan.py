"""Which array of a file goes to which parameter. Pure: nothing is read or changed here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ._arrange import Arrangement, Shape, arrange, as_variances, for_each_place, turned
from ._errors import WeightsFileError, WeightsMismatchError
from ._from_torch import arrange_torch
from ._keras import UNNAMED
from ._matching import match_layers
from ._sources import ROLES, Source
from ._stored import StoredArray


@dataclass(frozen=True)
class Step:
    """One parameter, the array it gets, and how that is put in order."""

    param: str
    array: StoredArray
    arrangement: Arrangement


@dataclass(frozen=True)
class Plan:
    """What is to be done with a file.

    Attributes
    ----------
    steps
        What goes where.
    skipped, untouched
        What stays unused in the file, and what the file leaves untouched.
    how
        By what layers were matched; empty for their names alone.
    epsilon
        Layer of the network -> epsilon of batch normalisation in the file, where it is known.
    """

    steps: tuple[Step, ...]
    skipped: tuple[str, ...]
    untouched: tuple[str, ...]
    how: str = ""
    epsilon: dict[str, float] = field(default_factory=dict)


def make_plan(
    shapes: Mapping[str, Shape],
    source: Source,
    *,
    flattened: Mapping[str, Shape] | None = None,
    optional: frozenset[str] = frozenset(),
    created: Mapping[str, list[str]] | None = None,
    listed: Mapping[str, list[str]] | None = None,
    strict: bool = True,
) -> Plan:
    """Match the arrays of a file with the parameters of a network.

    Parameters
    ----------
    shapes
        ``'layer.role' -> shape`` of the network.
    source
        The open file.
    flattened
        Dense layers behind a flattening, as in :class:`Target`.
    optional
        Layers that may be in the file without being in the network.
    created, listed
        Layers by class, as in :class:`Target`: Keras 1 numbered those without a name, Keras 3 all.
    strict
        Whether any other missing or unexpected array is an error. A misshapen one always is.

    Raises
    ------
    WeightsMismatchError
        Lists every missing, unexpected and misshapen array.
    WeightsFileError
        The order of an array's elements cannot be known.
    """
    names, how = match_layers(source, shapes, created or {}, listed or {}, optional)
    arrays = _with_roles(_renamed(source.arrays, names), shapes)
    flattened = flattened or {}
    if _is_theano_ordered(arrays, shapes, source):
        source = replace(source, axes="theano", flipped=source.backend in ("", "theano"))
    steps, misshapen = [], []
    for name, wanted in shapes.items():
        if name not in arrays:
            continue
        array = arrays[name]
        arrangement = _arrangement(name, array, wanted, source, flattened)
        pixels = name.endswith(".var") and _standardises(name, shapes)
        if pixels and source.axes == "keras" and source.deviations:
            arrangement = as_variances(arrangement)
        if arrangement.shape == wanted:
            steps.append(Step(name, array, arrangement))
        else:
            stored = "" if arrangement.shape == array.shape else f" (in the file {array.shape})"
            misshapen.append(f"{name}: expected {wanted}, received {arrangement.shape}{stored}")
    missing = [
        f"{name} {shape}"
        for name, shape in shapes.items()
        if name not in arrays and not (source.axes == "torch" and _standardises(name, shapes))
    ]
    surplus = [name for name in arrays if name not in shapes]
    skipped = [
        name
        for name in surplus
        # Layers that the file does not name may only be those of the top: the rest was counted.
        if not strict or _layer(name) in optional or (optional and _layer(name).startswith(UNNAMED))
    ]
    unexpected = [f"{name} {arrays[name].shape}" for name in surplus if name not in skipped]
    if misshapen or (strict and (missing or unexpected)):
        turned = any(
            len(shape) == 4 and name in arrays and arrays[name].shape == shape
            for name, shape in shapes.items()
        )
        advice = _advice(missing, unexpected, misshapen, turned and source.axes == "keras")
        raise _mismatch(source, missing, unexpected, misshapen, advice)
    untouched = [name for name in shapes if name not in arrays]
    epsilon = {names.get(layer, layer): value for layer, value in source.epsilon.items()}
    return Plan(tuple(steps), tuple(skipped), tuple(untouched), how, epsilon)


def _renamed(
    arrays: Mapping[str, StoredArray], names: Mapping[str, str]
) -> OrderedDict[str, StoredArray]:
    renamed: OrderedDict[str, StoredArray] = OrderedDict()
    for name, array in arrays.items():
        layer, _, role = name.rpartition(".")
        renamed[f"{names.get(layer, layer)}.{role}"] = array
    return renamed


def _is_theano_ordered(
    arrays: Mapping[str, StoredArray], shapes: Mapping[str, Shape], source: Source
) -> bool:
    """Whether a file of Keras 1 has kernels as (out, in, row, column): one by its shape tells."""
    if source.version.partition(".")[0] != "1" or source.axes != "keras":
        return False
    kernels = [
        (arrays[name].shape, shape)
        for name, shape in shapes.items()
        if len(shape) == 4 and name in arrays
    ]
    return any(
        stored == wanted and arrange(stored, wanted).shape != wanted for stored, wanted in kernels
    )


def _with_roles(
    arrays: Mapping[str, StoredArray], shapes: Mapping[str, Shape]
) -> OrderedDict[str, StoredArray]:
    """Name the arrays that a Keras 3 file only numbers: 'conv1.0' is 'conv1.W'.

    Keras numbers trainable before other variables: kernel, bias; gamma, beta, mean, variance.
    """
    roles: dict[str, list[str]] = {}
    for name in shapes:
        roles.setdefault(_layer(name), []).append(name.rpartition(".")[2])
    counts: dict[str, int] = {}
    for name in arrays:
        counts[_layer(name)] = counts.get(_layer(name), 0) + 1
    named: OrderedDict[str, StoredArray] = OrderedDict()
    for name, array in arrays.items():
        layer, _, role = name.rpartition(".")
        known = roles.get(layer, [])
        if role.isdigit() and len(known) == counts[layer] and set(known) <= set(ROLES):
            role = sorted(known, key=ROLES.index)[int(role)] if int(role) < len(known) else role
        named[f"{layer}.{role}"] = array
    return named


def _arrangement(
    name: str,
    array: StoredArray,
    wanted: Shape,
    source: Source,
    flattened: Mapping[str, Shape],
) -> Arrangement:
    if source.axes == "theano":
        return turned(array.shape) if source.flipped else Arrangement(array.shape, _as_it_is)
    if source.axes == "torch":
        return arrange_torch(array.shape, wanted)
    if name.endswith((".alpha", ".gamma", ".beta")) and 1 < len(array.shape) < 4:
        return for_each_place(array.shape, wanted, source.channels_first)
    shape = flattened.get(_layer(name)) if name.endswith(".W") else None
    if source.flipped and (shape or (len(wanted) == 4 and wanted[1] == 1)):
        msg = (
            f"{source.path!r} was saved by Keras on its Theano backend, which does not say in "
            f"which order {name!r} is stored; load it in Keras 2 with the TensorFlow backend and "
            "save it again"
        )
        raise WeightsFileError(msg)
    return arrange(array.shape, wanted, flattened=shape, flip=source.flipped)


def _as_it_is(values: np.ndarray) -> np.ndarray:
    return values


def _mismatch(
    source: Source,
    missing: list[str],
    unexpected: list[str],
    misshapen: list[str],
    advice: str,
) -> WeightsMismatchError:
    lines = [f"{source.path!r} ({source.kind}) does not fit the network; nothing was changed"]
    for title, items in (
        ("missing in the file", missing),
        ("unexpected in the file", unexpected),
        ("of the wrong shape", misshapen),
    ):
        if items:
            lines.append(f"{title} ({len(items)}):")
            lines += [f"    {item}" for item in items]
    if advice:
        lines.append(advice)
    return WeightsMismatchError(
        "\n".join(lines),
        missing=tuple(missing),
        unexpected=tuple(unexpected),
        misshapen=tuple(misshapen),
    )


def _advice(missing: list[str], unexpected: list[str], misshapen: list[str], turned: bool) -> str:
    """What most likely happened, where that can be told."""
    if misshapen and turned:
        return (
            "The kernels are in Theano's order already, as in Keras's old '..._th_kernels' files; "
            "use the '..._tf_kernels' file of the same network."
        )
    if (missing and unexpected) or (misshapen and (missing or unexpected)):
        return "Is it a file of another model? Parameters are matched by layer name."
    if missing:
        return "If the file was saved without the top, build the network with include_top=False."
    if unexpected:
        return "If the additional layers are not wanted, load with strict=False."
    if len({item.partition(":")[0].rpartition(".")[0] for item in misshapen}) > 2:  # not the top
        return "Is it a file of another model, or of one of another width (alpha=)?"
    return "Was it saved with another number of classes or another input size?"


def _standardises(name: str, shapes: Mapping[str, Shape]) -> bool:
    """Whether it is a number that pictures are standardised with; PyTorch does that elsewhere."""
    return f"{_layer(name)}.count" in shapes


def _layer(name: str) -> str:
    return name.rpartition(".")[0]

"""Which array of a file goes to which parameter. Pure: nothing is read or changed here."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ._arrange import Arrangement, Shape, arrange, as_variances
from ._errors import WeightsFileError, WeightsMismatchError
from ._from_torch import arrange_torch
from ._sources import ROLES, Source
from ._stored import StoredArray

_AUTOMATIC = re.compile(
    r"(conv2d|depthwise_conv2d|separable_conv2d|batch_normalization|normalization)(?:_(\d+))?"
)
_KERAS_1 = re.compile(
    r"(convolution2d|depthwiseconvolution2d|separableconvolution2d|batchnormalization|dense)_(\d+)"
)


@dataclass(frozen=True)
class Step:
    """One parameter, the array it gets, and how that is put in order."""

    param: str
    array: StoredArray
    arrangement: Arrangement


@dataclass(frozen=True)
class Plan:
    """All steps, what stays unused in the file, and what the file leaves untouched."""

    steps: tuple[Step, ...]
    skipped: tuple[str, ...]
    untouched: tuple[str, ...]


def make_plan(
    shapes: Mapping[str, Shape],
    source: Source,
    *,
    flattened: Mapping[str, Shape] | None = None,
    optional: frozenset[str] = frozenset(),
    created: Mapping[str, list[str]] | None = None,
    strict: bool = True,
) -> Plan:
    """Match the arrays of a file with the parameters of a network, by name and shape.

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
    created
        Layers by class, as in :class:`Target`: Keras 1 numbered those without a name.
    strict
        Whether any other missing or unexpected array is an error. A misshapen one always is.

    Raises
    ------
    WeightsMismatchError
        Lists every missing, unexpected and misshapen array.
    WeightsFileError
        The order of an array's elements cannot be known.
    """
    arrays = _with_roles(_renumbered(source.arrays, shapes, created or {}), shapes)
    flattened = flattened or {}
    steps, misshapen = [], []
    for name, wanted in shapes.items():
        if name not in arrays:
            continue
        array = arrays[name]
        arrangement = _arrangement(name, array, wanted, source, flattened)
        if source.axes == "keras" and name.endswith(".var") and _standardises(name, shapes):
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
    skipped = [name for name in surplus if not strict or _layer(name) in optional]
    unexpected = [f"{name} {arrays[name].shape}" for name in surplus if name not in skipped]
    if misshapen or (strict and (missing or unexpected)):
        turned = any(
            len(shape) == 4 and name in arrays and arrays[name].shape == shape
            for name, shape in shapes.items()
        )
        advice = _advice(missing, unexpected, misshapen, turned and source.axes == "keras")
        raise _mismatch(source, missing, unexpected, misshapen, advice)
    untouched = [name for name in shapes if name not in arrays]
    return Plan(tuple(steps), tuple(skipped), tuple(untouched))


def _renumbered(
    arrays: Mapping[str, StoredArray],
    shapes: Mapping[str, Shape],
    created: Mapping[str, list[str]],
) -> Mapping[str, StoredArray]:
    """Find layers that Keras named by itself.

    It numbers them through a session: 'conv2d' to 'conv2d_93' in one file are 'conv2d_1' to
    'conv2d_94' or 'conv2d_131' to 'conv2d_224' in another. Their order is that of creation. In
    files of Keras 1, 'convolution2d_1' is the first convolution made, though it has a name now.
    """
    here = {**_numbered(shapes, _AUTOMATIC), **created}
    there = {**_numbered(arrays, _AUTOMATIC), **_numbered(arrays, _KERAS_1)}
    names: dict[str, str] = {}
    for kind, layers in there.items():
        if len(layers) == len(here.get(kind, ())):
            names.update(zip(layers, here[kind]))
    renamed = OrderedDict()
    for name, array in arrays.items():
        layer, _, role = name.rpartition(".")
        renamed[f"{names.get(layer, layer)}.{role}"] = array
    return renamed


def _numbered(names: Iterable[str], pattern: re.Pattern[str]) -> dict[str, list[str]]:
    """Kind -> layers of that kind that Keras named by itself, by number."""
    numbers: dict[str, dict[str, int]] = {}
    for layer in dict.fromkeys(map(_layer, names)):
        match = pattern.fullmatch(layer)
        if match:
            numbers.setdefault(match[1], {})[layer] = int(match[2] or 0)
    return {kind: sorted(layers, key=layers.__getitem__) for kind, layers in numbers.items()}


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
        return Arrangement(array.shape, lambda values: values)
    if source.axes == "torch":
        return arrange_torch(array.shape, wanted)
    shape = flattened.get(_layer(name)) if name.endswith(".W") else None
    if source.flipped and (shape or (len(wanted) == 4 and wanted[1] == 1)):
        msg = (
            f"{source.path!r} was saved by Keras on its Theano backend, which does not say in "
            f"which order {name!r} is stored; load it in Keras 2 with the TensorFlow backend and "
            "save it again"
        )
        raise WeightsFileError(msg)
    return arrange(array.shape, wanted, flattened=shape, flip=source.flipped)


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
    if missing and unexpected:
        return "Is it a file of another model? Parameters are matched by layer name."
    if missing:
        return "If the file was saved without the top, build the network with include_top=False."
    if unexpected:
        return "If the additional layers are not wanted, load with strict=False."
    return "Was it saved with another number of classes or another input size?"


def _standardises(name: str, shapes: Mapping[str, Shape]) -> bool:
    """Whether it is a number that pictures are standardised with; PyTorch does that elsewhere."""
    return f"{_layer(name)}.count" in shapes


def _layer(name: str) -> str:
    return name.rpartition(".")[0]

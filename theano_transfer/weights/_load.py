"""Parameters from files into networks, and back."""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..layers._batch_norm import LEAST_EPSILON
from ._errors import WeightsError, WeightsMismatchError
from ._formats import open_source
from ._from_torch import named_for
from ._layout import write
from ._plan import Plan, Step, make_plan
from ._positions import BY_PLACE, placed_for
from ._sources import Source
from ._stored import StoredArray
from ._target import Target, target_of

BACKENDS = ("theano", "tensorflow")


@dataclass(frozen=True)
class LoadReport:
    """What :func:`load` did; ``str()`` gives it as text.

    Attributes
    ----------
    source : str
        The file and its kind.
    loaded : tuple of str
        Names of the parameters that were set.
    reordered : dict of str to str
        Of those, the ones whose axes or rows changed places, and how.
    skipped : tuple of str
        Arrays of the file that the network does not have.
    untouched : tuple of str
        Parameters of the network that the file does not have (``strict=False`` only).
    attributes : dict
        The model's record, from files in our own layout.
    matched : str
        By what layers were matched; empty where they have the same names.
    epsilon : dict of str to (float, float)
        Layers of batch normalisation that took the file's epsilon: what it was, what it is.
    """

    source: str
    loaded: tuple[str, ...]
    reordered: dict[str, str]
    skipped: tuple[str, ...]
    untouched: tuple[str, ...]
    attributes: dict[str, Any]
    matched: str = ""
    epsilon: dict[str, tuple[float, float]] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{len(self.loaded)} arrays loaded from {self.source}"]
        if self.matched:
            lines.append(f"layers were matched {self.matched}")
        for note in dict.fromkeys(self.reordered.values()):
            names = [name for name, other in self.reordered.items() if other == note]
            lines.append(f"reordered, {note}: {_shortened(names)}")
        for before, after in dict.fromkeys(self.epsilon.values()):
            names = [name for name, other in self.epsilon.items() if other == (before, after)]
            lines.append(f"epsilon {after:g} as in the file, not {before:g}: {_shortened(names)}")
        if self.skipped:
            lines.append(f"skipped, not in the network: {_shortened(self.skipped)}")
        if self.untouched:
            lines.append(f"left as they were, not in the file: {_shortened(self.untouched)}")
        return "\n".join(lines)


def load(
    net: Any,
    source: str | os.PathLike[str],
    *,
    strict: bool = True,
    check_finite: bool = True,
    known_hash: str | None = None,
    backend: str | None = None,
) -> LoadReport:
    """Load a weights file into a network, all or nothing.

    Parameters
    ----------
    net
        A network of the zoo (or any mapping of names to Lasagne layers), a Lasagne layer with all
        that feeds it, or a list of layers. Parameters are matched by layer name and role; where a
        file has other names or none, as ``docs/converting.md`` says.
    source
        A weights file of any kind in ``docs/converting.md``; its content says which.
    strict
        If true, a missing or an unexpected array is an error; except arrays of the network's top
        (its record's ``top_layers``) when the network was built without it: these are skipped.
        If false, what matches is loaded. An array of the wrong shape is always an error.
    check_finite
        Refuse arrays with NaN or infinite values, and files all of whose kernels are zero.
    known_hash
        ``'md5:<hex>'`` or ``'sha256:<hex>'`` of the file, checked before it is parsed.
    backend
        ``'theano'`` or ``'tensorflow'``: what Keras ran on when it wrote the file, where the file
        does not say. On Theano, kernels are turned by 180 degrees.

    Returns
    -------
    LoadReport

    Raises
    ------
    WeightsMismatchError
        Lists every missing, unexpected and misshapen array. The network is unchanged.
    WeightsFileError
        The file is damaged, unsafe or of a kind that is not read. The network is unchanged.
    """
    target = target_of(net)
    with open_source(source, known_hash=known_hash) as opened:
        opened = written_on(opened, backend)
        plan = plan_for(target, opened, strict=strict)
        arrays = arranged(plan, opened, check_finite=check_finite)
        report = report_of(plan, opened, target)
    set_all(target, arrays)
    for layer, (_, epsilon) in report.epsilon.items():
        target.layers[layer].epsilon = epsilon
    return report


def save(
    net: Any, path: str | os.PathLike[str], *, attributes: Mapping[str, Any] | None = None
) -> None:
    """Save all parameters of a network in our own layout.

    Parameters
    ----------
    net
        As for :func:`load`.
    path
        File to write; replaced in one step at the end.
    attributes
        JSON values to keep with the parameters. For a network of the zoo, ``model``, its
        ``arguments``, ``preprocessing``, ``input_size`` and ``classes`` are added unless given.
    """
    target = target_of(net)
    arrays = OrderedDict(
        ("/".join(name.rsplit(".", 1)), param.get_value(borrow=True))
        for name, param in target.params.items()
    )
    record = {**record_attributes(net), **epsilon_attribute(target.epsilon)}
    write(path, arrays, {**record, **(attributes or {})})


def record_attributes(net: Any) -> dict[str, Any]:
    """What a network says about itself, for the attributes of a file."""
    record = getattr(net, "record", None)
    attributes: dict[str, Any] = {}
    if record is not None:
        attributes = {
            "model": record.name,
            "preprocessing": record.preprocessing,
            "input_size": record.input_size,
        }
        if record.arguments:
            attributes["arguments"] = dict(record.arguments)
    classes = getattr(net, "classes", None)
    if classes is not None:
        attributes["classes"] = list(classes)
    return attributes


def epsilon_attribute(epsilon: Mapping[str, float]) -> dict[str, Any]:
    """``epsilon`` as files in our own layout have it: one number, or one for each layer."""
    values = set(epsilon.values())
    if len(values) > 1:
        return {"epsilon": dict(epsilon)}
    return {"epsilon": values.pop()} if values else {}


def plan_for(target: Target, source: Source, *, strict: bool = True) -> Plan:
    """:func:`make_plan` for an examined network."""
    if source.axes == "torch":
        source = named_for(source, target.model, target.made, target.arguments)
    elif source.axes in BY_PLACE:
        source = placed_for(source, target.placed, target.shapes, target.epsilon)
    _check_style(source, target)
    return make_plan(
        target.shapes,
        source,
        flattened=target.flattened,
        optional=target.optional,
        created=target.created,
        listed=target.listed,
        strict=strict,
    )


def _check_style(source: Source, target: Target) -> None:
    """A file of ours says for which style of a network it is; shapes would not tell."""
    stored = source.attributes.get("arguments")
    if source.attributes.get("model") != target.model or not isinstance(stored, dict):
        return
    here, there = target.arguments.get("style"), stored.get("style")
    if None not in (here, there) and here != there:
        msg = (
            f"{source.path!r} ({source.kind}) is of {target.model}(style={there!r}), and this "
            f"network is of the style {here!r}, where the same parameters give other outputs; "
            f"build it with style={there!r}"
        )
        raise WeightsMismatchError(msg)


def arranged(
    plan: Plan, source: Source, *, check_finite: bool = True
) -> OrderedDict[str, np.ndarray]:
    """Read every array of a plan and put its axes in order."""
    if check_finite:
        check_filled(plan, source)
    return OrderedDict(
        (step.param, in_order(step, source, check_finite=check_finite).read())
        for step in plan.steps
    )


def check_filled(plan: Plan, source: Source) -> None:
    """Refuse a file of several kernels that are all zero; as a rule the first of them tells.

    Raises
    ------
    WeightsError
        All are zero.
    """
    kernels = [step.array for step in plan.steps if len(step.array.shape) > 1]
    if len(kernels) > 1 and not any(kernel.read().any() for kernel in kernels):
        msg = (
            f"{source.path!r}: all of its {len(kernels)} kernels are zero, from "
            f"{kernels[0].location!r} on; was it ever filled? "
            "(check_finite=False loads it all the same)"
        )
        raise WeightsError(msg)


def in_order(step: Step, source: Source, *, check_finite: bool = True) -> StoredArray:
    """The array of one parameter with its axes in order, not yet read."""

    def checked(values: np.ndarray) -> np.ndarray:
        if check_finite and (bad := _count_not_finite(values)):
            total = math.prod(step.array.shape)
            msg = (
                f"{source.path!r}: {step.array.location!r} has "
                f"{'at least ' * (values.size < total)}{bad:,} of {total:,} values NaN or "
                "infinite; was training interrupted after it diverged? "
                "(check_finite=False loads it all the same)"
            )
            raise WeightsError(msg)
        return values

    def read() -> np.ndarray:
        return step.arrangement.apply(checked(step.array.read()))

    order = step.arrangement.rows

    def rows(start: int, stop: int) -> np.ndarray:
        assert order is not None
        return checked(step.array.rows_at(order[start:stop]))

    # Chunks, if it lies there in several, would be decoded again for each run of rows.
    by_rows = order is not None and step.array.offset is not None and step.array.rows is not None
    return StoredArray(
        step.param,
        step.arrangement.shape,
        step.array.dtype,
        read,
        rows=rows if by_rows else None,
    )


def _count_not_finite(values: np.ndarray) -> int:
    """In pieces that stay in the processor's cache; for all at once, memory is written and read."""
    flat, piece = values.reshape(-1), 1 << 16
    return sum(
        part.size - np.count_nonzero(np.isfinite(part))
        for part in (flat[start : start + piece] for start in range(0, flat.size, piece))
    )


def written_on(source: Source, backend: str | None) -> Source:
    """A source of which the caller knows the backend.

    Raises
    ------
    ValueError
        There is no such backend, or the file says another.
    """
    if backend is None:
        return source
    if backend not in BACKENDS:
        raise ValueError(f"backend is one of {', '.join(BACKENDS)}; received {backend!r}")
    if source.backend not in ("", backend):
        msg = f"{source.path!r} says that Keras ran on {source.backend!r}, not on {backend!r}"
        raise ValueError(msg)
    return replace(source, backend=backend, flipped=backend == "theano")


def report_of(plan: Plan, source: Source, target: Target) -> LoadReport:
    """The report of a plan that has been carried out.

    Raises
    ------
    WeightsMismatchError
        The epsilon of a batch normalisation is too small.
    """
    return LoadReport(
        source=f"{source.path} ({source.kind})",
        loaded=tuple(step.param for step in plan.steps),
        reordered={
            step.param: step.arrangement.note for step in plan.steps if step.arrangement.note
        },
        skipped=plan.skipped,
        untouched=plan.untouched,
        attributes=source.attributes,
        matched=plan.how,
        epsilon=_changed_epsilon(plan, source, target),
    )


def _changed_epsilon(plan: Plan, source: Source, target: Target) -> dict[str, tuple[float, float]]:
    changed = {}
    for layer, before in target.epsilon.items():
        after = plan.epsilon.get(layer, before)
        if after < LEAST_EPSILON:
            msg = (
                f"{source.path!r}: the epsilon of batch normalisation {layer!r} is {after:g}; "
                f"Theano's is at least {LEAST_EPSILON:g}"
            )
            raise WeightsMismatchError(msg, misshapen=(layer,))
        if after != before:
            changed[layer] = before, after
    return changed


def set_all(target: Target, arrays: Mapping[str, np.ndarray]) -> None:
    """Give parameters their arrays, all or none."""
    previous = {}
    try:
        for name, array in arrays.items():
            param = target.params[name]
            # borrow: the old array is neither copied nor changed, so it can be put back.
            previous[name] = param.get_value(borrow=True)
            param.set_value(_rounded(name, array, param.dtype), borrow=True)
    except BaseException:
        for name, array in previous.items():
            target.params[name].set_value(array, borrow=True)
        raise


def _rounded(name: str, array: np.ndarray, dtype: str) -> np.ndarray:
    """The values in a parameter's precision, to the nearest."""
    with np.errstate(over="ignore"):
        values = np.asarray(array, dtype=dtype, order="C")
    if values.itemsize < array.itemsize and (np.isinf(values) & np.isfinite(array)).any():
        msg = (
            f"{name!r} has values up to {np.abs(array).max():.3g} in {array.dtype}, more than "
            f"{dtype} can express; nothing was changed"
        )
        raise WeightsError(msg)
    return values


def _shortened(names: list[str] | tuple[str, ...], limit: int = 6) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"

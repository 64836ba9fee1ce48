"""Weight files of one kind into another."""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from ._errors import WeightsFileError, WeightsMismatchError
from ._export import export, writer_for
from ._formats import open_source
from ._from_keras import from_keras
from ._from_torch import named_for, style_of
from ._keras import UNNAMED
from ._layout import write
from ._load import (
    LoadReport,
    arranged,
    check_filled,
    epsilon_attribute,
    in_order,
    plan_for,
    record_attributes,
    report_of,
    set_all,
    written_on,
)
from ._onnx_graph import from_onnx
from ._plan import Plan
from ._positions import BY_PLACE
from ._recognise import recognised
from ._sources import Source
from ._target import Target, target_of
from ._untrusted import digest, is_beginning, open_regular

# Published networks are at most 1.4 times as wide as they were described.
_WIDEST = 4


@dataclass(frozen=True)
class ConversionReport(LoadReport):
    """What :func:`convert` did; ``str()`` gives it as text.

    Attributes
    ----------
    target : str
        The file written.
    num_parameters : int
        How many numbers it holds.
    recognised : str
        Which network the file was taken for, and by what; empty where that was said.
    """

    target: str = ""
    num_parameters: int = 0
    recognised: str = ""

    def __str__(self) -> str:
        lines = [super().__str__(), f"{self.target} written: {self.num_parameters:,} parameters"]
        return "\n".join([self.recognised, *lines] if self.recognised else lines)


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    model: Any = None,
    *,
    arguments: Mapping[str, Any] | None = None,
    format: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    known_hash: str | None = None,
    backend: str | None = None,
) -> ConversionReport:
    """Convert a weights file into our own layout, or into another project's.

    Every array is checked against the network before it is read. The target is written in one
    step at the end, so it may be the source itself.

    Parameters
    ----------
    source
        A weights file of any kind in ``docs/converting.md``.
    target
        File to write.
    model
        Name of the zoo's network the weights are for; whether it has its top, and how many
        classes, is taken from the file. Or a network. If None, the file must say: one in our own
        layout names its network, a whole Keras model or an ONNX graph is rebuilt, and published
        files are known by their hash, Keras's also by the shapes of their arrays.
    arguments
        The network's own arguments, where `model` is a name and they are not the defaults:
        ``{'alpha': 0.5}``. Those that the file tells need not be said.
    format
        What to write: a name in ``WRITERS``; None for our own layout.
    attributes
        JSON values to keep with the parameters, such as ``source`` and ``licence``. The SHA-256 of
        the source (its MD5 too, where it was checked or recognised by it), and what the network
        says about itself, are added.
    known_hash
        ``'md5:<hex>'`` or ``'sha256:<hex>'`` of the source, checked before it is parsed.
    backend
        As for :func:`load`.

    Raises
    ------
    WeightsMismatchError
        The arrays are not those of the network; lists them all.
    WeightsFileError
        The source is damaged, unsafe, or of a kind that is not read.
    ValueError
        `arguments` are given and no name of a network, or that network has no such argument.
    """
    if arguments:
        _check_arguments(model, arguments)
    if format is not None:
        writer_for(target, format)  # a wrong name is found before a large file is read
    with (
        open_source(source, known_hash=known_hash) as opened,
        _Hashes(source, known_hash) as hashes,
    ):
        hashes.begin("sha256")
        opened = written_on(opened, backend)
        own = dict(arguments or {})
        if model is None:
            model, own = _said_by(opened)
        arrays: Mapping[str, Any]
        recognition = ""
        if model is None and not opened.whole and not opened.kind.startswith("ONNX"):
            if opened.axes == "keras":
                hashes.begin("md5")  # what Keras publishes; slow on half a gigabyte
            model, own, how = recognised(opened, hashes.found())
            recognition = f"recognised {how}: {_named(model, own)}"
        if model is None:
            net = _whole_model(source, opened.kind, known_hash)
            examined = target_of(net)
            arrays = {name: param.get_value(borrow=True) for name, param in examined.params.items()}
            report = LoadReport(f"{opened.path} ({opened.kind})", tuple(arrays), {}, (), (), {})
        else:
            net = _network_for(model, opened, own) if isinstance(model, str) else model
            examined = target_of(net)
            plan = _planned(examined, opened, recognition)
            report = report_of(plan, opened, examined)
            if format is None:  # read one at a time, each when it is written
                check_filled(plan, opened)
                arrays = {step.param: in_order(step, opened) for step in plan.steps}
            else:
                arrays = arranged(plan, opened)
        if format is None:

            @cache
            def record() -> dict[str, Any]:
                return {
                    **record_attributes(net),
                    **epsilon_attribute({**examined.epsilon, **_after(report)}),
                    "source_file": os.path.basename(os.fspath(source)),
                    **{f"source_{kind}": value for kind, value in hashes.found().items()},
                    **report.attributes,  # of a file in our own layout: what it said before
                    **(attributes or {}),
                }

            params = OrderedDict(
                # What a file of PyTorch's does not hold: numbers that pictures are standardised
                # with.
                (
                    "/".join(name.rsplit(".", 1)),
                    arrays[name] if name in arrays else param.get_value(),
                )
                for name, param in examined.params.items()
            )
            write(target, params, record)
    if format is not None:
        set_all(examined, arrays)
        for layer, epsilon in _after(report).items():
            examined.layers[layer].epsilon = epsilon
        written = export(net, target, format=format)
        return ConversionReport(
            **vars(report),
            target=os.fspath(target),
            num_parameters=written.num_parameters,
            recognised=recognition,
        )
    return ConversionReport(
        **{**vars(report), "attributes": record()},
        target=os.fspath(target),
        num_parameters=sum(math.prod(array.shape) for array in params.values()),
        recognised=recognition,
    )


class _Hashes:
    """Digests of a file, each in a thread, beside what else is done with the file."""

    def __init__(self, path: str | os.PathLike[str], known: str | None) -> None:
        kind, _, value = (known or "").lower().partition(":")
        self._path = path
        self._known = {kind: value} if value and not is_beginning(value) else {}
        self._begun: dict[str, Future[str]] = {}
        self._threads = ThreadPoolExecutor()

    def __enter__(self) -> _Hashes:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()

    def begin(self, kind: str) -> None:
        """Have it made, if it is not known."""
        if kind not in self._known and kind not in self._begun:
            self._begun[kind] = self._threads.submit(self._digest, kind)

    def found(self) -> dict[str, str]:
        """All that are known and begun, when they are made."""
        return {**self._known, **{kind: one.result() for kind, one in self._begun.items()}}

    def _digest(self, kind: str) -> str:
        with open_regular(self._path) as file:
            return digest(file, kind)


def _check_arguments(model: Any, arguments: Mapping[str, Any]) -> None:
    from .. import zoo

    if not isinstance(model, str):
        given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        raise ValueError(f"{given}: of which network? Say its name by model= (--model)")
    known = dict(zoo.record(model).arguments)
    for name in arguments:
        if name not in known:
            has = f"of its own it has {', '.join(known)}" if known else "it has none of its own"
            raise ValueError(f"{model} takes no argument {name!r}; {has}")


def _said_by(source: Source) -> tuple[str | None, dict[str, Any]]:
    """The network that a file of ours names, and the arguments it was built with."""
    from .. import zoo

    model, stored = source.attributes.get("model"), source.attributes.get("arguments")
    if not isinstance(model, str):
        return None, {}
    if not isinstance(stored, dict) or model not in zoo.models():
        return model, {}
    own = {}
    for name, default in zoo.record(model).arguments:
        value = stored.get(name)
        kinds = (int, float) if type(default) in (int, float) else type(default)
        # A file cannot ask for a network of any size.
        if isinstance(value, kinds) and (isinstance(value, str) or 0 <= value <= _WIDEST):
            own[name] = value
    return model, own


def _planned(target: Target, source: Source, recognition: str) -> Plan:
    try:
        return plan_for(target, source)
    except WeightsMismatchError as error:
        if not recognition:
            raise
        msg = f"{error}\n({recognition}; model=, --model, says another)"
        raise WeightsMismatchError(
            msg,
            missing=error.missing,
            unexpected=error.unexpected,
            misshapen=error.misshapen,
        ) from error


def _whole_model(source: str | os.PathLike[str], kind: str, known_hash: str | None) -> Any:
    read = from_onnx if kind.startswith("ONNX") else from_keras
    try:
        return read(source, known_hash=known_hash)
    except WeightsFileError as error:
        msg = f"{error}. Or say which network of the zoo the weights are for, by model= (--model)"
        raise WeightsFileError(msg) from error


def _after(report: LoadReport) -> dict[str, float]:
    return {layer: after for layer, (_, after) in report.epsilon.items()}


def _named(model: str, own: Mapping[str, Any]) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in own.items())
    return f"{model}({arguments})" if own else model


def _network_for(model: str, source: Source, own: Mapping[str, Any]) -> Any:
    """The zoo's network with the top, or without, and the number of classes the file has."""
    from ..zoo._options import undrawn

    with undrawn():  # all that is asked of it is which parameters it has
        return _built_for(model, source, own)


def _built_for(model: str, source: Source, arguments: Mapping[str, Any]) -> Any:
    from .. import zoo

    own = dict(arguments)
    if source.axes in BY_PLACE:
        return _network_by_place(model, source, own)
    if source.axes == "torch":
        net = zoo.build(model, weights=None, include_top=False, **own)
        made = target_of(net).made
        style = style_of(source, model, made)
        if style is not None and "style" in dict(zoo.record(model).arguments):
            own.setdefault("style", style)
        source = named_for(source, model, made, own)
    top = zoo.record(model).top_layers
    renamed = {
        f"{source.naming.rename(layer) if source.naming else layer}.{role}": array
        for (layer, _, role), array in (
            (name.rpartition("."), array) for name, array in source.arrays.items()
        )
    }
    # A Keras file may only number the arrays of a layer, or the layers too. A classifier is a
    # dense layer; where it is a convolution, files without names are taken to have no top.
    kernels = [renamed.get(f"{name}.{role}") for name in top for role in ("W", "0")]
    dense = source.ranked.get("dense", [])
    if dense and dense[-1].startswith(UNNAMED):
        kernels.append(source.arrays[f"{dense[-1]}.0"])
    kernel = next((kernel for kernel in reversed(kernels) if kernel is not None), None)
    if kernel is None:
        return zoo.build(model, weights=None, include_top=False, **own)
    if len(kernel.shape) not in (2, 4):
        msg = (
            f"{source.path!r}: {kernel.location!r} should be a matrix or a kernel, "
            f"is {kernel.shape}"
        )
        raise WeightsMismatchError(msg, misshapen=(kernel.location,))
    # A classifier may be a 1x1 convolution.
    first = source.axes == "torch" or (len(kernel.shape) == 4 and source.axes == "theano")
    classes = kernel.shape[0 if first else -1]
    return zoo.build(model, weights=None, include_top=True, classes=classes, **own)


def _network_by_place(model: str, source: Source, own: Mapping[str, Any]) -> Any:
    """The zoo's network of as many parameters as there are arrays; a classifier's bias is last."""
    from .. import zoo

    last = next(reversed(source.arrays.values()), None)
    if last is not None and len(last.shape) == 1:
        net = zoo.build(model, weights=None, classes=last.shape[0], **own)
        if len(target_of(net).placed) == len(source.arrays):
            return net
    return zoo.build(model, weights=None, include_top=False, **own)

"""Weight files of one kind into another."""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ._digests import Digests
from ._errors import WeightsFileError, WeightsMismatchError
from ._export import export, writer_for
from ._formats import open_source
from ._from_keras import from_keras
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
from ._network_for import check_arguments, named_with, network_for, said_by
from ._onnx_graph import from_onnx
from ._plan import Plan
from ._recognise import recognised
from ._sources import Source
from ._target import Target, target_of


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
        check_arguments(model, arguments)
    if format is not None:
        writer_for(target, format)  # a wrong name is found before a large file is read
    with (
        open_source(source, known_hash=known_hash) as opened,
        Digests(source, known_hash) as digests,
    ):
        digests.begin("sha256")
        opened = written_on(opened, backend)
        own = dict(arguments or {})
        if model is None:
            model, own = said_by(opened)
        arrays: Mapping[str, Any]
        recognition = ""
        if model is None and not opened.whole and not opened.kind.startswith("ONNX"):
            if opened.axes == "keras":
                digests.begin("md5")  # what Keras publishes; slow on half a gigabyte
            model, own, how = recognised(opened, digests.found())
            recognition = f"recognised {how}: {named_with(model, own)}"
        if model is None:
            net = _whole_model(source, opened.kind, known_hash)
            examined = target_of(net)
            arrays = {name: param.get_value(borrow=True) for name, param in examined.params.items()}
            report = LoadReport(f"{opened.path} ({opened.kind})", tuple(arrays), {}, (), (), {})
        else:
            net = network_for(model, opened, own) if isinstance(model, str) else model
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
                    **{f"source_{kind}": value for kind, value in digests.found().items()},
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

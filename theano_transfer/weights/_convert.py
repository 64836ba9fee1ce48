"""Other projects' weight files into our own layout."""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._errors import WeightsMismatchError
from ._layout import write
from ._load import LoadReport, in_order, plan_for, record_attributes, report_of
from ._sources import Source, open_source
from ._target import target_of
from ._untrusted import digest, open_regular


@dataclass(frozen=True)
class ConversionReport(LoadReport):
    """What :func:`convert` did; ``str()`` gives it as text.

    Attributes
    ----------
    target : str
        The file written.
    num_parameters : int
        How many numbers it holds.
    """

    target: str = ""
    num_parameters: int = 0

    def __str__(self) -> str:
        written = f"{self.target} written: {self.num_parameters:,} parameters"
        return f"{super().__str__()}\n{written}"


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    model: Any,
    *,
    attributes: Mapping[str, Any] | None = None,
    known_hash: str | None = None,
) -> ConversionReport:
    """Convert a weights file into our own layout.

    Every array is checked against the network before it is read. The target is written in one
    step at the end, so it may be the source itself.

    Parameters
    ----------
    source
        A Keras weights file, the EfficientNet-Lite0 PyTorch file, or a file in our own layout.
    target
        File to write.
    model
        Name of the zoo's network the weights are for; whether it has its top, and how many
        classes, is taken from the file. Or a network.
    attributes
        JSON values to keep with the parameters, such as ``source`` and ``licence``. The hash of
        the source, and what the network says about itself, are added.
    known_hash
        ``'md5:<hex>'`` or ``'sha256:<hex>'`` of the source, checked before it is parsed.

    Raises
    ------
    WeightsMismatchError
        The arrays are not those of the network; lists them all.
    WeightsFileError
        The source is damaged, unsafe, or of a kind that is not read.
    """
    with open_regular(source) as file:
        hashes = {"source_md5": digest(file, "md5"), "source_sha256": digest(file, "sha256")}
    with open_source(source, known_hash=known_hash) as opened:
        net = _network_for(model, opened) if isinstance(model, str) else model
        examined = target_of(net)
        plan = plan_for(examined, opened)
        report = report_of(plan, opened)
        record = {
            **record_attributes(net),
            "source_file": os.path.basename(os.fspath(source)),
            **hashes,
            **report.attributes,  # of a file in our own layout: what it said before
            **(attributes or {}),
        }
        # Each array is read when it is written: one at a time is in memory.
        steps = {step.param: step for step in plan.steps}
        params = OrderedDict(
            ("/".join(name.rsplit(".", 1)), in_order(steps[name], opened))
            for name in examined.params
        )
        write(target, params, record)
    return ConversionReport(
        **{**vars(report), "attributes": record},
        target=os.fspath(target),
        num_parameters=sum(math.prod(array.shape) for array in params.values()),
    )


def _network_for(model: str, source: Source) -> Any:
    """The zoo's network with the top, or without, and the number of classes the file has."""
    from ..zoo._options import undrawn

    with undrawn():  # all that is asked of it is which parameters it has
        return _built_for(model, source)


def _built_for(model: str, source: Source) -> Any:
    from .. import zoo

    top = zoo.record(model).top_layers
    last = next((name for name in reversed(top) if f"{name}.W" in source.arrays), None)
    numbered = [name for name in top if f"{name}.0" in source.arrays]
    if last is None and not numbered:
        return zoo.build(model, weights=None, include_top=False)
    kernel = source.arrays[f"{last}.W"] if last else source.arrays[f"{numbered[-1]}.0"]
    if len(kernel.shape) not in (2, 4):
        msg = (
            f"{source.path!r}: {kernel.location!r} should be a matrix or a kernel, "
            f"is {kernel.shape}"
        )
        raise WeightsMismatchError(msg, misshapen=(kernel.location,))
    # A classifier may be a 1x1 convolution.
    outputs = 0 if len(kernel.shape) == 4 and source.axes == "theano" else -1
    return zoo.build(model, weights=None, include_top=True, classes=kernel.shape[outputs])

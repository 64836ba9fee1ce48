"""Which network of the zoo a weights file is for, where nobody says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ._arrange import Shape
from ._errors import WeightsFileError
from ._registry import REGISTRY
from ._signatures import SIGNATURES
from ._sources import Source
from ._untrusted import is_digest


def recognised(source: Source, hashes: Mapping[str, str]) -> tuple[str, dict[str, Any], str]:
    """The network of a file.

    Parameters
    ----------
    source
        The open file.
    hashes
        Of its content: ``'md5'`` and ``'sha256'``.

    Returns
    -------
    model, arguments
        Name in the zoo, and the network's own arguments.
    how
        By what it was recognised, in words.

    Raises
    ------
    WeightsFileError
        It is of no network that is known, or of several.
    """
    for row in REGISTRY:
        if _is(row.hash, hashes):
            return row.model, dict(row.arguments), f"by its hash as {row.file}"
        for older, what in row.older:
            if _is(older, hashes):
                return row.model, dict(row.arguments), f"by its hash: {what}"
    shapes = {name: array.shape for name, array in source.arrays.items()}
    found = SIGNATURES.get(signature(shapes)) if source.axes == "keras" else None
    if found is None:
        msg = (
            f"{source.path!r} ({source.kind}) is of no network that is known by its hash or its "
            "arrays; say which network of the zoo the weights are for, by model= (--model)"
        )
        raise WeightsFileError(msg)
    model, *arguments = found
    return model, dict(arguments), "by the shapes of its arrays"


def _is(known: str | None, hashes: Mapping[str, str]) -> bool:
    kind, _, value = (known or "").partition(":")
    return kind in hashes and is_digest(hashes[kind], value)


def signature(shapes: Mapping[str, Shape]) -> str:
    """What the shapes of a network's arrays are told by, whatever the order of their axes.

    Dense layers are left out, the number of classes and single numbers with them.

    Parameters
    ----------
    shapes
        ``'layer.role' -> shape``.
    """
    dense = {_layer(name) for name, shape in shapes.items() if len(shape) == 2}
    lines = sorted(
        "x".join(str(n) for n in sorted(shape) if n > 1)  # statistics may be (3,) or (1, 1, 1, 3)
        for name, shape in shapes.items()
        if shape and _layer(name) not in dense
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _layer(name: str) -> str:
    return name.rpartition(".")[0]

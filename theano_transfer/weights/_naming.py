"""Files of Keras whose layers have other names than the network, recognised by their layers.

Facts: keras/applications of Keras 1.2.2 and 2.1 (ResNet50, InceptionV3), the files of
https://github.com/JonathanCMitchell/mobilenet_v2_keras.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Naming:
    """How a kind of file calls its layers.

    Attributes
    ----------
    title
        What such a file is, in words.
    is_one
        Whether a file with layers of these names, and arrays ``'layer.role'``, is one.
    rename
        Keras's present name of a layer.
    epsilon
        Of its batch normalisation, where another than today's.
    refused
        Why such a file is of no use, and what to do.
    """

    title: str
    is_one: Callable[[Collection[str], Collection[str]], bool]
    rename: Callable[[str], str] = str
    epsilon: float | None = None
    refused: str = ""


def naming_of(arrays: Collection[str]) -> Naming | None:
    """The known naming that a file with arrays ``'layer.role'`` has, if any."""
    layers = {name.rpartition(".")[0] for name in arrays}
    return next((naming for naming in NAMINGS if naming.is_one(layers, arrays)), None)


_RESNET = re.compile(r"(res|bn)([2-5])([a-z])_branch(2a|2b|2c|1)")
_RESNET_BRANCHES = {"2a": 1, "2b": 2, "2c": 3, "1": 0}
_RESNET_ENDS = {"conv1": "conv1_conv", "bn_conv1": "conv1_bn", "fc1000": "predictions"}


def _resnet(layer: str) -> str:
    match = _RESNET.fullmatch(layer)
    if match is None:
        return _RESNET_ENDS.get(layer, layer)
    kind, stage, letter, branch = match.groups()
    ending = "conv" if kind == "res" else "bn"
    block = ord(letter) - ord("a") + 1
    return f"conv{stage}_block{block}_{_RESNET_BRANCHES[branch]}_{ending}"


_MITCHELL = re.compile(r"(mobl|bn)(\d+)_conv_(?:\d+_)?(?:bn_)?(expand|depthwise|project)")


def _mobilenet_v2(layer: str) -> str:
    match = _MITCHELL.fullmatch(layer)
    if match is None:
        return {"Logits": "predictions"}.get(layer, layer)
    kind, block, part = match.groups()
    scope = f"block_{int(block)}" if int(block) else "expanded_conv"
    return f"{scope}_{part}{'_BN' if kind == 'bn' else ''}"


def _is_old_inception(layers: Collection[str], arrays: Collection[str]) -> bool:
    """94 convolutions with biases, each with a normalisation that has gamma behind it."""
    biased = sum(name.startswith("convolution2d_") and name.endswith(".b") for name in arrays)
    scaled = sum(
        name.startswith("batchnormalization_") and name.endswith(".gamma") for name in arrays
    )
    return biased == scaled == 94


NAMINGS = (
    Naming(
        "the ResNet50 of Keras before 2.2.3",
        lambda layers, _: "res2a_branch2a" in layers,
        _resnet,
        epsilon=1e-3,
    ),
    Naming(
        "the first MobileNetV2 files",
        lambda layers, _: any(_MITCHELL.fullmatch(layer) for layer in layers),
        _mobilenet_v2,
    ),
    Naming(
        "the InceptionV3 of Keras before 2.0",
        _is_old_inception,
        refused=(
            "it is the InceptionV3 of Keras before 2.0, another architecture under the name of "
            "today's (its convolutions have biases and rectify before they are normalised); use "
            "the current file, which weights='imagenet' fetches"
        ),
    ),
)

"""Names of PyTorch's modules for networks made of inverted bottlenecks: MobileNets, EfficientNets.

For ``_torch_names``, which says what such a function is. (Facts: ``torchvision/models``,
``timm/models``, and the package efficientnet_pytorch.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

Names = dict[str, str]  # layer, or 'layer.role' of one that is two modules there -> module


# What the layers of an inverted bottleneck are for, by the ends of their names. In some networks
# the normalisation behind the depthwise convolution is just called after its block.
_ROLES = {
    "expand": "expand", "expand_conv": "expand",
    "expand_bn": "expand_bn", "expand_BN": "expand_bn",
    "depthwise": "depthwise", "dwconv": "depthwise", "dwconv2": "depthwise",
    "depthwise_bn": "depthwise_bn", "depthwise_BN": "depthwise_bn", "bn": "depthwise_bn",
    "se_reduce": "reduce", "squeeze_excite_conv": "reduce",
    "se_expand": "excite", "squeeze_excite_conv_1": "excite",
    "project": "project", "project_conv": "project",
    "project_bn": "project_bn", "project_BN": "project_bn",
}  # fmt: skip
_BLOCK = re.compile(r"(block\d[a-z]+|block_\d+|expanded_conv(?:_\d+)?)_(.+)")
_ENDS = {  # stem, its normalisation, last convolution, its normalisation
    "Conv1": "stem", "conv": "stem", "stem_conv": "stem",
    "bn_Conv1": "stem_bn", "conv_bn": "stem_bn", "stem_bn": "stem_bn",
    "Conv_1": "top", "conv_1": "top", "top_conv": "top",
    "Conv_1_bn": "top_bn", "conv_1_bn": "top_bn", "top_bn": "top_bn",
    "predictions": "classifier", "conv_2": "wide", "logits": "classifier",
}  # fmt: skip


def _blocks(layers: list[str]) -> dict[str, dict[str, str]]:
    """Block -> role -> layer, of networks made of inverted bottlenecks."""
    blocks: dict[str, dict[str, str]] = {}
    for layer in layers:
        match = _BLOCK.fullmatch(layer)
        if match and match[2] in _ROLES:
            blocks.setdefault(match[1], {})[_ROLES[match[2]]] = layer
    return blocks


def _ends(layers: list[str], modules: Names) -> Names:
    roles = {layer: _ENDS[layer] for layer in layers if layer in _ENDS}
    if "logits" in roles:
        roles.pop("predictions", None)  # just a nonlinearity there
    return {layer: modules[role] for layer, role in roles.items() if role in modules}


def _bottlenecks_torchvision(
    layers: list[str], inner: str, places: list[str], ends: Names
) -> Names:
    """Modules of a block are numbered, convolution and normalisation as one: '.0' and '.1'."""
    names = _ends(layers, ends)
    for place, roles in zip(places, _blocks(layers).values()):
        number = 0
        for convolution in ("expand", "depthwise", "reduce", "project"):
            if convolution not in roles:
                continue
            module = f"{place}.{inner}.{number}"
            number += 1
            if convolution == "reduce":
                names[roles["reduce"]], names[roles["excite"]] = f"{module}.fc1", f"{module}.fc2"
            elif convolution == "project" and inner == "conv":  # of MobileNetV2: not in one module
                names[roles["project"]] = module
                names[roles["project_bn"]] = f"{place}.{inner}.{number}"
            else:
                names[roles[convolution]] = f"{module}.0"
                names[roles[f"{convolution}_bn"]] = f"{module}.1"
    return names


def _flat(layers: list[str]) -> tuple[list[str], int]:
    count = len(_blocks(layers))
    return [f"features.{i}" for i in range(1, count + 1)], count + 1


def mobilenet_v2_torchvision(layers: list[str]) -> Names:
    places, last = _flat(layers)
    ends = {"stem": "features.0.0", "stem_bn": "features.0.1"}
    ends |= {"top": f"features.{last}.0", "top_bn": f"features.{last}.1"}
    ends["classifier"] = "classifier.1"
    return _bottlenecks_torchvision(layers, "conv", places, ends)


def mobilenet_v3_torchvision(layers: list[str]) -> Names:
    places, last = _flat(layers)
    ends = {"stem": "features.0.0", "stem_bn": "features.0.1"}
    ends |= {"top": f"features.{last}.0", "top_bn": f"features.{last}.1"}
    ends |= {"wide": "classifier.0", "classifier": "classifier.3"}
    return _bottlenecks_torchvision(layers, "block", places, ends)


def efficientnet_torchvision(layers: list[str]) -> Names:
    stages = list(_by_stage(_blocks(layers)))
    places = [f"features.{stage}.{i}" for stage, i in stages]
    top = f"features.{stages[-1][0] + 1}"
    ends = {"stem": "features.0.0", "stem_bn": "features.0.1"}
    ends |= {"top": f"{top}.0", "top_bn": f"{top}.1", "classifier": "classifier.1"}
    return _bottlenecks_torchvision(layers, "block", places, ends)


def _by_stage(blocks: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Stage, from 1, and place in it, from 0, of blocks called 'block1a', 'block2a'..."""
    for stage, inside in groupby(blocks, key=lambda block: int(block[len("block")])):
        for i, _ in enumerate(inside):
            yield stage, i


_TIMM = {
    "depthwise": "conv_dw", "reduce": "se.conv_reduce", "excite": "se.conv_expand",
}  # fmt: skip


def _bottlenecks_timm(layers: list[str], places: list[str], ends: Names) -> Names:
    """A block that does not widen calls its last convolution as others call their first.

    One without a depthwise convolution has other names for the rest.
    """
    names = _ends(layers, ends)
    for place, roles in zip(places, _blocks(layers).values()):
        widens = "expand" in roles
        first, only = ("conv_pw", "conv_pw") if "depthwise" in roles else ("conv_exp", "conv")
        modules = {**_TIMM, "expand": first, "project": "conv_pwl" if widens else only}
        for number, role in enumerate(
            (role for role in ("expand_bn", "depthwise_bn", "project_bn") if role in roles), start=1
        ):
            modules[role] = f"bn{number}"
        names.update((layer, f"blocks.{place}.{modules[role]}") for role, layer in roles.items())
    return names


_TIMM_ENDS = {"stem": "conv_stem", "stem_bn": "bn1", "classifier": "classifier"}
_TIMM_TOP = {"top": "conv_head", "top_bn": "bn2"}


def efficientnet_timm(layers: list[str]) -> Names:
    places = [f"{stage - 1}.{i}" for stage, i in _by_stage(_blocks(layers))]
    return _bottlenecks_timm(layers, places, {**_TIMM_ENDS, **_TIMM_TOP})


def _staged(repeats: tuple[int, ...]) -> list[str]:
    return [f"{stage}.{i}" for stage, count in enumerate(repeats) for i in range(count)]


def mobilenet_v2_timm(layers: list[str]) -> Names:
    places = _staged((1, 2, 3, 4, 3, 3, 1))
    return _bottlenecks_timm(layers, places, {**_TIMM_ENDS, **_TIMM_TOP})


def mobilenet_v3_timm(layers: list[str]) -> Names:
    large = len(_blocks(layers)) > 11
    repeats = (1, 2, 3, 4, 2, 3) if large else (1, 2, 3, 2, 3)
    top = f"blocks.{len(repeats)}.0"
    ends = {**_TIMM_ENDS, "top": f"{top}.conv", "top_bn": f"{top}.bn1", "wide": "conv_head"}
    return _bottlenecks_timm(layers, _staged(repeats), ends)


def efficientnet_pytorch(layers: list[str]) -> Names:
    modules = {
        "expand": "_expand_conv", "expand_bn": "_bn0",
        "depthwise": "_depthwise_conv", "depthwise_bn": "_bn1",
        "reduce": "_se_reduce", "excite": "_se_expand",
        "project": "_project_conv", "project_bn": "_bn2",
    }  # fmt: skip
    ends = {"stem": "_conv_stem", "stem_bn": "_bn0", "top": "_conv_head", "top_bn": "_bn1"}
    names = _ends(layers, {**ends, "classifier": "_fc"})
    for number, roles in enumerate(_blocks(layers).values()):
        names.update((layer, f"_blocks.{number}.{modules[role]}") for role, layer in roles.items())
    return names

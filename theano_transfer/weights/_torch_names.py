"""Names of PyTorch's modules for the layers of the zoo's networks.

Three ways of naming are known: torchvision's, timm's, and, for EfficientNets, that of the package
efficientnet_pytorch. A family is one function: from our layers, in the order in which the network
makes them, to modules. (Facts: ``torchvision/models``, ``timm/models``.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

Names = dict[str, str]  # layer -> module
Naming = Callable[[list[str]], Names]


def namings(model: str, layers: Iterable[str]) -> dict[str, Names]:
    """How the modules of a network of the zoo are called in PyTorch: ``'timm' -> names``.

    Parameters
    ----------
    model
        Name of the network.
    layers
        Its layers as they are made, those of the top included.

    Returns
    -------
    dict
        Empty for networks whose PyTorch counterparts are not known, or are others: torchvision's
        GoogLeNet, for one, has batch normalisation, and timm's Xception other branches.
    """
    layers = list(layers)
    for pattern, ways in _FAMILIES:
        if re.fullmatch(pattern, model):
            return {way: naming(layers) for way, naming in ways.items()}
    return {}


def _vgg(layers: list[str], dense: tuple[str, str, str]) -> Names:
    names = dict(zip(("fc1", "fc2", "predictions"), dense))
    number = 0
    for layer in layers:
        if re.fullmatch(r"block\d_conv\d", layer):
            names[layer] = f"features.{number}"
            number += 2  # its relu is a module too
        elif layer.endswith("_pool"):
            number += 1
    return names


def _vgg_torchvision(layers: list[str]) -> Names:
    return _vgg(layers, ("classifier.0", "classifier.3", "classifier.6"))


def _vgg_timm(layers: list[str]) -> Names:
    return _vgg(layers, ("pre_logits.fc1", "pre_logits.fc2", "head.fc"))


def _resnet(layers: list[str]) -> Names:
    names = {"conv1_conv": "conv1", "conv1_bn": "bn1", "predictions": "fc"}
    for layer in layers:
        match = re.fullmatch(r"conv(\d)_block(\d+)_(\d)_(conv|bn)", layer)
        if match:
            block = f"layer{int(match[1]) - 1}.{int(match[2]) - 1}"
            module = f"{match[4]}{match[3]}"
            if match[3] == "0":
                module = f"downsample.{0 if match[4] == 'conv' else 1}"
            names[layer] = f"{block}.{module}"
    return names


def _densenet(layers: list[str]) -> Names:
    names = {
        "conv1_conv": "features.conv0",
        "conv1_bn": "features.norm0",
        "bn": "features.norm5",
        "predictions": "classifier",
    }
    inside = {"0_bn": "norm1", "1_conv": "conv1", "1_bn": "norm2", "2_conv": "conv2"}
    for layer in layers:
        match = re.fullmatch(r"conv(\d)_block(\d+)_(\d_(?:conv|bn))", layer)
        if match:
            block = f"features.denseblock{int(match[1]) - 1}.denselayer{match[2]}"
            names[layer] = f"{block}.{inside[match[3]]}"
        match = re.fullmatch(r"pool(\d)_(conv|bn)", layer)
        if match:
            module = "conv" if match[2] == "conv" else "norm"
            names[layer] = f"features.transition{int(match[1]) - 1}.{module}"
    return names


def _squeezenet(layers: list[str]) -> Names:
    names = {"conv1": "features.0", "conv10": "classifier.1"}
    number = 1  # a relu is a module too
    for layer in layers:
        match = re.fullmatch(r"fire\d_(squeeze1x1|expand1x1|expand3x3)", layer)
        if match:
            number += match[1] == "squeeze1x1"
            module = "squeeze" if match[1] == "squeeze1x1" else match[1]
            names[layer] = f"features.{number}.{module}"
        elif re.fullmatch(r"pool\d", layer):
            number += 1
    return names


def _inception(layers: list[str]) -> Names:
    """Convolutions and normalisations are numbered here, in the order of the modules there."""
    kinds = ("conv2d", "batch_normalization")
    names = {"predictions": "fc"}
    for kind, module in zip(kinds, ("conv", "bn")):
        ours = [layer for layer in layers if re.fullmatch(rf"{kind}(_\d+)?", layer)]
        names.update(zip(ours, (f"{place}.{module}" for place in _inception_modules())))
    return names


def _inception_modules() -> Iterator[str]:
    yield from ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3")
    yield from ("Conv2d_3b_1x1", "Conv2d_4a_3x3")
    small = "1x1 5x5_1 5x5_2 3x3dbl_1 3x3dbl_2 3x3dbl_3 _pool"
    long = "1x1 7x7_1 7x7_2 7x7_3 7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 _pool"
    wide = "1x1 3x3_1 3x3_2a 3x3_2b 3x3dbl_1 3x3dbl_2 3x3dbl_3a 3x3dbl_3b _pool"
    for place, branches in (
        *((f"Mixed_5{letter}", small) for letter in "bcd"),
        ("Mixed_6a", "3x3 3x3dbl_1 3x3dbl_2 3x3dbl_3"),
        *((f"Mixed_6{letter}", long) for letter in "bcde"),
        ("Mixed_7a", "3x3_1 3x3_2 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4"),
        *((f"Mixed_7{letter}", wide) for letter in "bc"),
    ):
        for branch in branches.split():
            yield f"{place}.branch{branch}"


# What the layers of an inverted bottleneck are for, by the ends of their names. In some networks
# the normalisation behind the depthwise convolution is just called after its block.
_ROLES = {
    "expand": "expand", "expand_conv": "expand",
    "expand_bn": "expand_bn", "expand_BN": "expand_bn",
    "depthwise": "depthwise", "dwconv": "depthwise",
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


def _mobilenet_v2_torchvision(layers: list[str]) -> Names:
    places, last = _flat(layers)
    ends = {"stem": "features.0.0", "stem_bn": "features.0.1"}
    ends |= {"top": f"features.{last}.0", "top_bn": f"features.{last}.1"}
    ends["classifier"] = "classifier.1"
    return _bottlenecks_torchvision(layers, "conv", places, ends)


def _mobilenet_v3_torchvision(layers: list[str]) -> Names:
    places, last = _flat(layers)
    ends = {"stem": "features.0.0", "stem_bn": "features.0.1"}
    ends |= {"top": f"features.{last}.0", "top_bn": f"features.{last}.1"}
    ends |= {"wide": "classifier.0", "classifier": "classifier.3"}
    return _bottlenecks_torchvision(layers, "block", places, ends)


def _efficientnet_torchvision(layers: list[str]) -> Names:
    places = [f"features.{stage}.{i}" for stage, i in _by_stage(_blocks(layers))]
    ends = {"stem": "features.0.0", "stem_bn": "features.0.1"}
    ends |= {"top": "features.8.0", "top_bn": "features.8.1", "classifier": "classifier.1"}
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
    """A block that does not widen calls its last convolution as others call their first."""
    names = _ends(layers, ends)
    for place, roles in zip(places, _blocks(layers).values()):
        widens = "expand" in roles
        modules = {**_TIMM, "expand": "conv_pw", "project": "conv_pwl" if widens else "conv_pw"}
        for number, role in enumerate(
            (role for role in ("expand_bn", "depthwise_bn", "project_bn") if role in roles), start=1
        ):
            modules[role] = f"bn{number}"
        names.update((layer, f"blocks.{place}.{modules[role]}") for role, layer in roles.items())
    return names


_TIMM_ENDS = {"stem": "conv_stem", "stem_bn": "bn1", "classifier": "classifier"}
_TIMM_TOP = {"top": "conv_head", "top_bn": "bn2"}


def _efficientnet_timm(layers: list[str]) -> Names:
    places = [f"{stage - 1}.{i}" for stage, i in _by_stage(_blocks(layers))]
    return _bottlenecks_timm(layers, places, {**_TIMM_ENDS, **_TIMM_TOP})


def _staged(repeats: tuple[int, ...]) -> list[str]:
    return [f"{stage}.{i}" for stage, count in enumerate(repeats) for i in range(count)]


def _mobilenet_v2_timm(layers: list[str]) -> Names:
    places = _staged((1, 2, 3, 4, 3, 3, 1))
    return _bottlenecks_timm(layers, places, {**_TIMM_ENDS, **_TIMM_TOP})


def _mobilenet_v3_timm(layers: list[str]) -> Names:
    large = len(_blocks(layers)) > 11
    repeats = (1, 2, 3, 4, 2, 3) if large else (1, 2, 3, 2, 3)
    top = f"blocks.{len(repeats)}.0"
    ends = {**_TIMM_ENDS, "top": f"{top}.conv", "top_bn": f"{top}.bn1", "wide": "conv_head"}
    return _bottlenecks_timm(layers, _staged(repeats), ends)


def _efficientnet_pytorch(layers: list[str]) -> Names:
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


_FAMILIES: tuple[tuple[str, dict[str, Naming]], ...] = (
    (r"vgg\d+", {"torchvision": _vgg_torchvision, "timm": _vgg_timm}),
    (r"resnet\d+", {"torchvision": _resnet}),
    (r"densenet\d+", {"torchvision": _densenet}),
    (r"squeezenet\d_\d", {"torchvision": _squeezenet}),
    (r"inception_v3", {"torchvision": _inception}),
    (
        r"mobilenet_v2",
        {"torchvision": _mobilenet_v2_torchvision, "timm": _mobilenet_v2_timm},
    ),
    (
        r"mobilenet_v3_\w+",
        {"torchvision": _mobilenet_v3_torchvision, "timm": _mobilenet_v3_timm},
    ),
    (
        r"efficientnet_(b|lite)\d",
        {
            "torchvision": _efficientnet_torchvision,
            "timm": _efficientnet_timm,
            "efficientnet_pytorch": _efficientnet_pytorch,
        },
    ),
)

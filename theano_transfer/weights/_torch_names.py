"""Names of PyTorch's modules for the layers of the zoo's networks.

Three ways of naming are known: torchvision's, timm's, and, for EfficientNets, that of the package
efficientnet_pytorch. A family is one function: from our layers, in the order in which the network
makes them, to modules. (Facts: ``torchvision/models``, ``timm/models``.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ._torch_bottlenecks import (
    Names,
    efficientnet_pytorch,
    efficientnet_timm,
    efficientnet_torchvision,
    mobilenet_v2_timm,
    mobilenet_v2_torchvision,
    mobilenet_v3_timm,
    mobilenet_v3_torchvision,
)

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
        Empty for networks whose PyTorch counterparts are not known.
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
        elif layer.endswith("_bn"):
            names[layer] = f"features.{number - 1}"
            number += 1
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


def _googlenet(layers: list[str]) -> Names:
    ends = {"conv1_7x7_s2": "conv1", "conv2_3x3_reduce": "conv2", "conv2_3x3": "conv3"}
    inside = {
        "1x1": "branch1", "3x3_reduce": "branch2.0", "3x3": "branch2.1",
        "5x5_reduce": "branch3.0", "5x5": "branch3.1", "pool_proj": "branch4.1",
    }  # fmt: skip
    names = {"predictions": "fc"}
    for layer in layers:
        convolution, normalises = re.subn("_bn$", "", layer)
        match = re.fullmatch(r"inception_(\d\w)_(\w+)", convolution)
        place = ends.get(convolution)
        if match and match[2] in inside:
            place = f"inception{match[1]}.{inside[match[2]]}"
        if place:
            names[layer] = f"{place}.{'bn' if normalises else 'conv'}"
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


def _xception_timm(layers: list[str]) -> Names:
    """In each block come a relu, a separable convolution and its normalisation, in turns."""
    names = {"predictions": "fc"}
    shortcuts = iter((1, 2, 3, 12))
    for layer in layers:
        match = re.fullmatch(r"block(\d+)_(sepconv|conv)(\d)(_bn)?", layer)
        if re.fullmatch(r"conv2d(_\d)?", layer):
            names[layer] = f"block{next(shortcuts)}.skip"
        elif re.fullmatch(r"batch_normalization(_\d)?", layer):
            names[layer] = names[layer.replace("batch_normalization", "conv2d")] + "bn"
        elif match:
            block, number = int(match[1]) - 1, int(match[3])
            inside = 1 <= block <= 12
            if inside:
                place = 3 * number - 2 - (block == 1)  # what it gets is rectified already
                convolution = f"block{block}.rep.{place}"
                normalised = f"block{block}.rep.{place + 1}"
            else:
                number += 2 * (match[2] == "sepconv")
                convolution, normalised = f"conv{number}", f"bn{number}"
            if match[4]:
                names[layer] = normalised
            elif match[2] == "conv":
                names[layer] = convolution
            else:
                names[f"{layer}.W"] = f"{convolution}.conv1"
                names[f"{layer}.pointwise"] = f"{convolution}.pointwise"
    return names


_FAMILIES: tuple[tuple[str, dict[str, Naming]], ...] = (
    (r"vgg\d+(_bn)?", {"torchvision": _vgg_torchvision, "timm": _vgg_timm}),
    (r"resnet\d+", {"torchvision": _resnet}),
    (r"densenet\d+", {"torchvision": _densenet}),
    (r"squeezenet\d_\d", {"torchvision": _squeezenet}),
    (r"googlenet", {"torchvision": _googlenet}),
    (r"inception_v3", {"torchvision": _inception}),
    (r"xception", {"timm": _xception_timm}),
    (
        r"mobilenet_v2",
        {"torchvision": mobilenet_v2_torchvision, "timm": mobilenet_v2_timm},
    ),
    (
        r"mobilenet_v3_\w+",
        {"torchvision": mobilenet_v3_torchvision, "timm": mobilenet_v3_timm},
    ),
    (
        r"efficientnet_v2_\w+",
        {"torchvision": efficientnet_torchvision, "timm": efficientnet_timm},
    ),
    (
        r"efficientnet_(b|lite)\d",
        {
            "torchvision": efficientnet_torchvision,
            "timm": efficientnet_timm,
            "efficientnet_pytorch": efficientnet_pytorch,
        },
    ),
)

"""What share of ImageNet's validation pictures published weights classify rightly.

Percent, best and best five, of one crop of the network's own size. Sources: the table at
https://keras.io/api/applications/; for narrow MobileNets the README of
keras-team/keras-applications (100 less its errors); for MobileNets of smaller pictures the tables
of tensorflow/models, research/slim/nets, about the checkpoints that Keras converted
(mobilenet_v1.md of June 2017, mobilenet/README.md); for MobileNetV3 the documentation of
keras.applications, which has no best five; for EfficientNet-Lite the README of tensorflow/tpu,
models/official/efficientnet/lite, about the checkpoints that the files were converted from; for
torchvision's files its documentation.
"""

from __future__ import annotations

from typing import Any

TopOneAndFive = tuple[float, "float | None"]

_ACCURACY: dict[str, TopOneAndFive] = {
    "vgg16": (71.3, 90.1), "vgg19": (71.3, 90.0),
    "resnet50": (74.9, 92.1), "resnet101": (76.4, 92.8), "resnet152": (76.6, 93.1),
    "resnet50_v2": (76.0, 93.0), "resnet101_v2": (77.2, 93.8), "resnet152_v2": (78.0, 94.2),
    "inception_v3": (77.9, 93.7), "inception_resnet_v2": (80.3, 95.3), "xception": (79.0, 94.5),
    "densenet121": (75.0, 92.3), "densenet169": (76.2, 93.2), "densenet201": (77.3, 93.6),
    "mobilenet": (70.4, 89.5), "mobilenet_v2": (71.3, 90.1), "nasnet_mobile": (74.4, 91.9),
    "mobilenet_v3_small": (68.1, None), "mobilenet_v3_large": (75.6, None),
    "efficientnet_b0": (77.1, 93.3), "efficientnet_b1": (79.1, 94.4),
    "efficientnet_b2": (80.1, 94.9), "efficientnet_b3": (81.6, 95.7),
    "efficientnet_b4": (82.9, 96.4), "efficientnet_b5": (83.6, 96.7),
    "efficientnet_b6": (84.0, 96.8), "efficientnet_b7": (84.3, 97.0),
    "efficientnet_v2_b0": (78.7, 94.3), "efficientnet_v2_b1": (79.8, 95.0),
    "efficientnet_v2_b2": (80.5, 95.1), "efficientnet_v2_b3": (82.0, 95.8),
    "efficientnet_v2_s": (83.9, 96.7),
    "efficientnet_lite0": (75.1, None), "efficientnet_lite1": (76.7, None),
    "efficientnet_lite2": (77.6, None), "efficientnet_lite3": (79.8, None),
    "efficientnet_lite4": (81.5, None),
    "vgg11": (69.0, 88.6), "vgg13": (69.9, 89.2), "vgg11_bn": (70.4, 89.8),
    "vgg13_bn": (71.6, 90.4), "vgg16_bn": (73.4, 91.5), "vgg19_bn": (74.2, 91.8),
    "resnet18": (69.8, 89.1), "resnet34": (73.3, 91.4),
    "squeezenet1_0": (58.1, 80.4), "squeezenet1_1": (58.2, 80.6),
}  # fmt: skip
_OF_VARIANTS: dict[tuple[str, str, Any], TopOneAndFive] = {
    ("mobilenet", "alpha", 0.25): (51.6, 75.8),
    ("mobilenet", "alpha", 0.5): (64.3, 85.6),
    ("mobilenet", "alpha", 0.75): (68.4, 88.2),
    ("mobilenet_v2", "alpha", 0.35): (60.1, 82.4),
    ("mobilenet_v2", "alpha", 0.5): (65.2, 86.1),
    ("mobilenet_v2", "alpha", 0.75): (69.5, 89.2),
    ("mobilenet_v2", "alpha", 1.3): (74.7, 92.1),
    ("mobilenet_v2", "alpha", 1.4): (75.2, 92.4),
    ("mobilenet_v3_small", "alpha", 0.75): (65.4, None),
    ("mobilenet_v3_small", "minimalistic", True): (61.9, None),
    ("mobilenet_v3_large", "alpha", 0.75): (73.3, None),
    ("mobilenet_v3_large", "minimalistic", True): (72.3, None),
}
# Width -> size of the pictures -> best, best five.
_OF_SIZES: dict[str, dict[float, dict[int, TopOneAndFive]]] = {
    "mobilenet": {
        1.0: {192: (69.3, 88.9), 160: (67.2, 87.5), 128: (64.1, 85.3)},
        0.75: {192: (67.4, 87.3), 160: (65.2, 86.1), 128: (61.8, 83.6)},
        0.5: {192: (62.1, 84.0), 160: (59.9, 82.5), 128: (56.2, 79.6)},
        0.25: {192: (49.0, 73.6), 160: (46.0, 70.7), 128: (41.3, 66.2)},
    },
    "mobilenet_v2": {
        1.0: {192: (70.7, 90.1), 160: (68.8, 89.0), 128: (65.3, 86.9), 96: (60.3, 83.2)},
        0.75: {192: (68.7, 88.9), 160: (66.4, 87.3), 128: (63.2, 85.3), 96: (58.8, 81.6)},
        0.5: {192: (63.9, 85.4), 160: (61.0, 83.2), 128: (57.7, 80.8), 96: (51.2, 75.8)},
        0.35: {192: (58.2, 81.2), 160: (55.7, 79.1), 128: (50.8, 75.0), 96: (45.5, 70.4)},
    },
}


def accuracy(
    model: str, arguments: tuple[tuple[str, Any], ...], image_size: int | None
) -> TopOneAndFive | None:
    """Best and best five in percent; None where nobody has published them."""
    if image_size not in (None, 224):
        alpha = dict(arguments).get("alpha", 1.0)
        return _OF_SIZES.get(model, {}).get(alpha, {}).get(image_size)
    if not arguments:
        return _ACCURACY.get(model)
    return _OF_VARIANTS.get((model, *arguments[0])) if len(arguments) == 1 else None

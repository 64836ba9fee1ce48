"""By the shapes of its arrays: which network a file of Keras's is for.

Left are signatures as :func:`._recognise.signature` makes them, of networks with ImageNet weights,
with the top and without where that is no dense layer; right names in the zoo, and arguments.
"""

from __future__ import annotations

from typing import Any

SIGNATURES: dict[str, tuple[Any, ...]] = {
    "9718ad8628ea2444": ("vgg16",),
    "a63487e3a2114e77": ("vgg19",),
    "03a73427201dbec0": ("resnet50",),
    "928d16d3c33ab5c6": ("resnet101",),
    "1098891aa230ed9a": ("resnet152",),
    "f8655d7b493de078": ("resnet50_v2",),
    "b3b249b154d9ac92": ("resnet101_v2",),
    "eb0528fde4e5e635": ("resnet152_v2",),
    "11d991c67df4efc0": ("inception_v3",),
    "27c852cdd591f836": ("xception",),
    "e25ecc72620f59c4": ("mobilenet",),
    "909b21b37f25079e": ("mobilenet",),
    "3ce5a240832af20c": ("mobilenet_v2",),
    "fdcc3fd46e2d86f9": ("efficientnet_b0",),
    "ea1cc3ba92e50524": ("efficientnet_b1",),
    "81f9bde8e91132c0": ("efficientnet_b2",),
    "acdabca9b42c40c4": ("efficientnet_b3",),
    "23ac1ceece8a8d96": ("efficientnet_b4",),
    "9a92adc2fa77d6ab": ("efficientnet_b5",),
    "3e69ef7cbd4f8183": ("efficientnet_b6",),
    "a0dd0783257eb4a0": ("efficientnet_b7",),
    "e94a5a757b82968a": ("densenet121",),
    "5be2139d5bf31473": ("densenet169",),
    "d07ec33466c2dda3": ("densenet201",),
    "c7048f9e8d6d4e1c": ("inception_resnet_v2",),
    "9ca68e0ab7522184": ("nasnet_mobile",),
    "79f6854d9c12db33": ("mobilenet_v3_small",),
    "ff4b2060d3df8e34": ("mobilenet_v3_small",),
    "b394c075775d24ee": ("mobilenet_v3_large",),
    "4c51f239dcf572f2": ("mobilenet_v3_large",),
    "57e16b936c4969f0": ("efficientnet_v2_b0",),
    "5b9b187604eca7fb": ("efficientnet_v2_b1",),
    "425a4cecf95bb1b9": ("efficientnet_v2_b2",),
    "92e9496616637ca5": ("efficientnet_v2_b3",),
    "e21fd5b42c2a8dcb": ("efficientnet_v2_s",),
}

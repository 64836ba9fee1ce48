"""Files of PyTorch's with ImageNet weights, for networks of which Keras publishes none.

Left are names in the zoo, right file names. Behind the dash are the first eight digits of the
file's SHA-256, which is all of it that is published; PyTorch checks as many.

Facts: torchvision/models of 0.13 and later, timm/models/efficientnet.py.
"""

from __future__ import annotations

TORCHVISION = {
    "vgg11": "vgg11-8a719046.pth",
    "vgg13": "vgg13-19584684.pth",
    "vgg11_bn": "vgg11_bn-6002323d.pth",
    "vgg13_bn": "vgg13_bn-abd245e5.pth",
    "vgg16_bn": "vgg16_bn-6c64b313.pth",
    "vgg19_bn": "vgg19_bn-c79401a0.pth",
    "resnet18": "resnet18-f37072fd.pth",
    "resnet34": "resnet34-b627a593.pth",
    "squeezenet1_0": "squeezenet1_0-b66bff10.pth",
    "squeezenet1_1": "squeezenet1_1-b8a52dc0.pth",
}
TIMM = {
    "efficientnet_lite1": "tf_efficientnet_lite1-bde8b488.pth",
    "efficientnet_lite2": "tf_efficientnet_lite2-dcccb7df.pth",
    "efficientnet_lite3": "tf_efficientnet_lite3-b733e338.pth",
    "efficientnet_lite4": "tf_efficientnet_lite4-741542c3.pth",
}

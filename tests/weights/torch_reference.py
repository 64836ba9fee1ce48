"""What PyTorch's networks are called, are made of and compute: ``torch_networks.json.gz``.

Run with PyTorch, torchvision and timm installed, this writes the file again. Each row has a network
of the zoo and its style, the library and its network, names and shapes of the state dictionary, and
for some the size of a picture and every 40th score of 1000. Parameters and picture are made by
formula, here and in the tests, so the file stays small.
"""

import gzip
import json
import zlib
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "torch_networks.json.gz"
STEP = 40
SMALL, MEDIUM, FULL = (64, 49), (96, 111), (224, 224)
NETWORKS = [  # (network of the zoo, style, library, network of the library, size of a picture)
    ("vgg16", "torchvision", "torchvision", "vgg16", None),
    ("vgg19", "torchvision", "torchvision", "vgg19", None),
    ("vgg16", "timm", "timm", "vgg16", None),
    ("vgg11", None, "torchvision", "vgg11", None),
    ("vgg13", None, "torchvision", "vgg13", None),
    ("vgg11_bn", None, "torchvision", "vgg11_bn", FULL),
    ("vgg13_bn", None, "torchvision", "vgg13_bn", None),
    ("vgg16_bn", None, "torchvision", "vgg16_bn", None),
    ("vgg19_bn", None, "torchvision", "vgg19_bn", None),
    ("vgg19_bn", None, "timm", "vgg19_bn", None),
    ("resnet18", None, "torchvision", "resnet18", SMALL),
    ("resnet34", None, "torchvision", "resnet34", None),
    ("resnet50", "torchvision", "torchvision", "resnet50", SMALL),
    ("resnet101", "torchvision", "torchvision", "resnet101", None),
    ("resnet152", "torchvision", "torchvision", "resnet152", None),
    ("resnet50", "timm", "timm", "resnet50", None),
    ("densenet121", "torchvision", "torchvision", "densenet121", SMALL),
    ("densenet169", "torchvision", "torchvision", "densenet169", None),
    ("densenet201", "torchvision", "torchvision", "densenet201", None),
    ("squeezenet1_0", None, "torchvision", "squeezenet1_0", SMALL),
    ("squeezenet1_1", None, "torchvision", "squeezenet1_1", SMALL),
    ("inception_v3", "torchvision", "torchvision", "inception_v3", MEDIUM),
    ("inception_v3", "timm", "timm", "inception_v3", None),
    ("googlenet", "torchvision", "torchvision", "googlenet", MEDIUM),
    ("mobilenet_v2", "torchvision", "torchvision", "mobilenet_v2", SMALL),
    ("mobilenet_v2", "timm", "timm", "mobilenetv2_100", SMALL),
    ("mobilenet_v3_small", "torchvision", "torchvision", "mobilenet_v3_small", SMALL),
    ("mobilenet_v3_large", "torchvision", "torchvision", "mobilenet_v3_large", SMALL),
    ("mobilenet_v3_large", "timm", "timm", "mobilenetv3_large_100", SMALL),
    ("mobilenet_v3_large", "keras", "timm", "tf_mobilenetv3_large_100", SMALL),
    ("mobilenet_v3_small", "keras", "timm", "tf_mobilenetv3_small_100", SMALL),
    ("efficientnet_b0", "torchvision", "torchvision", "efficientnet_b0", SMALL),
    ("efficientnet_b5", "torchvision", "torchvision", "efficientnet_b5", None),
    ("efficientnet_b3", "torchvision", "torchvision", "efficientnet_b3", None),
    ("efficientnet_b0", "timm", "timm", "efficientnet_b0", SMALL),
    ("efficientnet_b0", "keras", "timm", "tf_efficientnet_b0", SMALL),
    ("efficientnet_lite0", "timm", "timm", "efficientnet_lite0", SMALL),
    ("efficientnet_lite0", "keras", "timm", "tf_efficientnet_lite0", SMALL),
    ("efficientnet_lite4", "keras", "timm", "tf_efficientnet_lite4", None),
    ("efficientnet_v2_s", "torchvision", "torchvision", "efficientnet_v2_s", SMALL),
    ("efficientnet_v2_s", "timm", "timm", "efficientnetv2_s", SMALL),
    ("efficientnet_v2_s", "keras", "timm", "tf_efficientnetv2_s", None),
    ("efficientnet_v2_b0", "keras", "timm", "tf_efficientnetv2_b0", SMALL),
    ("efficientnet_v2_b1", "keras", "timm", "tf_efficientnetv2_b1", None),
    ("efficientnet_v2_b2", "keras", "timm", "tf_efficientnetv2_b2", None),
    ("efficientnet_v2_b3", "keras", "timm", "tf_efficientnetv2_b3", None),
    ("xception", "timm", "timm", "legacy_xception", MEDIUM),
]


def gain_of(model):
    """What filters are multiplied by: EfficientNetV2's scores would grow to millions otherwise, and
    rounding with them."""
    return 0.5 if model.startswith("efficientnet_v2") else 1.0


def parameter(name, shape, gain=1.0):
    """The values of a tensor, by its name."""
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith("num_batches_tracked"):
        return np.array(7, "i8")
    if name.endswith(("running_mean", "bias")):
        return (0.1 * rng.randn(*shape)).astype("f4")
    if len(shape) == 1:
        return (0.5 + rng.rand(*shape)).astype("f4")
    return (rng.randn(*shape) * gain * (2 / np.prod(shape[1:])) ** 0.5).astype("f4")


def picture(size):
    """A preprocessed picture (1, 3, rows, columns)."""
    return np.random.RandomState(5).randn(1, 3, *size).astype("f4")


def rows():
    """What the file holds, as a list of dictionaries."""
    return json.loads(gzip.decompress(FILE.read_bytes()))


def main():
    import timm
    import torch
    import torchvision

    written = []
    for model, style, library, name, size in NETWORKS:
        with torch.device("cpu" if size else "meta"):  # shapes need no random numbers
            if library == "timm":
                network = timm.create_model(name)
            else:
                # Theirs draws slowly.
                options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
                network = torchvision.models.get_model(name, weights=None, **options)
        state = network.eval().state_dict()
        shapes = [[key, list(value.shape)] for key, value in state.items()]
        row = {"model": model, "style": style, "library": library, "name": name, "arrays": shapes}
        if size is not None:
            values = {
                key: torch.as_tensor(parameter(key, tuple(shape), gain_of(model)))
                for key, shape in shapes
            }
            network.load_state_dict(values)
            with torch.no_grad():
                scores = network(torch.from_numpy(picture(size))).numpy()[0, ::STEP]
            row.update(size=list(size), scores=[float(f"{score:.7g}") for score in scores])
        written.append(row)
    content = json.dumps(written, separators=(",", ":")).encode()
    FILE.write_bytes(gzip.compress(content, mtime=0))


if __name__ == "__main__":
    main()

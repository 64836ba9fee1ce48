"""EfficientNet-B0 as a table: what GPUs are compared on besides the others.

Padded as in torchvision; nothing is done to the pictures, and in training no block is left out.
"""

from __future__ import annotations

from benchmarks.nodes import SIZE, Table

EPSILON = 1e-5
# Expansion, channels, repeats, stride of the first, kernel: table 1 of Tan and Le, 2019.
STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


def efficientnet_b0(size: int = SIZE) -> Table:
    """Sixteen inverted bottlenecks with squeeze-and-excitation."""
    t = Table(size)

    def normalised(x, names, channels, kernel, stride=1, groups=1):
        conv, norm, activation = names
        pads = (kernel // 2, kernel // 2)
        x = t.bn(t.conv(x, conv, channels, kernel, stride, pads, groups), norm, EPSILON)
        return t.same("swish", activation, x) if activation else x

    x = normalised("input", ("stem_conv", "stem_bn", "stem_activation"), 32, 3, 2)
    for number, (expand, channels, repeat, first_stride, kernel) in enumerate(STAGES, start=1):
        for i in range(repeat):
            name = f"block{number}{'abcd'[i]}_"
            entry, narrow = x, t.nodes[x].channels
            wide, stride = expand * narrow, first_stride if i == 0 else 1
            if expand > 1:
                names = [f"{name}expand_{part}" for part in ("conv", "bn", "activation")]
                x = normalised(x, names, wide, 1)
            names = [name + part for part in ("dwconv", "bn", "activation")]
            x = normalised(x, names, wide, kernel, stride, groups=wide)
            weights = t.mean(x, f"{name}se_squeeze")
            weights = t.conv(weights, f"{name}se_reduce", narrow // 4, 1, bias=True)
            weights = t.same("swish", f"{name}se_reduce_swish", weights)
            weights = t.conv(weights, f"{name}se_expand", wide, 1, bias=True)
            weights = t.same("sigmoid", f"{name}se_expand_sigmoid", weights)
            x = t.same("scale", f"{name}se_excite", x, weights)
            x = normalised(x, (f"{name}project_conv", f"{name}project_bn", ""), channels, 1)
            if i > 0:
                x = t.same("add", f"{name}add", x, entry)
    normalised(x, ("top_conv", "top_bn", "top_activation"), 1280, 1)
    return t

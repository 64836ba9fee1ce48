"""Files that once were published under the name of a file that is published now.

They still lie in caches. Facts: releases of fchollet/deep-learning-models and the hashes in
keras/applications of Keras 1.2.2 to 2.2.4.
"""

from __future__ import annotations

_RESNET = (
    "the ResNet50 of Keras before 2.2.3, a slightly different network (batch normalisation epsilon "
    "1e-3)"
)
_INCEPTION = "the InceptionV3 of Keras 1, another architecture (batch normalisation behind relu)"
_DENSENET = "a DenseNet of Keras 2.1.6, whose layers have other names"
_TENSORFLOW = "{}_weights_tf_dim_ordering_tf_kernels{}.h5"

# File name -> ((hash, what the older file is), ...)
OLDER: dict[str, tuple[tuple[str, str], ...]] = {
    _TENSORFLOW.format(model, ending): ((f"md5:{md5}", what),)
    for model, what, whole, without_top in (
        ("resnet50", _RESNET,
         "a7b3fe01876f51b976af0dea6bc144eb", "a268eb855778b3df3c7506639542a6af"),
        ("inception_v3", _INCEPTION,
         "fe114b3ff2ea4bf891e9353d1bbfb32f", "2f3609166de1d967d1a481094754f691"),
        ("densenet121", _DENSENET,
         "0962ca643bae20f9b6771cb844dca3b0", "4912a53fbd2a69346e7f2c0b5ec8c6d3"),
        ("densenet169", _DENSENET,
         "bcf9965cf5064a5f9eb6d7dc69386f43", "50662582284e4cf834ce40ab4dfa58c6"),
        ("densenet201", _DENSENET,
         "7bb75edd58cb43163be7e0005fbe95ef", "1c2de60ee40562448dbac34a0737e798"),
    )
    for ending, md5 in (("", whole), ("_notop", without_top))
}  # fmt: skip

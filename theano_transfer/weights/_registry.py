"""Weights that are published for the networks of the zoo: where, which file, under what licence.

Facts: keras/src/applications (URLs, md5), the pages the weights come from (licences), transcripts
of downloads (sizes).
"""

from __future__ import annotations

from dataclasses import dataclass

from ._errors import WeightsUnavailableError

KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"


@dataclass(frozen=True)
class WeightsFile:
    """A published weights file.

    Attributes
    ----------
    model, include_top
        Network of the zoo, and whether the file has its top.
    file
        File name.
    base_url
        Address of the folder, empty for a file that ships with the project.
    hash
        ``'md5:<hex>'`` or ``'sha256:<hex>'``.
    size
        Bytes, where known.
    licence, source
        Under what terms, and from whom.
    """

    model: str
    include_top: bool
    file: str
    base_url: str
    hash: str
    size: int | None
    licence: str
    source: str

    @property
    def url(self) -> str:
        """Complete address."""
        return self.base_url + self.file


_VGG = (
    "CC BY 4.0",
    "Visual Geometry Group, University of Oxford; converted by F. Chollet for Keras",
)
_RESNET = ("MIT", "K. He et al., Microsoft Research; converted for Keras")
_ENDING = "_weights_tf_dim_ordering_tf_kernels"


def _rows(
    model: str,
    folder: str,
    rights: tuple[str, str],
    top: tuple[str, int | None],
    notop: tuple[str, int | None],
) -> tuple[WeightsFile, WeightsFile]:
    licence, source = rights
    return tuple(  # type: ignore[return-value]
        WeightsFile(
            model=model,
            include_top=include_top,
            file=f"{model}{_ENDING}{'' if include_top else '_notop'}.h5",
            base_url=f"{KERAS}{folder}/",
            hash=f"md5:{md5}",
            size=size,
            licence=licence,
            source=source,
        )
        for include_top, (md5, size) in ((True, top), (False, notop))
    )


REGISTRY: tuple[WeightsFile, ...] = (
    WeightsFile(
        model="efficientnet_lite0",
        include_top=True,
        file="efficientnet_lite0_imagenet.h5",
        base_url="",
        hash="sha256:aa16ab0d8ec5962bdb4fa839d9f7b149494a2c959fad8c91887c8b3d0fa66093",
        size=19485937,
        licence="Apache-2.0",
        source="Google (TensorFlow TPU models); converted to PyTorch by ML Illustrated",
    ),
    *_rows(
        "vgg16", "vgg16", _VGG,
        ("64373286793e3c8b2b4e3219cbf3544b", 553_467_096),
        ("6d6bbae143d832006294945121d1f1fc", 58_889_256),
    ),
    *_rows(
        "vgg19", "vgg19", _VGG,
        ("cbe5617147190e668d6c5d5026f83318", 574_710_816),
        ("253f8cb515780f3b799900260a226db6", 80_134_624),
    ),
    *_rows(
        "resnet50", "resnet", _RESNET,
        ("2cb95161c43110f7111970584f804107", 102_967_424),
        ("4d473c1dd8becc155b73f8504c6f6626", 94_765_736),
    ),
    *_rows(
        "resnet101", "resnet", _RESNET,
        ("f1aeb4b969a6efcfb50fad2f0c20cfc5", 179_648_224),
        ("88cf7a10940856eca736dc7b7e228a21", 171_446_536),
    ),
    *_rows(
        "resnet152", "resnet", _RESNET,
        ("100835be76be38e30d865e96f2aaae62", None),
        ("ee4c566cf9a93f14d82f913c2dc6dd0c", 234_698_864),
    ),
)  # fmt: skip


def registered(model: str, include_top: bool = True) -> WeightsFile:
    """The published file for a network of the zoo.

    A file with the top serves a network without it too, if there is no other.

    Raises
    ------
    WeightsUnavailableError
        None is published.
    """
    rows = [row for row in REGISTRY if row.model == model]
    for row in rows:
        if row.include_top == include_top:
            return row
    if rows and not include_top:
        return rows[0]
    names = ", ".join(dict.fromkeys(row.model for row in REGISTRY))
    msg = f"no ImageNet weights are published for {model!r}; there are some for {names}"
    raise WeightsUnavailableError(msg)

"""Weights that are published for the networks of the zoo: where, which file, under what licence.

Facts: keras/src/applications (URLs, md5), the section "License" of each model in the documentation
of Keras 2.2 and the repositories it names (licences; of later models, the repositories' own),
transcripts of downloads (sizes), releases of fchollet/deep-learning-models and
keras-team/keras-applications (mirrors). PyTorch's files: see ``_registry_torch``; torchvision's
repository is under BSD-3-Clause, and so are its weights where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ._accuracy import accuracy
from ._errors import WeightsUnavailableError
from ._older import OLDER
from ._registry_torch import TIMM, TORCHVISION
from ._untrusted import is_beginning

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
        ``'md5:<hex>'`` or ``'sha256:<hex>'``, of PyTorch's files the first eight digits; None where
        the publisher gives none.
    size
        Bytes, where known.
    licence, source
        Under what terms, and from whom.
    arguments
        The network's own arguments that it is for, where they are not the defaults.
    image_size
        Rows and columns of the pictures it was trained with, where the network has files for
        several.
    mirrors
        Addresses of other folders with the same file.
    """

    model: str
    include_top: bool
    file: str
    base_url: str
    hash: str | None
    size: int | None
    licence: str
    source: str
    arguments: tuple[tuple[str, Any], ...] = ()
    image_size: int | None = None
    mirrors: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Complete address."""
        return self.base_url + self.file

    @property
    def shown_hash(self) -> str:
        """For people; dots follow where only the beginning is published."""
        if self.hash is None:
            return "no published hash"
        return self.hash + "..." if is_beginning(self.hash.partition(":")[2]) else self.hash

    @property
    def classes(self) -> int | None:
        """Outputs of the classifier; None without top."""
        return 1000 if self.include_top else None

    @property
    def preprocessing(self) -> str:
        """Key of ``theano_transfer.images.PREPROCESSING``."""
        from .. import zoo

        return zoo.record(self.model).preprocessing

    @property
    def accuracy(self) -> tuple[float, float | None] | None:
        """Percent of ImageNet's validation pictures: best, best five; None where not published."""
        return accuracy(self.model, self.arguments, self.image_size)

    @property
    def older(self) -> tuple[tuple[str, str], ...]:
        """(hash, what it is) of files that were published under this name before."""
        return OLDER.get(self.file, ())


_VGG = (
    "CC BY 4.0",
    "Visual Geometry Group, University of Oxford; converted by F. Chollet for Keras",
)
_RESNET = ("MIT", "K. He et al., Microsoft Research; converted for Keras")
_RESNET_V2 = ("BSD-3-Clause", "Facebook; converted for Keras")
_DENSENET = ("BSD-3-Clause", "G. Huang, Z. Liu et al.; converted for Keras")
_CHOLLET = ("MIT", "F. Chollet")
_MIRRORS = {
    **dict.fromkeys(("vgg16", "vgg19"), "fchollet/deep-learning-models/releases/download/v0.1/"),
    "xception": "fchollet/deep-learning-models/releases/download/v0.4/",
    "inception_v3": "fchollet/deep-learning-models/releases/download/v0.5/",
    "inception_resnet_v2": "fchollet/deep-learning-models/releases/download/v0.7/",
    "resnet": "keras-team/keras-applications/releases/download/resnet/",
    "densenet": "keras-team/keras-applications/releases/download/densenet/",
}
_GOOGLE = ("Apache-2.0", "Google (TensorFlow models); converted for Keras")
# The first EfficientNets lie beside that folder.
_OUTSIDE = "https://storage.googleapis.com/keras-applications/"
# Arguments of networks that leave their parameters what they are.
_WITHOUT_PARAMETERS = ("dropout", "dropout_rate", "include_preprocessing")
_ENDING = "_weights_tf_dim_ordering_tf_kernels"


def _rows(
    model: str,
    folder: str,
    rights: tuple[str, str],
    top: tuple[str, int | None],
    notop: tuple[str, int | None],
    *,
    files: tuple[str, str] | None = None,
    arguments: tuple[tuple[str, Any], ...] = (),
) -> tuple[WeightsFile, WeightsFile]:
    """Both files of a network; `folder` is an address, or a folder of Keras's."""
    licence, source = rights
    if files is None:
        files = f"{model}{_ENDING}.h5", f"{model}{_ENDING}_notop.h5"
    return tuple(  # type: ignore[return-value]
        WeightsFile(
            model=model,
            include_top=include_top,
            file=file,
            base_url=folder if "://" in folder else f"{KERAS}{folder}/",
            hash=f"md5:{md5}",
            size=size,
            licence=licence,
            source=source,
            arguments=arguments,
            mirrors=(f"https://github.com/{_MIRRORS[folder]}",) if folder in _MIRRORS else (),
        )
        for include_top, file, (md5, size) in zip((True, False), files, (top, notop))
    )


def _efficientnet(
    version: str, model: str, folder: str, top: str, notop: str
) -> tuple[WeightsFile, WeightsFile]:
    file = f"efficientnet{version}"
    files = (f"{file}.h5", f"{file}_notop.h5")
    return _rows(model, folder, _GOOGLE, (top, None), (notop, None), files=files)


def _mobilenets() -> Iterator[WeightsFile]:
    """Keras publishes no hashes of these; of the widest ones there are files for one size only."""
    widths = {0.35: 5, 0.5: 5, 0.75: 5, 1.0: 5, 1.3: 1, 1.4: 1}
    for alpha, sizes in widths.items():
        for size in (224, 192, 160, 128, 96)[:sizes]:
            file = f"mobilenet_v2{_ENDING}_{alpha}_{size}"
            yield from _without_hash("mobilenet_v2", file, alpha, size)
    for alpha, width in {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}.items():
        for size in (224, 192, 160, 128):
            file = f"mobilenet_{width}_{size}_tf"
            yield from _without_hash("mobilenet", file, alpha, size)


def _without_hash(model: str, file: str, alpha: float, size: int) -> Iterator[WeightsFile]:
    licence, source = _GOOGLE
    for include_top, ending in ((True, ""), (False, "_no_top")):
        yield WeightsFile(
            model=model,
            include_top=include_top,
            file=f"{file}{ending}.h5",
            base_url=f"{KERAS}{model}/",
            hash=None,
            size=None,
            licence=licence,
            source=source,
            arguments=() if alpha == 1 else (("alpha", alpha),),
            image_size=size,
        )


def _mobilenet_v3(
    which: str, key: str, top: str, notop: str, *arguments: tuple[str, Any]
) -> tuple[WeightsFile, WeightsFile]:
    file = f"weights_mobilenet_v3_{which}_{key}_float"
    return _rows(
        f"mobilenet_v3_{which}", "mobilenet_v3", _GOOGLE, (top, None), (notop, None),
        files=(f"{file}.h5", f"{file}_no_top_v2.h5"), arguments=arguments,
    )  # fmt: skip


def _torch(
    files: Mapping[str, str], base_url: str, rights: tuple[str, str]
) -> Iterator[WeightsFile]:
    licence, source = rights
    for model, file in files.items():
        digits = file.rpartition("-")[2].partition(".")[0]
        yield WeightsFile(
            model=model,
            include_top=True,
            file=file,
            base_url=base_url,
            hash=f"sha256:{digits}",
            size=None,
            licence=licence,
            source=source,
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
    *_rows(
        "resnet50_v2", "resnet", _RESNET_V2,
        ("3ef43a0b657b3be2300d5770ece849e0", None),
        ("fac2f116257151a9d068a22e544a4917", None),
        files=("resnet50v2" + _ENDING + ".h5", "resnet50v2" + _ENDING + "_notop.h5"),
    ),
    *_rows(
        "resnet101_v2", "resnet", _RESNET_V2,
        ("6343647c601c52e1368623803854d971", None),
        ("c0ed64b8031c3730f411d2eb4eea35b5", None),
        files=("resnet101v2" + _ENDING + ".h5", "resnet101v2" + _ENDING + "_notop.h5"),
    ),
    *_rows(
        "resnet152_v2", "resnet", _RESNET_V2,
        ("a49b44d1979771252814e80f8ec446f9", None),
        ("ed17cf2e0169df9d443503ef94b23b33", None),
        files=("resnet152v2" + _ENDING + ".h5", "resnet152v2" + _ENDING + "_notop.h5"),
    ),
    *_rows(
        "inception_v3", "inception_v3", _GOOGLE,
        ("9a0d58056eeedaa3f26cb7ebd46da564", None),
        ("bcbd6486424b2319ff4ef7d526e38f63", None),
    ),
    *_rows(
        "inception_resnet_v2", "inception_resnet_v2", _GOOGLE,
        ("e693bd0210a403b3192acc6073ad2e96", None),
        ("d19885ff4a710c122648d3b5c3b684e4", None),
    ),
    *_rows(
        "xception", "xception", _CHOLLET,
        ("0a58e3b7378bc2990ea3b43d5981f1f6", None),
        ("b0042744bf5b25fce3cb969f33bebb97", None),
    ),
    *_rows(
        "densenet121", "densenet", _DENSENET,
        ("9d60b8095a5708f2dcce2bca79d332c7", None),
        ("30ee3e1110167f948a6b9946edeeb738", None),
    ),
    *_rows(
        "densenet169", "densenet", _DENSENET,
        ("d699b8f76981ab1b30698df4c175e90b", None),
        ("b8c4d4c20dd625c148057b9ff1c1176b", None),
    ),
    *_rows(
        "densenet201", "densenet", _DENSENET,
        ("1ceb130c1ea1b78c3bf6114dbdfd8807", None),
        ("c13680b51ded0fb44dff2d8f86ac8bb1", None),
    ),
    *_rows(
        "nasnet_mobile", "nasnet", _GOOGLE,
        ("020fb642bf7360b370c678b08e0adf61", None),
        ("1ed92395b5b598bdda52abe5c0dbfd63", None),
        files=("NASNet-mobile.h5", "NASNet-mobile-no-top.h5"),
    ),
    *_efficientnet(
        "b0", "efficientnet_b0", _OUTSIDE,
        "902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d",
    ),
    *_efficientnet(
        "b1", "efficientnet_b1", _OUTSIDE,
        "1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432",
    ),
    *_efficientnet(
        "b2", "efficientnet_b2", _OUTSIDE,
        "b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39",
    ),
    *_efficientnet(
        "b3", "efficientnet_b3", _OUTSIDE,
        "ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226",
    ),
    *_efficientnet(
        "b4", "efficientnet_b4", _OUTSIDE,
        "18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba",
    ),
    *_efficientnet(
        "b5", "efficientnet_b5", _OUTSIDE,
        "ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f",
    ),
    *_efficientnet(
        "b6", "efficientnet_b6", _OUTSIDE,
        "165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743",
    ),
    *_efficientnet(
        "b7", "efficientnet_b7", _OUTSIDE,
        "8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a",
    ),
    *_efficientnet(
        "v2-b0", "efficientnet_v2_b0", "efficientnet_v2",
        "21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff",
    ),
    *_efficientnet(
        "v2-b1", "efficientnet_v2_b1", "efficientnet_v2",
        "069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37",
    ),
    *_efficientnet(
        "v2-b2", "efficientnet_v2_b2", "efficientnet_v2",
        "424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb",
    ),
    *_efficientnet(
        "v2-b3", "efficientnet_v2_b3", "efficientnet_v2",
        "1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856",
    ),
    *_efficientnet(
        "v2-s", "efficientnet_v2_s", "efficientnet_v2",
        "e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070",
    ),
    *_mobilenet_v3(
        "small", "224_1.0",
        "8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836",
    ),
    *_mobilenet_v3(
        "small", "224_0.75",
        "cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819",
        ("alpha", 0.75),
    ),
    *_mobilenet_v3(
        "small", "minimalistic_224_1.0",
        "99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4",
        ("minimalistic", True),
    ),
    *_mobilenet_v3(
        "large", "224_1.0",
        "59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389",
    ),
    *_mobilenet_v3(
        "large", "224_0.75",
        "765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e",
        ("alpha", 0.75),
    ),
    *_mobilenet_v3(
        "large", "minimalistic_224_1.0",
        "675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973",
        ("minimalistic", True),
    ),
    *_mobilenets(),
    *_torch(
        TORCHVISION,
        "https://download.pytorch.org/models/",
        ("BSD-3-Clause", "torchvision (PyTorch)"),
    ),
    *_torch(
        TIMM,
        "https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-weights/",
        ("Apache-2.0", "Google (TensorFlow TPU models); converted by R. Wightman for PyTorch"),
    ),
)  # fmt: skip


def registered(
    model: str,
    include_top: bool = True,
    *,
    arguments: Mapping[str, Any] | None = None,
    image_size: int | None = None,
) -> WeightsFile:
    """The published file for a network of the zoo.

    A file with the top serves a network without it too, if there is no other. Of files for
    several sizes of pictures, that for `image_size` is taken, or else that for the largest.

    Parameters
    ----------
    arguments
        The network's own arguments. What does not change its parameters may be among them.

    Raises
    ------
    WeightsUnavailableError
        None is published.
    """
    rows = [row for row in REGISTRY if row.model == model]
    if not rows:
        names = ", ".join(dict.fromkeys(row.model for row in REGISTRY))
        msg = f"no ImageNet weights are published for {model!r}; there are some for {names}"
        raise WeightsUnavailableError(msg)
    wanted = _shaping(model, arguments or {})
    rows = [row for row in rows if _shaping(model, dict(row.arguments)) == wanted]
    if not rows:
        given = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
        msg = f"no ImageNet weights are published for {model!r} with {given}"
        raise WeightsUnavailableError(msg)
    rows = [row for row in rows if row.include_top == include_top] or rows
    return next((row for row in rows if row.image_size == image_size), rows[0])


def _shaping(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments of a network's own that decide which parameters it has."""
    from .. import zoo

    complete = {**dict(zoo.record(model).arguments), **given}
    return {name: value for name, value in complete.items() if name not in _WITHOUT_PARAMETERS}

"""Keras weight files in HDF5, as named arrays.

Read are ``save_weights('x.h5')`` of Keras 1 and 2, which the hosted ImageNet files have too; whole
models, ``save('x.h5')``; ``save_weights('x.weights.h5')`` of Keras 3 and of TensorFlow 2.12 to
2.15; and what is inside a ``.keras`` archive. Of a configuration, if there is one, only names and
the epsilon of batch normalisation are taken here.
Facts: keras/src/legacy/saving/legacy_h5_format.py and keras/src/saving/saving_lib.py.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from ._errors import WeightsFileError
from ._hdf5 import SafeGroup
from ._keras_config import ModelConfig, epsilons, numbered_names, parse_config
from ._naming import naming_of
from ._sources import Source
from ._stored import StoredArray

# In Keras 1 names, running_std held the variance.
_ROLES = {
    "kernel": "W", "depthwise_kernel": "W", "W": "W",
    "bias": "b", "b": "b",
    "gamma": "gamma", "beta": "beta", "scale": "gamma", "alpha": "alpha",
    "moving_mean": "mean", "running_mean": "mean", "mean": "mean",
    "moving_variance": "var", "running_var": "var", "running_std": "var", "variance": "var",
    "count": "count",
    "pointwise_kernel": "pointwise", "recurrent_kernel": "recurrent_kernel",
}  # fmt: skip
_ANY_ROLE = "|".join(sorted(_ROLES, key=len, reverse=True))
# 'kernel', 'kernel:0', and of Keras 1 'block1_conv1_W_1:0', 'bn_conv1_running_std:0'
_NAME = re.compile(rf"(?:^|_)({_ANY_ROLE})(?:_\d+)?(?::\d+)?$")
# A layer of a Keras 3 file: 'conv2d', 'conv2d_1'.
_NUMBERED = re.compile(r"(.+?)(?:_(\d+))?")
_OLDER = "_layer_checkpoint_dependencies"  # what 'layers' was in TensorFlow 2.12 and 2.13
# The state of random numbers, of integers.
_NO_WEIGHTS = ("seed_generator", "_seed_generator", "_random_generator")

UNNAMED = "layers/"

Roles = OrderedDict  # of str to StoredArray
Place = tuple[str, ...]  # names of groups


@dataclass(frozen=True)
class KerasFile:
    """A Keras file as layers with arrays.

    Attributes
    ----------
    kind
        What it is, in words.
    version, backend
        Of the Keras that wrote it; empty where the file does not say.
    layers
        Place -> ``role -> array``. In files of Keras 1 and 2 a place is (group, layer), and the
        group a model where a model was used as a layer. In files of Keras 3 it is the path of
        classes with numbers, ('functional', 'conv2d_1'), and arrays are numbered.
    names
        In files of Keras 3, place -> the layer's name, where it is known.
    config
        The model, where the file has its configuration.
    """

    kind: str
    version: str
    backend: str
    layers: OrderedDict[Place, Roles] = field(repr=False)
    names: dict[Place, str] = field(repr=False, default_factory=dict)
    config: ModelConfig | None = field(repr=False, default=None)

    @property
    def numbered(self) -> bool:
        """Whether it numbers arrays, as Keras 3 does, in place of naming them."""
        return self.kind.startswith("Keras 3")


def is_keras(root: SafeGroup) -> bool:
    """Whether an open HDF5 file has one of Keras's layouts."""
    return _is_legacy(root) or any(root.has(name) for name in ("model_weights", "layers", _OLDER))


def open_keras(root: SafeGroup, config: str | None = None) -> KerasFile:
    """Interpret an open HDF5 file as Keras's; arrays are not yet read.

    Parameters
    ----------
    root
    config
        JSON text of the configuration, of an archive that has it beside the weights.

    Raises
    ------
    WeightsFileError
        It was written by a Keras before 1.0.
    """
    if root.has_attribute("nb_layers"):
        raise root.refusal("it was written by a Keras before 1.0; save it again with a newer one")
    if config is None and root.has_attribute("model_config"):
        config = root.text("model_config")
    model = None if config is None else parse_config(config)
    if not _is_legacy(root) and root.has("model_weights"):
        root = root.group("model_weights")
    if not _is_legacy(root):
        layers, names = _numbered_layers(root)
        if model is not None:
            names = {**numbered_names(model), **names}
        return KerasFile("Keras 3 weights", "3", "", layers, names, model)
    version = root.text("keras_version") or "1"
    kind = f"Keras {version.partition('.')[0]} weights"
    if kind.startswith("Keras 3"):
        kind = "weights in the layout of Keras 2, by Keras 3"
    return KerasFile(kind, version, root.text("backend") or "", _legacy_layers(root), {}, model)


def read_keras(root: SafeGroup, config: str | None = None) -> Source:
    """As :func:`open_keras`, every layer under its own name, those of models in it too.

    Layers of unknown name are called by their place: ``'layers/functional/conv2d_1'``.

    Raises
    ------
    WeightsFileError
        Also where two layers have one name.
    """
    return as_source(open_keras(root, config), root.path)


def as_source(file: KerasFile, path: str) -> Source:
    """The layers of a Keras file under their names."""
    arrays: OrderedDict[str, StoredArray] = OrderedDict()
    ranks: dict[str, list[tuple[str, int, str]]] = {}
    for place, roles in file.layers.items():
        name = file.names.get(place, UNNAMED + "/".join(place)) if file.numbered else place[-1]
        for role, array in roles.items():
            _add(path, arrays, f"{name}.{role}", array)
        if file.numbered:
            match = _NUMBERED.fullmatch(place[-1])
            assert match is not None
            entry = ("/".join(place[:-1]), int(match[2] or 0), name)
            ranks.setdefault(match[1], []).append(entry)
    naming = naming_of(arrays)
    if naming is not None and naming.refused:
        raise WeightsFileError(f"{path!r} is refused: {naming.refused}")
    epsilon = {} if file.config is None else epsilons(file.config)
    if naming is not None and naming.epsilon is not None:
        layers = {name.rpartition(".")[0] for name in arrays if name.endswith(".var")}
        epsilon = {**dict.fromkeys(layers, naming.epsilon), **epsilon}
    return Source(
        file.kind,
        path,
        arrays,
        axes="keras",
        flipped=file.backend == "theano",
        version=file.version,
        backend=file.backend,
        ranked={
            kind: [name for *_, name in sorted(found)]
            for kind, found in ranks.items()
            if len({outer for outer, *_ in found}) == 1  # else their order is not known
        },
        ordered=not file.numbered and _is_flat(file),
        naming=naming,
        epsilon=epsilon,
        whole=file.config is not None,
    )


def _is_flat(file: KerasFile) -> bool:
    """Whether no group holds the arrays of several layers."""
    groups = [group for group, _ in file.layers]
    return len(set(groups)) == len(groups)


def _is_legacy(root: SafeGroup) -> bool:
    return any(root.has_attribute(name) for name in ("layer_names", "layer_names0", "nb_layers"))


def _legacy_layers(root: SafeGroup) -> OrderedDict[Place, Roles]:
    """Group a layer, in it datasets 'scope/.../layer/role:0', or of Keras 1 'layer_role:0'.

    A model used as a layer is one group with the arrays of all its layers, trainable ones first,
    in an order that freezing has changed.
    """
    layers: OrderedDict[Place, Roles] = OrderedDict()
    # The order of the list is the model's; groups may be sorted. Long lists are split.
    starts = [name.partition("/")[0] for name in root.listed("layer_names")]
    listed = [name for name in starts if name and root.has(name)]
    for group in dict.fromkeys([*listed, *root.names()]):
        found = list(root.group(group).walk(skip=_NO_WEIGHTS))
        scopes = {path.rpartition("/")[0] for path, _ in found}
        for path, array in found:
            scope, _, name = path.rpartition("/")
            owner = _with_slashes(f"{group}/{scope}") or (
                scope.rpartition("/")[2] if len(scopes) > 1 else group
            )
            match = _NAME.search(name)
            roles = layers.setdefault((group, owner), OrderedDict())
            _add(root.path, roles, _ROLES[match[1]] if match else name, array, owner)
    return layers


def _with_slashes(place: str) -> str | None:
    """The layer 'conv1/conv', as Keras 2 allowed it, whose arrays lie under its name twice.

    Later versions of Keras call it 'conv1_conv'.
    """
    parts = place.split("/")
    half = len(parts) // 2
    if half > 1 and parts[:half] == parts[half:]:
        return "_".join(parts[:half])
    return None


def _numbered_layers(root: SafeGroup) -> tuple[OrderedDict[Place, Roles], dict[Place, str]]:
    """'layers/<class>/vars/<number>'; since Keras 3.6 the group 'vars' has the layer's name."""
    layers: OrderedDict[Place, Roles] = OrderedDict()
    names: dict[Place, str] = {}
    top = root.group("layers" if root.has("layers") else _OLDER)
    for path, array in top.walk(skip=_NO_WEIGHTS):
        owner, _, number = path.rpartition("/")
        parts = [part for part in owner.split("/") if part not in ("layers", _OLDER)]
        if len(parts) < 2 or parts[-1] != "vars":
            raise top.refusal(f"{path!r} is no array of a layer")
        place = tuple(parts[:-1])
        if place not in layers:
            layers[place] = OrderedDict()
            name = top.group(owner).text("name")
            if name is not None:
                names[place] = name
        _add(root.path, layers[place], number, array, "/".join(place))
    return layers, names


def _add(
    path: str,
    arrays: OrderedDict[str, StoredArray],
    name: str,
    array: StoredArray,
    layer: str = "",
) -> None:
    if name in arrays:
        called = f"{layer}.{name}" if layer else name
        msg = (
            f"{path!r} is refused: two arrays are both {called!r}: {arrays[name].location!r} and "
            f"{array.location!r}; the file cannot be read by layer names"
        )
        raise WeightsFileError(msg)
    arrays[name] = array


def layer_of(file: KerasFile, place: Mapping[str, Place]) -> Roles | None:
    """The arrays of a layer of the configuration.

    Parameters
    ----------
    file
    place
        Under ``'names'`` the path of models' and layer's names, under ``'numbers'`` that of Keras
        3's classes with numbers.
    """
    if file.numbered:
        return file.layers.get(place["numbers"])
    outer, inner = place["names"][0], place["names"][-1]
    found = file.layers.get((outer, inner)) or file.layers.get((outer, inner.replace("/", "_")))
    if found is None and outer != inner:
        # A model of one layer: nothing in its group tells whose the arrays are.
        alone = [key for key in file.layers if key[0] == outer]
        found = file.layers[alone[0]] if alone == [(outer, outer)] else None
    return found

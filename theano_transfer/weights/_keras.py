"""Keras weight files in HDF5, as named arrays.

Three layouts are read: ``save_weights('x.h5')`` of Keras 1 and 2, which the hosted ImageNet files
have too; whole models, ``save('x.h5')`` of Keras 2 and 3, of which the configuration is left
alone; and ``save_weights('x.weights.h5')`` of Keras 3.6 and later. Layers are matched by name.
Facts: keras/src/legacy/saving/legacy_h5_format.py and keras/src/saving/saving_lib.py.
"""

from __future__ import annotations

import re
from collections import OrderedDict

from ._hdf5 import SafeGroup
from ._sources import Source
from ._stored import StoredArray

# In Keras 1 names, running_std held the variance.
_ROLES = {
    "kernel": "W", "depthwise_kernel": "W", "W": "W",
    "bias": "b", "b": "b",
    "gamma": "gamma", "beta": "beta",
    "moving_mean": "mean", "running_mean": "mean", "mean": "mean",
    "moving_variance": "var", "running_var": "var", "running_std": "var", "variance": "var",
    "count": "count",
    "pointwise_kernel": "pointwise", "recurrent_kernel": "recurrent_kernel",
}  # fmt: skip
_ANY_ROLE = "|".join(sorted(_ROLES, key=len, reverse=True))
# 'kernel', 'kernel:0', and of Keras 1 'block1_conv1_W_1:0', 'bn_conv1_running_std:0'
_NAME = re.compile(rf"(?:^|_)({_ANY_ROLE})(?:_\d+)?(?::\d+)?$")
_OLD_RESNET = "res2a_branch2a"


def is_keras(root: SafeGroup) -> bool:
    """Whether an open HDF5 file has one of Keras's layouts."""
    return _is_legacy(root) or any(
        root.has(name) for name in ("model_weights", "layers", "_layer_checkpoint_dependencies")
    )


def read_keras(root: SafeGroup) -> Source:
    """Interpret an open HDF5 file as Keras's; arrays are not yet read.

    Raises
    ------
    WeightsFileError
        Layouts and models that are known and not read: Keras before 1.0 and 3.0 to 3.5, the
        ResNet50 of Keras before 2.2.3.
    """
    if root.has_attribute("nb_layers"):
        raise root.refusal("it was written by a Keras before 1.0; save it again with a newer one")
    if not _is_legacy(root) and root.has("model_weights"):
        root = root.group("model_weights")
    if _is_legacy(root):
        arrays = _legacy_arrays(root)
        version = root.text("keras_version") or "1"
        backend = root.text("backend")
        kind = f"Keras {version.partition('.')[0]} weights"
    elif root.has("layers"):
        arrays = _numbered_arrays(root)
        backend = None
        kind = "Keras 3 weights"
    else:
        raise root.refusal(
            "it was written by Keras 3.0 to 3.5 or TensorFlow 2.12 to 2.15, whose .weights.h5 "
            "holds no layer names; load it there and save the model with model.save('x.h5')"
        )
    if any(name.startswith(f"{_OLD_RESNET}.") for name in arrays):
        raise root.refusal(
            f"it is the ResNet50 of Keras before 2.2.3 (layer {_OLD_RESNET!r}), a slightly "
            "different network (batch normalisation epsilon 1e-3, not 1.001e-5); use the current "
            "file, which weights='imagenet' fetches"
        )
    return Source(kind, root.path, arrays, axes="keras", flipped=backend == "theano")


def _is_legacy(root: SafeGroup) -> bool:
    # The list of names is not needed: each layer is a group. Long lists are split over numbers.
    return any(root.has_attribute(name) for name in ("layer_names", "layer_names0", "nb_layers"))


def _legacy_arrays(root: SafeGroup) -> OrderedDict[str, StoredArray]:
    """Group a layer, in it datasets 'scope/.../layer/role:0', or of Keras 1 'layer_role:0'.

    A model used as a layer is one group with the arrays of all its layers; these are taken as
    layers of the whole.
    """
    arrays: OrderedDict[str, StoredArray] = OrderedDict()
    for layer in root.names():
        found = list(root.group(layer).walk())
        scopes = {path.rpartition("/")[0] for path, _ in found}
        for path, array in found:
            scope, _, name = path.rpartition("/")
            owner = _with_slashes(f"{layer}/{scope}") or (
                scope.rpartition("/")[2] if len(scopes) > 1 else layer
            )
            match = _NAME.search(name)
            role = _ROLES[match[1]] if match else name
            _add(root, arrays, f"{owner}.{role}", array)
    return arrays


def _with_slashes(place: str) -> str | None:
    """The layer 'conv1/conv', as Keras 2 allowed it, whose arrays lie under its name twice.

    Later versions of Keras call it 'conv1_conv'.
    """
    parts = place.split("/")
    half = len(parts) // 2
    if half > 1 and parts[:half] == parts[half:]:
        return "_".join(parts[:half])
    return None


def _numbered_arrays(root: SafeGroup) -> OrderedDict[str, StoredArray]:
    """'layers/<class>/vars/<number>', where the group 'vars' has the layer's name."""
    arrays: OrderedDict[str, StoredArray] = OrderedDict()
    names: dict[str, str] = {}
    for path, array in root.walk():
        owner, _, number = path.rpartition("/")
        if path.startswith("optimizer/"):
            continue
        if owner not in names:
            name = root.group(owner).text("name") if owner.endswith("/vars") else None
            if name is None:
                raise root.refusal(
                    f"the layer of {path!r} has no name (Keras before 3.6); load it in Keras and "
                    "save the model with model.save('x.h5')"
                )
            names[owner] = name
        _add(root, arrays, f"{names[owner]}.{number}", array)
    return arrays


def _add(
    root: SafeGroup, arrays: OrderedDict[str, StoredArray], name: str, array: StoredArray
) -> None:
    if name in arrays:
        raise root.refusal(
            f"two arrays are both {name!r}: {arrays[name].location!r} and {array.location!r}; "
            "the file cannot be read by layer names"
        )
    arrays[name] = array

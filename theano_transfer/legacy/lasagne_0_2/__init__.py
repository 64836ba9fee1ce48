"""What Lasagne 0.2.dev1 documents and Lasagne 0.1 lacks or does otherwise.

Version 0.2 was never released; nearly all programs were written for it. :func:`complete` gives the
modules of an installed Lasagne its names. An installed 0.2.dev1 gets only what it lacks.
"""

from __future__ import annotations

import importlib
import sys
import types

# The module of Lasagne 0.2 -> ours -> the names it has of us. Names of ``lasagne.layers.*`` are
# names of ``lasagne.layers`` too, except those of modules for GPUs.
NAMES = {
    "lasagne.utils": {"_utils": "create_param collect_shared_vars inspect_kwargs unroll_scan"},
    "lasagne.nonlinearities": {
        "_nonlinearities": "ScaledTanH ScaledTanh scaled_tanh SELU selu elu softplus"
    },
    "lasagne.objectives": {
        "_objectives": "align_targets binary_crossentropy squared_error binary_hinge_loss "
        "multiclass_hinge_loss huber_loss binary_accuracy categorical_accuracy"
    },
    "lasagne.updates": {"_updates": "get_or_compute_grads adamax amsgrad"},
    "lasagne.theano_extensions.conv": {
        "_conv": "conv1d_sc conv1d_mc0 conv1d_mc1 conv1d_unstrided conv1d_sd conv1d_md"
    },
    "lasagne.layers.helper": {
        "_network": "get_output get_all_params count_params get_all_param_values "
        "set_all_param_values"
    },
    "lasagne.layers.dense": {"_dense": "DenseLayer"},
    "lasagne.layers.noise": {
        "_noise": "DropoutLayer dropout dropout_channels spatial_dropout dropout_locations"
    },
    "lasagne.layers.shape": {"_shape": "SliceLayer"},
    "lasagne.layers.merge": {
        "_merge": "autocrop autocrop_array_shapes ConcatLayer concat ElemwiseMergeLayer "
        "ElemwiseSumLayer"
    },
    "lasagne.layers.conv": {
        "_conv": "BaseConvLayer Conv1DLayer Conv2DLayer Conv3DLayer DilatedConv2DLayer",
        "_transposed": "conv_input_length TransposedConv1DLayer Deconv1DLayer "
        "TransposedConv2DLayer Deconv2DLayer TransposedConv3DLayer Deconv3DLayer",
    },
    "lasagne.layers.local": {"_local": "LocallyConnected2DLayer"},
    "lasagne.layers.pool": {
        "_pool": "Pool1DLayer Pool2DLayer Pool3DLayer MaxPool1DLayer MaxPool2DLayer "
        "MaxPool3DLayer Upscale1DLayer Upscale2DLayer Upscale3DLayer SpatialPyramidPoolingLayer "
        "GlobalPoolLayer"
    },
    "lasagne.layers.recurrent": {
        "_recurrence": "Gate",
        "_recurrent": "CustomRecurrentLayer RecurrentLayer",
        "_gated": "LSTMLayer GRULayer",
    },
    "lasagne.layers.normalization": {
        "_batch_norm": "BatchNormLayer batch_norm",
        "_lrn": "LocalResponseNormalization2DLayer",
        "_standardization": "StandardizationLayer instance_norm layer_norm",
    },
    "lasagne.layers.special": {
        "_special": "NonlinearityLayer BiasLayer ScaleLayer standardize ExpressionLayer "
        "InverseLayer",
        "_prelu": "ParametricRectifierLayer prelu RandomizedRectifierLayer rrelu",
        "_transformer": "TransformerLayer TPSTransformerLayer",
    },
    "lasagne.layers.dnn": {
        "_dnn": "Conv2DDNNLayer Conv3DDNNLayer Pool2DDNNLayer MaxPool2DDNNLayer Pool3DDNNLayer "
        "MaxPool3DDNNLayer SpatialPyramidPoolingDNNLayer BatchNormDNNLayer batch_norm_dnn"
    },
    "lasagne.layers.corrmm": {"_dnn": "Conv2DMMLayer"},
    "lasagne.layers.cuda_convnet": {
        "_cuda_convnet": "Conv2DCCLayer MaxPool2DCCLayer ShuffleBC01ToC01BLayer bc01_to_c01b "
        "ShuffleC01BToBC01Layer c01b_to_bc01 NINLayer_c01b"
    },
}

# Modules that no processor can import from Lasagne itself.
FOR_GPUS = ("lasagne.layers.dnn", "lasagne.layers.corrmm", "lasagne.layers.cuda_convnet")
# Another name for the same.
ALIASES = {
    "ScaledTanh": "ScaledTanH",
    "dropout": "DropoutLayer",
    "spatial_dropout": "dropout_channels",
    "concat": "ConcatLayer",
    **{f"Deconv{n}DLayer": f"TransposedConv{n}DLayer" for n in (1, 2, 3)},
    **{f"conv1d_{kind}": "conv1d" for kind in ("sc", "mc0", "mc1", "unstrided", "sd", "md")},
}


def complete():
    """Give the installed Lasagne the names of 0.2.dev1. Called once, after it is imported."""
    layers = importlib.import_module("lasagne.layers")
    old = not hasattr(layers, "BatchNormLayer")
    if old:
        _part("_base").mend_base()
    # Layers find each other's bases in lasagne, so this goes module by module.
    for module_name, parts in NAMES.items():
        module = _module(module_name, layers)
        for part, names in parts.items():
            for name in names.split():
                if not old and hasattr(module, name):
                    continue
                value = getattr(_part(part), ALIASES.get(name, name))
                _at_home(value, name, module_name)
                setattr(module, name, value)
                if module.__name__ not in FOR_GPUS and module_name.startswith("lasagne.layers."):
                    setattr(layers, name, value)


def _part(name):
    return importlib.import_module(f"{__name__}.{name}")


def _module(name, layers):
    """The module of that name, made where Lasagne has none that can be imported."""
    if name in sys.modules:
        return sys.modules[name]
    if name not in FOR_GPUS:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            pass
    module = types.ModuleType(name)
    sys.modules[name] = module
    setattr(layers, name.rpartition(".")[2], module)
    return module


def _at_home(value, name, module_name):
    """Have pickles of `value` name Lasagne's public module, as they always did."""
    if getattr(value, "__name__", None) == name and value.__module__.startswith(__name__):
        value.__module__ = module_name

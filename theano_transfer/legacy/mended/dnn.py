"""``theano.gpuarray.dnn`` and ``theano.sandbox.cuda.dnn``: cuDNN's functions on the CPU.

Unlike ``nnet.conv2d`` they know dilation and correlation by name, and pool without the border.
"""

from aesara.tensor import as_tensor_variable
from aesara.tensor.nnet import abstract_conv, batchnorm
from aesara.tensor.special import softmax

from theano_transfer.legacy.mended.pooling import pool_2d, pool_3d


def dnn_available(context_name=None):
    """Whether the functions of this module work: they do, on the CPU."""
    return True


vars(dnn_available).update(avail=True, msg=None)


def dnn_present():
    """:func:`dnn_available`"""
    return True


def version(raises=True):
    """The version of cuDNN whose functions these are."""
    return 7605


def dnn_conv(
    img,
    kerns,
    border_mode="valid",
    subsample=(1, 1),
    dilation=(1, 1),
    conv_mode="conv",
    direction_hint=None,
    workmem=None,
    algo=None,
    precision=None,
    num_groups=1,
):
    """Convolve the images `img` with `kerns`.

    Parameters
    ----------
    img : tensor (batch, channels, rows, columns)
    kerns : tensor (filters, channels, rows, columns)
    border_mode : {'valid', 'full', 'half'}, int or pair of ints
    conv_mode : {'conv', 'cross'}
        Whether filters are flipped.
    direction_hint, workmem, algo, precision
        Of cuDNN's algorithms; no effect.
    """
    return abstract_conv.conv2d(
        img,
        kerns,
        border_mode=border_mode,
        subsample=subsample,
        filter_flip=_flipped(conv_mode),
        filter_dilation=dilation,
        num_groups=num_groups,
    )


def dnn_conv3d(
    img,
    kerns,
    border_mode="valid",
    subsample=(1, 1, 1),
    dilation=(1, 1, 1),
    conv_mode="conv",
    direction_hint=None,
    algo=None,
    precision=None,
    num_groups=1,
    workmem=None,
):
    """:func:`dnn_conv` with three spatial axes."""
    return abstract_conv.conv3d(
        img,
        kerns,
        border_mode=border_mode,
        subsample=subsample,
        filter_flip=_flipped(conv_mode),
        filter_dilation=dilation,
        num_groups=num_groups,
    )


def dnn_gradweight(
    img,
    topgrad,
    kerns_shp,
    border_mode="valid",
    subsample=(1, 1),
    dilation=(1, 1),
    conv_mode="conv",
    precision=None,
    algo=None,
    num_groups=1,
):
    """The gradient of :func:`dnn_conv` with respect to filters of shape `kerns_shp`."""
    return abstract_conv.conv2d_grad_wrt_weights(
        img,
        topgrad,
        tuple(kerns_shp),
        border_mode=border_mode,
        subsample=subsample,
        filter_flip=_flipped(conv_mode),
        filter_dilation=dilation,
        num_groups=num_groups,
    )


def dnn_gradinput(
    kerns,
    topgrad,
    img_shp,
    border_mode="valid",
    subsample=(1, 1),
    dilation=(1, 1),
    conv_mode="conv",
    precision=None,
    algo=None,
    num_groups=1,
):
    """The gradient of :func:`dnn_conv` with respect to images of shape `img_shp`."""
    return abstract_conv.conv2d_grad_wrt_inputs(
        topgrad,
        kerns,
        tuple(img_shp),
        border_mode=border_mode,
        subsample=subsample,
        filter_flip=_flipped(conv_mode),
        filter_dilation=dilation,
        num_groups=num_groups,
    )


def dnn_pool(img, ws, stride=None, mode="max", pad=None, nd=None):
    """Pool the last two axes of `img`, or three where `ws` has three; borders are left out.

    `mode`: ``'max'``, ``'sum'``, ``'average_inc_pad'`` or ``'average_exc_pad'``; ``'average'``
    and ``'max_deterministic'`` are names for the third and first.
    """
    mode = {"average": "average_inc_pad", "max_deterministic": "max"}.get(mode, mode)
    pool = pool_2d if len(ws) == 2 else pool_3d
    stride = (1,) * len(ws) if stride is None else stride
    pad = (0,) * len(ws) if pad is None else pad
    return pool(img, tuple(ws), ignore_border=True, stride=stride, pad=pad, mode=mode)


def GpuDnnSoftmax(algo="accurate", mode="channel", *older):
    """The function that takes the softmax: ``'channel'``, over axis 1; ``'instance'``, over all.

    `algo`: ``'fast'``, ``'accurate'`` or ``'log'``, its logarithm. The first version took
    ``(tensor_format, algo, mode)``.
    """
    if older:
        algo, mode = mode, older[0]

    def op(x):
        x = as_tensor_variable(x)
        rows = x if mode == "channel" else x.flatten(2)
        result = softmax(rows, axis=1)
        result = result.log() if algo == "log" else result
        return result.reshape(x.shape) if mode == "instance" else result

    return op


def dnn_batch_normalization_train(
    inputs,
    gamma,
    beta,
    mode="per-activation",
    epsilon=1e-4,
    running_average_factor=0.1,
    running_mean=None,
    running_var=None,
):
    """Normalise `inputs` by their batch; see ``nnet.bn.batch_normalization_train``."""
    return batchnorm.batch_normalization_train(
        inputs, gamma, beta, mode, epsilon, running_average_factor, running_mean, running_var
    )


def dnn_batch_normalization_test(
    inputs, gamma, beta, mean, var, mode="per-activation", epsilon=1e-4
):
    """Normalise `inputs` by `mean` and `var`; see ``nnet.bn.batch_normalization_test``."""
    return batchnorm.batch_normalization_test(inputs, gamma, beta, mean, var, mode, epsilon)


def _flipped(conv_mode):
    if conv_mode not in ("conv", "cross"):
        raise ValueError(f"conv_mode is 'conv' or 'cross', not {conv_mode!r}")
    return conv_mode == "conv"


__all__ = [
    "GpuDnnSoftmax",
    "dnn_available",
    "dnn_batch_normalization_test",
    "dnn_batch_normalization_train",
    "dnn_conv",
    "dnn_conv3d",
    "dnn_gradinput",
    "dnn_gradweight",
    "dnn_pool",
    "dnn_present",
    "version",
]

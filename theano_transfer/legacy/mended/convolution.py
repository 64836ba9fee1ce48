"""Convolutions under their old names and arguments."""

import aesara.tensor.nnet.abstract_conv as abstract_conv
from aesara.tensor import as_tensor_variable
from aesara.tensor.basic import get_scalar_constant_value
from aesara.tensor.nnet import conv2d as aesara_conv2d

# Settings of the loops of ConvOp, which these convolutions do not need.
_OF_CONV_OP = {
    "unroll_batch",
    "unroll_kern",
    "unroll_patch",
    "openmp",
    "imshp",
    "kshp",
    "verbose",
    "version",
    "direction_hint",
}


def conv2d(
    input,
    filters,
    input_shape=None,
    filter_shape=None,
    border_mode="valid",
    subsample=(1, 1),
    filter_flip=True,
    image_shape=None,
    filter_dilation=(1, 1),
    num_groups=1,
    unshared=False,
    **kwargs,
):
    """Convolve the images `input` with `filters`; see :func:`aesara.tensor.nnet.conv2d`.

    Parameters
    ----------
    input : tensor (batch, channels, rows, columns)
    filters : tensor (filters, channels, rows, columns)
    input_shape : tuple of four, each an int or None
        First called `image_shape`.
    border_mode : {'valid', 'full', 'half'}, int, pair or pair of pairs
    filter_flip : bool
        True: a convolution; False: a correlation.
    """
    _check(kwargs)
    if input_shape is not None and image_shape is not None:
        raise ValueError(
            "input_shape and image_shape are one argument under two names: give one of them"
        )
    return aesara_conv2d(
        input,
        filters,
        input_shape=image_shape if input_shape is None else input_shape,
        filter_shape=filter_shape,
        border_mode=border_mode,
        subsample=subsample,
        filter_flip=filter_flip,
        filter_dilation=filter_dilation,
        num_groups=num_groups,
        unshared=unshared,
    )


def conv_conv2d(
    input,
    filters,
    image_shape=None,
    filter_shape=None,
    border_mode="valid",
    subsample=(1, 1),
    **kargs,
):
    """The first ``conv.conv2d``: filters are flipped, `border_mode` is 'valid' or 'full'."""
    return conv2d(
        input, filters, _known(image_shape), _known(filter_shape), border_mode, subsample, **kargs
    )


def signal_conv2d(
    input,
    filters,
    image_shape=None,
    filter_shape=None,
    border_mode="valid",
    subsample=(1, 1),
    **kargs,
):
    """Convolve each image with each filter.

    Parameters
    ----------
    input : tensor ([images,] rows, columns)
    filters : tensor ([filters,] rows, columns)
    image_shape, filter_shape : tuples of two or three ints, optional
    border_mode : {'valid', 'full'}

    Returns
    -------
    tensor ([images,] [filters,] rows, columns)
    """
    _check(kargs)
    input, filters = as_tensor_variable(input), as_tensor_variable(filters)
    for name, x in (("input", input), ("filters", filters)):
        if x.ndim not in (2, 3):
            raise ValueError(f"{name} has two or three axes, not {x.ndim}")
    images, kernels = ((x if x.ndim == 3 else x[None])[:, None] for x in (input, filters))
    result = conv2d(images, kernels, border_mode=border_mode, subsample=subsample)
    if filters.ndim == 2:
        result = result[:, 0]
    return result[0] if input.ndim == 2 else result


def _check(options):
    if "imshp_logical" in options or "kshp_logical" in options:
        raise NotImplementedError(
            "imshp_logical and kshp_logical are not served: use filter_dilation, or "
            "abstract_conv.conv2d_grad_wrt_inputs for a convolution of an image with holes"
        )
    unknown = set(options) - _OF_CONV_OP
    if unknown:
        raise TypeError(f"conv2d has no arguments {sorted(unknown)}")


def _known(shape):
    """Constant variables among lengths as the numbers that they are."""
    if shape is None:
        return None
    return tuple(None if n is None else int(get_scalar_constant_value(n)) for n in shape)


conv3d = abstract_conv.conv3d

__all__ = ["conv2d", "conv3d"]

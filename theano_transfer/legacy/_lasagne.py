"""What Lasagne 0.1 needs to compute rightly, and fast, under Aesara."""

import theano
import theano.tensor as T
from lasagne import nonlinearities, utils
from lasagne.layers import Conv2DLayer

_with_any_callable = Conv2DLayer.get_output_for
_with_a_copy = utils.create_param


def mend():
    """Replace what works around the convolutions and the expressions of 2015."""
    Conv2DLayer.get_output_for = _conv2d_get_output_for
    utils.create_param = _create_param
    # The function itself is a default argument of many layers already: it gets another body.
    nonlinearities.rectify.__code__ = _rectify.__code__


def _create_param(spec, shape, name=None):
    """As Lasagne, but zeros that no memory is spent on yet are not copied into memory."""
    if getattr(spec, "untouched", False):
        return theano.shared(spec(shape), name=name, borrow=True)
    return _with_a_copy(spec, shape, name)


def _rectify(x):
    from theano_transfer.legacy.mended.nnet import relu

    return relu(x)


def _conv2d_get_output_for(self, input, input_shape=None, **kwargs):
    """One convolution with padding, where Lasagne 0.1 pads first or crops a full one.

    ``pad='same'`` pads an even filter by one less at the far side, as Lasagne documents.
    """
    if self.convolution is not T.nnet.conv2d:  # somebody's own, which may not know paddings
        return _with_any_callable(self, input, input_shape=input_shape, **kwargs)
    if self.pad == "same":
        border_mode = tuple((size // 2, (size - 1) // 2) for size in self.filter_size)
    else:
        border_mode = self.pad
    activation = T.nnet.conv2d(
        input,
        self.W,
        input_shape=self.input_shape if input_shape is None else input_shape,
        filter_shape=self.get_W_shape(),
        border_mode=border_mode,
        subsample=self.stride,
    )
    if self.b is not None:
        pattern = ("x", 0, 1, 2) if self.untie_biases else ("x", 0, "x", "x")
        activation = activation + self.b.dimshuffle(*pattern)
    return self.nonlinearity(activation)

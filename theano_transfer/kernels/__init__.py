"""Convolution, pooling and batch normalisation over oneDNN, put where Aesara needs them.

Importing this package registers the rewrites; from then on every compiled function has them.
"""

from theano_transfer.kernels import (
    _bfloat16,
    _channels_last,
    _compile_ahead,
    _constants,
    _conv3d,
    _fusion,
    _headers,
    _many_terms,
    _rewrites,
    _static_sizes,
    _updates,
)
from theano_transfer.kernels._batch_norm import BatchNormInference as BatchNormInference
from theano_transfer.kernels._batch_norm import BatchNormTrain as BatchNormTrain
from theano_transfer.kernels._batch_norm import BatchNormTrainGrad as BatchNormTrainGrad
from theano_transfer.kernels._bfloat16 import PRECISIONS as PRECISIONS
from theano_transfer.kernels._bfloat16 import mode_for as mode_for
from theano_transfer.kernels._conv import Conv2d as Conv2d
from theano_transfer.kernels._conv import Conv2dGradInputs as Conv2dGradInputs
from theano_transfer.kernels._conv import Conv2dGradWeights as Conv2dGradWeights
from theano_transfer.kernels._depthwise_block import DepthwiseBlock as DepthwiseBlock
from theano_transfer.kernels._fusion import is_rectified as is_rectified
from theano_transfer.kernels._library import without as without
from theano_transfer.kernels._onednn import SlowPathWarning as SlowPathWarning
from theano_transfer.kernels._onednn import find_onednn as find_onednn
from theano_transfer.kernels._onednn import missing as missing
from theano_transfer.kernels._pool import Pool2d as Pool2d
from theano_transfer.kernels._pool import Pool2dGrad as Pool2dGrad
from theano_transfer.kernels._pool import pool2d as pool2d

_headers.install()
_compile_ahead.register()
_constants.install()
_static_sizes.install()
_rewrites.register()
_conv3d.register()
_fusion.register()
_bfloat16.register()
_channels_last.register()
_updates.register()
_many_terms.install()

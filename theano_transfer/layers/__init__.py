"""Lasagne layers that pretrained networks need and Lasagne 0.1 lacks.

They follow Lasagne's contract (``get_output_shape_for``, ``get_output_for``, parameters through
``add_param``) and mix freely with its own layers. Images are (batch, channel, row, column).
"""

from theano_transfer.layers._affine import AffineLayer as AffineLayer
from theano_transfer.layers._batch_norm import BatchNormLayer as BatchNormLayer
from theano_transfer.layers._concat import ConcatChannelsLayer as ConcatChannelsLayer
from theano_transfer.layers._conv import Conv2DLayer as Conv2DLayer
from theano_transfer.layers._conv import DepthwiseConv2DLayer as DepthwiseConv2DLayer
from theano_transfer.layers._crop import Crop2DLayer as Crop2DLayer
from theano_transfer.layers._excite import ExciteLayer as ExciteLayer
from theano_transfer.layers._excite import SqueezeLayer as SqueezeLayer
from theano_transfer.layers._flatten import ChannelsLastFlattenLayer as ChannelsLastFlattenLayer
from theano_transfer.layers._flatten import ChannelsLastReshapeLayer as ChannelsLastReshapeLayer
from theano_transfer.layers._lrn import LocalResponseNormLayer as LocalResponseNormLayer
from theano_transfer.layers._merge import BroadcastMergeLayer as BroadcastMergeLayer
from theano_transfer.layers._merge import DotLayer as DotLayer
from theano_transfer.layers._nonlinearities import hard_sigmoid as hard_sigmoid
from theano_transfer.layers._nonlinearities import hard_swish as hard_swish
from theano_transfer.layers._nonlinearities import relu6 as relu6
from theano_transfer.layers._nonlinearities import swish as swish
from theano_transfer.layers._norms import GroupNormLayer as GroupNormLayer
from theano_transfer.layers._norms import LayerNormLayer as LayerNormLayer
from theano_transfer.layers._pool import Pool2DLayer as Pool2DLayer
from theano_transfer.layers._pool import ZeroPad2DLayer as ZeroPad2DLayer
from theano_transfer.layers._position_dense import PositionDenseLayer as PositionDenseLayer
from theano_transfer.layers._rescale import RescaleLayer as RescaleLayer
from theano_transfer.layers._rescale import StandardizeLayer as StandardizeLayer
from theano_transfer.layers._resize import Resize2DLayer as Resize2DLayer
from theano_transfer.layers._same_pad import SamePad2DLayer as SamePad2DLayer
from theano_transfer.layers._separable import SeparableConv2DLayer as SeparableConv2DLayer
from theano_transfer.layers._sequence import SequenceLayer as SequenceLayer
from theano_transfer.layers._shared import SharedLayer as SharedLayer
from theano_transfer.layers._stochastic_depth import StochasticDepthLayer as StochasticDepthLayer
from theano_transfer.layers._transposed import TransposedConv2DLayer as TransposedConv2DLayer

"""Architectures with published weights, as graphs of Lasagne layers.

An architecture is one file: a table, a builder that reads from input to output, and its entry
points, made by ``register``. It is in the zoo once it is listed here.
"""

from theano_transfer.zoo._efficientnet_lite import efficientnet_lite0 as efficientnet_lite0
from theano_transfer.zoo._mobilenet_v2 import mobilenet_v2 as mobilenet_v2
from theano_transfer.zoo._network import Network as Network
from theano_transfer.zoo._record import ModelRecord as ModelRecord
from theano_transfer.zoo._registry import build as build
from theano_transfer.zoo._registry import models as models
from theano_transfer.zoo._registry import record as record
from theano_transfer.zoo._registry import variants as variants
from theano_transfer.zoo._resnet import resnet50 as resnet50
from theano_transfer.zoo._resnet import resnet101 as resnet101
from theano_transfer.zoo._resnet import resnet152 as resnet152
from theano_transfer.zoo._vgg import vgg16 as vgg16
from theano_transfer.zoo._vgg import vgg19 as vgg19

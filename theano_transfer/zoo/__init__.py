"""Architectures with published weights, as graphs of Lasagne layers.

An architecture is one file: a table, a builder that reads from input to output, and its entry
points, made by ``register``. It is in the zoo once it is listed here.
"""

from theano_transfer.zoo._caffenet import caffenet as caffenet
from theano_transfer.zoo._densenet import densenet121 as densenet121
from theano_transfer.zoo._densenet import densenet169 as densenet169
from theano_transfer.zoo._densenet import densenet201 as densenet201
from theano_transfer.zoo._efficientnet import efficientnet_b0 as efficientnet_b0
from theano_transfer.zoo._efficientnet import efficientnet_b1 as efficientnet_b1
from theano_transfer.zoo._efficientnet import efficientnet_b2 as efficientnet_b2
from theano_transfer.zoo._efficientnet import efficientnet_b3 as efficientnet_b3
from theano_transfer.zoo._efficientnet import efficientnet_b4 as efficientnet_b4
from theano_transfer.zoo._efficientnet import efficientnet_b5 as efficientnet_b5
from theano_transfer.zoo._efficientnet import efficientnet_b6 as efficientnet_b6
from theano_transfer.zoo._efficientnet import efficientnet_b7 as efficientnet_b7
from theano_transfer.zoo._efficientnet_lite import efficientnet_lite0 as efficientnet_lite0
from theano_transfer.zoo._efficientnet_lite import efficientnet_lite1 as efficientnet_lite1
from theano_transfer.zoo._efficientnet_lite import efficientnet_lite2 as efficientnet_lite2
from theano_transfer.zoo._efficientnet_lite import efficientnet_lite3 as efficientnet_lite3
from theano_transfer.zoo._efficientnet_lite import efficientnet_lite4 as efficientnet_lite4
from theano_transfer.zoo._efficientnet_v2 import efficientnet_v2_b0 as efficientnet_v2_b0
from theano_transfer.zoo._efficientnet_v2 import efficientnet_v2_b1 as efficientnet_v2_b1
from theano_transfer.zoo._efficientnet_v2 import efficientnet_v2_b2 as efficientnet_v2_b2
from theano_transfer.zoo._efficientnet_v2 import efficientnet_v2_b3 as efficientnet_v2_b3
from theano_transfer.zoo._efficientnet_v2 import efficientnet_v2_s as efficientnet_v2_s
from theano_transfer.zoo._features import FeatureMap as FeatureMap
from theano_transfer.zoo._googlenet import googlenet as googlenet
from theano_transfer.zoo._inception_resnet_v2 import (
    inception_resnet_v2 as inception_resnet_v2,
)
from theano_transfer.zoo._inception_v3 import inception_v3 as inception_v3
from theano_transfer.zoo._mobilenet import mobilenet as mobilenet
from theano_transfer.zoo._mobilenet_v2 import mobilenet_v2 as mobilenet_v2
from theano_transfer.zoo._mobilenet_v3 import mobilenet_v3_large as mobilenet_v3_large
from theano_transfer.zoo._mobilenet_v3 import mobilenet_v3_small as mobilenet_v3_small
from theano_transfer.zoo._nasnet import nasnet_mobile as nasnet_mobile
from theano_transfer.zoo._network import Network as Network
from theano_transfer.zoo._nin import nin_cifar10 as nin_cifar10
from theano_transfer.zoo._record import ModelRecord as ModelRecord
from theano_transfer.zoo._registry import build as build
from theano_transfer.zoo._registry import models as models
from theano_transfer.zoo._registry import record as record
from theano_transfer.zoo._registry import variants as variants
from theano_transfer.zoo._resnet import resnet50 as resnet50
from theano_transfer.zoo._resnet import resnet101 as resnet101
from theano_transfer.zoo._resnet import resnet152 as resnet152
from theano_transfer.zoo._resnet_basic import resnet18 as resnet18
from theano_transfer.zoo._resnet_basic import resnet34 as resnet34
from theano_transfer.zoo._resnet_v2 import resnet50_v2 as resnet50_v2
from theano_transfer.zoo._resnet_v2 import resnet101_v2 as resnet101_v2
from theano_transfer.zoo._resnet_v2 import resnet152_v2 as resnet152_v2
from theano_transfer.zoo._squeezenet import squeezenet1_0 as squeezenet1_0
from theano_transfer.zoo._squeezenet import squeezenet1_1 as squeezenet1_1
from theano_transfer.zoo._vgg import vgg11 as vgg11
from theano_transfer.zoo._vgg import vgg11_bn as vgg11_bn
from theano_transfer.zoo._vgg import vgg13 as vgg13
from theano_transfer.zoo._vgg import vgg13_bn as vgg13_bn
from theano_transfer.zoo._vgg import vgg16 as vgg16
from theano_transfer.zoo._vgg import vgg16_bn as vgg16_bn
from theano_transfer.zoo._vgg import vgg19 as vgg19
from theano_transfer.zoo._vgg import vgg19_bn as vgg19_bn
from theano_transfer.zoo._vgg_cnn_s import vgg_cnn_s as vgg_cnn_s
from theano_transfer.zoo._xception import xception as xception

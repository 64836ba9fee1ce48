"""What Lasagne 0.2.dev1's documentation lists can be imported from where it lists it."""

import importlib

import lasagne
import pytest

from theano_transfer.legacy import lasagne_0_2

DOCUMENTED = {
    "layers": """
        get_output get_output_shape get_all_layers get_all_params count_params
        get_all_param_values set_all_param_values Layer MergeLayer InputLayer DenseLayer NINLayer
        Conv1DLayer Conv2DLayer Conv3DLayer TransposedConv1DLayer TransposedConv2DLayer
        TransposedConv3DLayer Deconv1DLayer Deconv2DLayer Deconv3DLayer DilatedConv2DLayer
        LocallyConnected2DLayer MaxPool1DLayer MaxPool2DLayer MaxPool3DLayer Pool1DLayer
        Pool2DLayer Pool3DLayer Upscale1DLayer Upscale2DLayer Upscale3DLayer GlobalPoolLayer
        FeaturePoolLayer FeatureWTALayer SpatialPyramidPoolingLayer CustomRecurrentLayer
        RecurrentLayer LSTMLayer GRULayer Gate DropoutLayer dropout dropout_channels
        spatial_dropout dropout_locations GaussianNoiseLayer ReshapeLayer reshape FlattenLayer
        flatten DimshuffleLayer dimshuffle PadLayer pad SliceLayer ConcatLayer concat
        ElemwiseMergeLayer ElemwiseSumLayer LocalResponseNormalization2DLayer BatchNormLayer
        batch_norm StandardizationLayer instance_norm layer_norm EmbeddingLayer
        NonlinearityLayer BiasLayer ScaleLayer standardize ExpressionLayer InverseLayer
        TransformerLayer TPSTransformerLayer ParametricRectifierLayer prelu
        RandomizedRectifierLayer rrelu""",
    "layers.normalization": "LocalResponseNormalization2DLayer BatchNormLayer batch_norm",
    "layers.special": "NonlinearityLayer BiasLayer InverseLayer prelu",
    "layers.local": "LocallyConnected2DLayer",
    "layers.corrmm": "Conv2DMMLayer",
    "layers.cuda_convnet": """
        Conv2DCCLayer MaxPool2DCCLayer ShuffleBC01ToC01BLayer bc01_to_c01b
        ShuffleC01BToBC01Layer c01b_to_bc01 NINLayer_c01b""",
    "layers.dnn": """
        Conv2DDNNLayer Conv3DDNNLayer MaxPool2DDNNLayer Pool2DDNNLayer MaxPool3DDNNLayer
        Pool3DDNNLayer SpatialPyramidPoolingDNNLayer BatchNormDNNLayer batch_norm_dnn""",
    "updates": """
        sgd momentum nesterov_momentum adagrad rmsprop adadelta adam adamax amsgrad
        apply_momentum apply_nesterov_momentum norm_constraint total_norm_constraint
        get_or_compute_grads""",
    "init": """
        Constant Normal Uniform Glorot GlorotNormal GlorotUniform He HeNormal HeUniform
        Orthogonal Sparse Initializer""",
    "nonlinearities": """
        sigmoid softmax tanh ScaledTanH ScaledTanh rectify LeakyRectify leaky_rectify
        very_leaky_rectify elu SELU selu softplus linear identity""",
    "objectives": """
        binary_crossentropy categorical_crossentropy squared_error binary_hinge_loss
        multiclass_hinge_loss huber_loss aggregate binary_accuracy categorical_accuracy""",
    "regularization": """
        apply_penalty l1 l2 regularize_layer_params regularize_layer_params_weighted
        regularize_network_params""",
    "random": "get_rng set_rng",
    "utils": """
        floatX shared_empty as_theano_expression collect_shared_vars one_hot unique
        compute_norms create_param""",
}


@pytest.mark.parametrize("module", DOCUMENTED)
def test_documented_names(module):
    found = importlib.import_module(f"lasagne.{module}")
    assert [name for name in DOCUMENTED[module].split() if not hasattr(found, name)] == []


def test_what_is_installed_stays(monkeypatch):
    """With 0.2.dev1 installed, which has BatchNormLayer, only what is missing is added."""
    dense = lasagne.layers.DenseLayer
    upscale = lasagne.layers.Upscale3DLayer
    theirs = object()
    monkeypatch.setattr(lasagne.layers.pool, "Pool1DLayer", theirs)
    monkeypatch.delattr(lasagne.layers.pool, "Upscale3DLayer")
    monkeypatch.delattr(lasagne.layers, "Upscale3DLayer")
    lasagne_0_2.complete()
    assert lasagne.layers.DenseLayer is dense
    assert lasagne.layers.pool.Pool1DLayer is theirs
    assert lasagne.layers.pool.Upscale3DLayer is upscale
    assert lasagne.layers.Upscale3DLayer is upscale

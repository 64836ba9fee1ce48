"""What every architecture of the zoo keeps to; a new one is tested by being listed."""

import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_all_layers, get_output, get_output_shape
from zoo.cases import params
from zoo.written_down import TRAINABLE, TRAINABLE_MILLIONS

import theano_transfer as tt
from theano_transfer import zoo
from theano_transfer.layers import BatchNormLayer, Conv2DLayer

# Of networks whose maps do not get smaller by half each time, or not as small as the others'.
STRIDES = {"vgg_cnn_s": [6, 12, 36], "nin_cifar10": [2, 4]}


def again(net, **options):
    """The network once more, with other options."""
    return zoo.build(net.record.name, **dict(net.record.arguments), **options)


@pytest.fixture(scope="module", params=params())
def net(request):
    """Without top, for images of any size."""
    return request.param.build(include_top=False, input_shape=(3, None, None))


@pytest.mark.parametrize("case", params(slow=lambda case, _: False))
def test_a_published_number_of_parameters_under_a_classifier(case, undrawn):
    full = case.build()
    record = full.record
    assert full.num_parameters == record.num_parameters
    assert full.num_parameters == lasagne.layers.count_params(full.output)
    assert dict(record.arguments).items() >= dict(case.arguments).items()
    assert full["input"].output_shape == (None, *record.input_shape)
    assert full.output.output_shape == (None, record.classes)
    assert tuple(full)[-len(record.top_layers) :] == record.top_layers
    assert full.output.nonlinearity is lasagne.nonlinearities.softmax


@pytest.mark.parametrize("name", [*TRAINABLE, *TRAINABLE_MILLIONS])
def test_as_many_trainable_parameters_as_others_count(name, undrawn):
    count = lasagne.layers.count_params(zoo.build(name).output, trainable=True)
    if name in TRAINABLE:
        assert count == TRAINABLE[name]
    else:
        assert round(count / 1e6, 2) == TRAINABLE_MILLIONS[name]


def test_without_top_the_rest_is_the_same(net, undrawn):
    record = net.record
    full = again(net, input_shape=(3, record.min_size, record.min_size))
    assert [name for name in full if name not in record.top_layers] == list(net)
    assert net.output is net[record.feature_layer]
    assert net.output.output_shape == (None, record.feature_channels, None, None)


def test_layers_come_after_what_feeds_them(net):
    order = {layer: place for place, layer in enumerate(net.values())}
    assert set(get_all_layers(net.output)) == set(order)
    for name, layer in net.items():
        assert layer.name == name
        below = getattr(layer, "input_layers", [getattr(layer, "input_layer", None)])
        if not isinstance(layer, InputLayer):
            assert all(order[feeding] < order[layer] for feeding in below)


def test_blocks_split_the_network_from_input_to_output(net):
    names = list(net)
    places = [names.index(first) for _, first in net.record.blocks]
    assert places == sorted(set(places))
    assert places[0] == 1  # nothing but the input lies before the first block
    # a name means a block or a layer, not either
    assert all(block == first or block not in net for block, first in net.record.blocks)
    # every split leaves something to train on both sides
    for start, stop in zip(places, [*places[1:], len(names)]):
        assert any(net[name].params for name in names[start:stop])


def test_feature_maps_shrink_by_the_same_factor_at_every_size(net, undrawn):
    record = net.record
    for rows, columns in [(224, 224), (97, 75), (record.min_size, 200)]:
        shape = get_output_shape(net.output, (2, 3, rows, columns))
        fixed = again(net, include_top=False, input_shape=(3, rows, columns))
        assert fixed.output.output_shape == (None, *shape[1:])
        assert all(size >= 1 for size in shape[2:])


def test_feature_maps_by_stride(net):
    record = net.record
    maps = net.feature_info
    strides = [feature.stride for feature in maps]
    assert strides == sorted(set(strides))
    if record.name in STRIDES:
        assert strides == STRIDES[record.name]
    else:
        assert {8, 16} <= set(strides) <= {1, 2, 4, 8, 16, 32}
    assert maps[-1][:2] == (record.feature_layer, record.feature_channels)
    for layer, channels, stride in maps:
        assert net[layer].output_shape[1] == channels
        rows = get_output_shape(net[layer], (1, 3, 512, 512))[2]
        assert abs(rows - 512 / stride) <= 6  # padding is not everywhere


@pytest.mark.parametrize(("case", "pooling"), params(times=["avg", "max"]))
def test_pooling_ends_in_vectors(case, pooling, undrawn):
    net = case.build(include_top=False, pooling=pooling, input_shape=(3, None, None))
    assert net.output is net[f"{pooling}_pool"]
    assert net.output.output_shape == (None, net.record.feature_channels)


def test_parameters_are_named_after_layer_and_role(net):
    roles = {"W", "pointwise", "b", "gamma", "beta", "mean", "var", "count"}
    assert set(net.params.values()) == set(lasagne.layers.get_all_params(net.output))
    for name, param in net.params.items():
        layer, _, role = name.rpartition(".")
        assert role in roles
        assert param.name == name
        assert getattr(net[layer], role) is param
        assert param.dtype == theano.config.floatX


def test_random_weights_are_random_and_alive(net):
    for layer in net.values():
        if isinstance(layer, Conv2DLayer):
            W = layer.W.get_value(borrow=True)
            assert W.std() > 0
            assert abs(W.mean()) < 6 * W.std() / np.sqrt(W.size)
        if isinstance(layer, BatchNormLayer) and layer.gamma is not None:
            assert set(layer.gamma.get_value()) == {1.0}


def test_preprocessing_is_known(net):
    assert net.record.preprocessing in tt.images.PREPROCESSING


def test_the_paper_can_be_found(net):
    assert "https://" in net.record.paper
    assert net.record.paper in getattr(zoo, net.record.name).__doc__


@pytest.mark.parametrize("name", ["efficientnet_lite0", "vgg16"])
def test_batches_of_any_number_and_a_given_variable(name, rng):
    images = theano.tensor.tensor4("pictures")
    net = zoo.build(name, include_top=False, input_shape=(3, 32, 40), input_var=images)
    assert net.input_var is images
    function = theano.function([images], get_output(net.output, deterministic=True))
    x = rng.normal(size=(3, 3, 32, 40)).astype(theano.config.floatX)
    together = function(x)
    assert together.shape == (3, *net.output.output_shape[1:])
    np.testing.assert_allclose(function(x[1:2])[0], together[1], rtol=1e-3, atol=1e-5)
    assert function(x[:0]).shape == (0, *together.shape[1:])


@pytest.mark.parametrize(
    "name", ["efficientnet_lite0", pytest.param("resnet50", marks=pytest.mark.slow)]
)
def test_one_training_step_changes_every_parameter(name, rng):
    """Nothing is left out of the graph, and batch normalisation moves its averages."""
    net = zoo.build(name, input_shape=(3, 32, 32), classes=3)
    labels = theano.tensor.ivector()
    loss = lasagne.objectives.categorical_crossentropy(get_output(net.output), labels).mean()
    params = lasagne.layers.get_all_params(net.output, trainable=True)
    updates = lasagne.updates.sgd(loss, params, 0.1)
    step = theano.function([net.input_var, labels], loss, updates=updates)
    before = {param: param.get_value() for param in net.params.values()}
    x = rng.normal(size=(4, 3, 32, 32)).astype(theano.config.floatX)
    assert np.isfinite(step(x, np.array([0, 1, 2, 0], "int32")))
    same = [
        name
        for name, param in net.params.items()
        if np.array_equal(param.get_value(), before[param])
    ]
    # Batch normalisation takes away what a bias in front of it adds: that has no gradient.
    idle = {
        f"{layer.input_layer.name}.b" for layer in net.values() if isinstance(layer, BatchNormLayer)
    }
    assert set(same) <= idle

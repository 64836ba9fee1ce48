"""freeze and unfreeze: which parameters they reach, and what they restore."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, InputLayer, Layer, get_all_params, get_output

import theano_transfer as tt
from theano_transfer.tuning import UnknownLayerError, freezing_signature, is_frozen


def names(params):
    return [param.name for param in params]


def frozen_layers(net):
    return [name for name, layer in net.items() if is_frozen(layer)]


def trainable(net):
    return names(get_all_params(net.output, trainable=True))


ALL = [
    "block1_conv.W", "block1_bn.gamma", "block1_bn.beta",
    "block2_conv.W", "block2_bn.gamma", "block2_bn.beta",
]  # fmt: skip


def test_a_layer_is_frozen_with_all_that_feeds_it(net):
    chosen = tt.freeze(net["block1_pool"])
    assert [layer.name for layer in chosen] == list(net)[:5]
    assert frozen_layers(net) == list(net)[:5]
    assert trainable(net) == ALL[3:]


def test_a_list_is_exactly_these_layers(net):
    tt.freeze([net["block2_conv"]])
    assert frozen_layers(net) == ["block2_conv"]
    assert trainable(net) == [*ALL[:3], *ALL[4:]]


def test_a_network_is_all_of_it(net):
    tt.freeze(net)
    assert trainable(net) == []
    assert frozen_layers(net) == list(net)


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["*_bn"], [ALL[0], ALL[3]]),
        (["block[1]_*"], ALL[3:]),
        (["block1_conv", "block2_bn"], [*ALL[1:3], ALL[3]]),
    ],
)
def test_patterns_choose_by_name(net, patterns, left):
    tt.freeze(net, *patterns)
    assert trainable(net) == left


def test_patterns_reach_layers_below_a_layer_too(net):
    tt.freeze(net["block1_pool"], "*_bn")
    assert frozen_layers(net) == ["block1_bn"]


def test_a_pattern_without_match_names_near_names_and_freezes_nothing(net):
    with pytest.raises(UnknownLayerError, match=r"'block1_cnv'.*'block1_conv'"):
        tt.freeze(net, "block2*", "block1_cnv")
    assert frozen_layers(net) == []
    assert trainable(net) == ALL


def test_a_pattern_matches_case(net):
    with pytest.raises(ValueError, match="BLOCK1_conv"):
        tt.freeze(net, "BLOCK1_conv")


@pytest.mark.parametrize("wrong", ["block1_conv", 3, None, [1, 2], {"a": "b"}])
def test_other_things_are_refused(wrong):
    with pytest.raises(TypeError, match="Lasagne layer"):
        tt.freeze(wrong)


def test_a_pattern_is_a_string(net):
    with pytest.raises(TypeError, match="name pattern"):
        tt.freeze(net, 3)


def test_freezing_twice_is_freezing_once(net):
    before = freezing_signature(net)
    tt.freeze(net)
    once = freezing_signature(net)
    tt.freeze(net)
    assert freezing_signature(net) == once != before
    tt.unfreeze(net)
    assert freezing_signature(net) == before


def test_unfreezing_restores_only_what_was_trainable(net):
    tt.freeze(net)
    tt.unfreeze(net)
    assert trainable(net) == ALL
    assert not net["block1_bn"].params[net["block1_bn"].mean] & {"trainable", "frozen"}


def test_unfreezing_what_was_never_frozen_changes_nothing(net):
    before = freezing_signature(net)
    tags = [set(tags) for layer in net.values() for tags in layer.params.values()]
    tt.unfreeze(net)
    assert freezing_signature(net) == before
    assert [set(tags) for layer in net.values() for tags in layer.params.values()] == tags


def test_unfreezing_goes_the_same_way_round(net):
    tt.freeze(net)
    tt.unfreeze(net["block1_pool"])
    assert trainable(net) == ALL[:3]
    tt.unfreeze(net, "block2_conv")
    assert trainable(net) == ALL[:4]
    tt.unfreeze([net["block2_bn"]])
    assert trainable(net) == ALL


def test_layers_that_a_user_marked_stay_as_marked():
    dense = DenseLayer(InputLayer((None, 4)), 3, name="dense")
    dense.params[dense.b].discard("trainable")
    tt.freeze(dense)
    tt.unfreeze(dense)
    assert names(dense.get_params(trainable=True)) == ["dense.W"]


def test_a_shared_parameter_is_frozen_wherever_it_occurs():
    entry = InputLayer((None, 4), name="in")
    first = DenseLayer(entry, 4, name="first")
    second = DenseLayer(first, 4, W=first.W, name="second")
    net = {"in": entry, "first": first, "second": second}
    tt.freeze(net, "first")
    assert names(get_all_params(second, trainable=True)) == ["second.b"]
    tt.unfreeze(net, "first")
    assert names(get_all_params(second, trainable=True)) == ["first.W", "first.b", "second.b"]


def test_trainable_params_leaves_out_what_a_frozen_layer_shares():
    first = DenseLayer(InputLayer((None, 4)), 4, name="first")
    second = DenseLayer(first, 4, W=first.W, name="second")
    tt.freeze(first)  # from below, `second` cannot be seen
    assert names(tt.trainable_params(second)) == ["second.b"]


def test_trainable_params_takes_a_layer_a_list_and_a_network(net):
    assert names(tt.trainable_params(net)) == ALL
    assert names(tt.trainable_params(net["block1_pool"])) == ALL[:3]
    assert names(tt.trainable_params([net["block2_bn"]])) == ALL[4:]


def test_a_frozen_batch_normalisation_uses_its_averages_in_training(net):
    x = np.random.default_rng(0).normal(size=(5, 3, 12, 12)).astype("float32")
    training = theano.function([net.input_var], get_output(net.output))(x)
    prediction = theano.function([net.input_var], get_output(net.output, deterministic=True))(x)
    assert not np.allclose(training, prediction, atol=1e-2)
    tt.freeze(net)
    frozen = theano.function([net.input_var], get_output(net.output))(x)
    np.testing.assert_array_equal(frozen, prediction)


class ForeignBatchNorm(Layer):
    """Batch normalisation as code for Lasagne 0.2 has it, which knows nothing of freezing."""

    def __init__(self, incoming, **kwargs):
        super().__init__(incoming, **kwargs)
        zeros = lasagne.init.Constant(0)
        shape = self.input_shape[1:]
        self.beta = self.add_param(zeros, shape, "beta")
        self.mean = self.add_param(zeros, shape, "mean", trainable=False)

    def get_output_for(self, input, deterministic=False, **kwargs):
        if deterministic:
            return input - self.mean + self.beta
        batch_mean = input.mean(axis=0)
        running = self.mean.clone()
        running.default_update = T.cast(0.5 * running + 0.5 * batch_mean, "float32")
        return input - (batch_mean + 0 * running) + self.beta


def test_a_foreign_batch_normalisation_is_held_still_and_let_go():
    layer = ForeignBatchNorm(InputLayer((None, 2), name="in"), name="foreign")
    x = np.array([[1, 2], [3, 4]], "float32")
    var = layer.input_layer.input_var
    tt.freeze(layer)
    tt.freeze(layer)
    function = theano.function([var], get_output(layer))
    np.testing.assert_array_equal(function(x), x)
    np.testing.assert_array_equal(layer.mean.get_value(), [0, 0])
    tt.assert_frozen(layer, function)
    tt.unfreeze(layer)
    assert "get_output_for" not in vars(layer)
    np.testing.assert_array_equal(theano.function([var], get_output(layer))(x), [[-1, -1], [1, 1]])
    np.testing.assert_array_equal(layer.mean.get_value(), [1, 1.5])


def test_dropout_below_a_frozen_layer_stays_dropout():
    entry = InputLayer((None, 50), name="in")
    layer = lasagne.layers.DropoutLayer(entry, name="dropout")
    tt.freeze(layer)
    out = theano.function([entry.input_var], get_output(layer))(np.ones((4, 50), "float32"))
    assert set(np.unique(out)) == {0, 2}


def test_the_signature_tells_layers_apart(net, make_net):
    assert freezing_signature(net) != freezing_signature(make_net())
    before = freezing_signature(net)
    net["block1_conv"].params[net["block1_conv"].W].discard("trainable")
    assert freezing_signature(net) != before

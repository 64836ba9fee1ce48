"""Building a model: what is put together, what is frozen, what compile decides."""

import lasagne
import numpy as np
import pytest
from lasagne.layers import DenseLayer, InputLayer, NonlinearityLayer

import theano_transfer as tt
from theano_transfer.tuning import UnknownLayerError
from theano_transfer.tuning._assemble import plan_outputs
from theano_transfer.zoo import Network

BASE = [f"block{n}_{part}" for n in (1, 2) for part in ("conv", "bn", "relu", "pool")]
PARAMS = [f"{layer}.{role}" for layer in ("head_dense1", "head_predictions") for role in "Wb"]


@pytest.fixture
def model(net):
    return tt.Model(net, classes=3, head=["avg", 4])


def test_a_model_is_a_frozen_base_under_a_head(net, model):
    assert list(model.net) == ["input", *BASE, "head_avg1", "head_dense1", "head_predictions"]
    assert model.base_layers == ["input", *BASE]
    assert model.frozen == ["input", *BASE]
    assert list(model.trainable) == PARAMS
    assert model.output is model.net["head_predictions"]
    assert model.net["block1_conv"] is net["block1_conv"]
    assert (model.task, model.num_classes, model.classes) == ("classification", 3, None)
    assert (model.input_size, model.input_shape) == ((12, 12), (3, 12, 12))
    assert model.preprocessing == "tf"
    assert repr(model) == "<Model: a network, classification, 3 classes>"


def test_a_base_by_name():
    model = tt.Model(
        "efficientnet_lite0", weights=None, classes=["a", "b"], input_shape=(3, 64, 48)
    )
    assert model.input_size == (64, 48)
    assert model.preprocessing == "lite"
    assert model.classes == ["a", "b"]
    assert "predictions" not in model.net
    assert list(model.trainable) == ["head_predictions.W", "head_predictions.b"]
    assert repr(model) == "<Model: efficientnet_lite0, classification, 2 classes>"


def test_unknown_sizes_take_the_usual_one():
    model = tt.Model("efficientnet_lite0", weights=None, classes=2, input_shape=(3, None, None))
    assert model.input_size == (224, 224)
    assert model.input_shape == (3, None, None)


def test_the_seed_fixes_random_bases():
    def first_weights(seed):
        model = tt.Model(
            "efficientnet_lite0", weights=None, classes=2, input_shape=(3, 32, 32), seed=seed
        )
        return model.net["stem_conv"].W.get_value()

    np.testing.assert_array_equal(first_weights(1), first_weights(1))
    assert not np.array_equal(first_weights(1), first_weights(2))


def test_a_network_with_a_top_is_used_without_it(net):
    net.add(lasagne.layers.GlobalPoolLayer(net["block2_pool"], name="avg_pool"))
    net.add(DenseLayer(net["avg_pool"], 1000, name="predictions"))
    model = tt.Model(net, classes=3)
    assert model.base_layers == ["input", *BASE]


def test_a_plain_mapping_is_a_network():
    entry = InputLayer((None, 3, 8, 8), name="in")
    dense = DenseLayer(entry, 5, name="dense")
    model = tt.Model({"in": entry, "dense": dense}, classes=3, head=[])
    assert model.preprocessing == "identity"
    assert list(model.net) == ["in", "dense", "head_predictions"]


def test_weights_by_path_go_into_a_network(make_net, tmp_path):
    other = make_net(seed=5)
    tt.weights.save(other, tmp_path / "other.h5")
    model = tt.Model(make_net(), classes=3, weights=tmp_path / "other.h5")
    for name, param in other.params.items():
        np.testing.assert_array_equal(model.net.params[name].get_value(), param.get_value())


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"base": "vgg61"}, ValueError, "vgg16"),
        ({"base": 3}, TypeError, "name of the zoo"),
        ({"classes": 0}, ValueError, "at least 2"),
        ({"classes": "abc"}, TypeError, "list of names"),
        ({"classes": ["a", "a"]}, ValueError, "same name"),
        ({"classes": ["a", 3]}, TypeError, "strings"),
        ({"classes": True}, TypeError, "number of classes"),
        ({"classes": 3, "task": "binary"}, ValueError, "two classes"),
        ({"task": "detection"}, ValueError, "'detection'"),
        ({"preprocessing": "vgg"}, ValueError, "'vgg'.*caffe"),
        ({"preprocessing": 3}, TypeError, "preprocessing"),
        ({"head": ["avgg"]}, ValueError, "'avgg'"),
        ({"input_shape": (3, 8, 8)}, ValueError, "has its own"),
    ],
)
def test_wrong_arguments_are_named_before_anything_is_built(net, options, error, text):
    with pytest.raises(error, match=text):
        tt.Model(**{"base": net, "classes": 3, **options})
    assert not any(tt.tuning.is_frozen(layer) for layer in net.values())


def test_bases_that_take_no_pictures_are_refused():
    for shape in [(None, 3), (None, None, 8, 8)]:
        entry = InputLayer(shape, name="in")
        with pytest.raises(ValueError, match="takes pictures"):
            tt.Model({"in": entry, "n": NonlinearityLayer(entry, name="n")}, classes=3)


def test_a_size_that_nobody_knows_is_asked_for():
    entry = InputLayer((None, 3, None, None), name="in")
    with pytest.raises(ValueError, match="give the input layer rows and columns"):
        tt.Model({"in": entry}, classes=3)


def test_networks_with_gaps_are_refused(net):
    del net["block1_bn"]
    with pytest.raises(ValueError, match="leaves out 1 layer"):
        tt.Model(net, classes=3)


def test_names_of_base_and_head_do_not_clash(net):
    def clash(layer):
        return DenseLayer(layer, 2, name="block1_conv")

    with pytest.raises(ValueError, match="'block1_conv'"):
        tt.Model(net, classes=3, head=[clash])


def test_planned_outputs():
    assert plan_outputs(1, None) == plan_outputs(1, "binary") == plan_outputs(2, "binary")
    assert plan_outputs(1, None).units == 1
    assert plan_outputs(["a", "b"], "binary").units == 1
    assert plan_outputs(2, None).task == "classification"
    assert plan_outputs(4, "multilabel").units == 4
    assert plan_outputs(1, "regression").units == 1


# Freezing


def test_unfreezing_a_layer_is_everything_from_it_on(model):
    frozen = model.unfreeze("block2_conv")
    assert frozen == ["input", *BASE[:4], "block2_bn"]
    assert list(model.trainable) == ["block2_conv.W", *PARAMS]


def test_unfreezing_a_block(model):
    model.unfreeze("block2", batch_norm=True)
    assert model.frozen == ["input", *BASE[:4]]


def test_batch_normalisation_of_the_base_is_asked_for(model):
    model.unfreeze("all")
    assert model.frozen == ["block1_bn", "block2_bn"]
    model.unfreeze("all", batch_norm=True)
    assert model.frozen == []


def test_batch_normalisation_of_the_head_is_never_meant(net):
    model = tt.Model(net, classes=3, head=["avg", "batchnorm"])
    model.freeze("head_batchnorm1")
    model.unfreeze("head_batchnorm1")
    assert "head_batchnorm1.gamma" in model.trainable


def test_patterns_are_exactly_what_matches(model):
    model.unfreeze("block*_conv")
    assert list(model.trainable) == ["block1_conv.W", "block2_conv.W", *PARAMS]
    model.freeze("*1_conv")
    assert list(model.trainable) == ["block2_conv.W", *PARAMS]


def test_freezing_a_layer_is_everything_that_feeds_it(model):
    model.unfreeze(batch_norm=True)
    assert model.freeze("block1_relu") == ["input", *BASE[:3]]
    assert model.freeze("block1") == ["input", *BASE[:4]]
    assert model.freeze("block2") == ["input", *BASE]
    model.unfreeze(batch_norm=True)
    assert model.freeze() == ["input", *BASE]
    assert list(model.trainable) == PARAMS


def test_both_branches_of_a_block_are_above_its_first_layer():
    model = tt.Model("resnet50", weights=None, classes=2, input_shape=(3, 32, 32), head=["avg"])
    model.unfreeze("conv5_block1_1_conv")
    assert "conv5_block1_0_conv.W" in model.trainable
    assert not any(name.startswith("conv4") for name in model.trainable)


@pytest.mark.parametrize("verb", ["freeze", "unfreeze"])
def test_unknown_layers_are_answered_with_near_ones(model, verb):
    before = model.frozen
    with pytest.raises(UnknownLayerError, match=r"'block3'.*'block2'"):
        getattr(model, verb)("block2", "block3")
    with pytest.raises(UnknownLayerError, match=r"blok\*"):
        getattr(model, verb)("blok*")
    with pytest.raises(TypeError, match="by its name"):
        getattr(model, verb)(3)
    assert model.frozen == before


# compile


@pytest.mark.parametrize(
    ("classes", "loss", "task", "units"),
    [
        (3, None, "classification", 3),
        (3, "categorical_crossentropy", "classification", 3),
        (3, "binary_crossentropy", "multilabel", 3),
        (2, "binary_crossentropy", "binary", 1),
        (1, "binary_crossentropy", "binary", 1),
        (1, None, "binary", 1),
        (1, "mse", "regression", 1),
        (4, "mae", "regression", 4),
    ],
)
def test_the_loss_decides_the_task_where_nobody_did(net, classes, loss, task, units):
    model = tt.Model(net, classes=classes, head=["avg"])
    model.compile(loss=loss)
    assert (model.task, model.output.num_units) == (task, units)
    assert model.output is model.net["head_predictions"]


def test_a_task_that_was_given_is_kept(net):
    model = tt.Model(net, classes=3, task="multilabel")
    with pytest.raises(ValueError, match=r"categorical_crossentropy.*'multilabel'"):
        model.compile(loss="categorical_crossentropy")
    model.compile(loss="mse")
    assert model.task == "multilabel"


def test_a_task_is_kept_once_compiled(net):
    model = tt.Model(net, classes=3)
    model.compile(loss="categorical_crossentropy")
    output = model.output
    with pytest.raises(ValueError, match="another task"):
        model.compile(loss="binary_crossentropy")
    model.compile(loss="mse")
    assert model.output is output


def test_one_class_cannot_be_told_from_others(net):
    model = tt.Model(net, classes=1)
    with pytest.raises(ValueError, match="'binary'"):
        model.compile(loss="categorical_crossentropy")


def test_nothing_to_train_is_an_error(model):
    tt.freeze(model.net)
    with pytest.raises(ValueError, match="every layer is frozen"):
        model.compile()


@pytest.mark.parametrize("rate", [-1, float("nan"), [1, 2]])
def test_learning_rates_are_checked(model, rate):
    with pytest.raises(ValueError, match="learning rate"):
        model.compile(learning_rate=rate)


def test_a_failed_compile_leaves_the_old_one(model):
    model.compile("sgd", learning_rate=0.5)
    functions = model.functions
    with pytest.raises(ValueError, match="'sdg'"):
        model.compile("sdg")
    assert model.functions is functions
    assert model.learning_rate == 0.5


def test_the_learning_rate_is_a_shared_variable(model):
    model.compile("sgd", learning_rate=0.5)
    model.learning_rate = 0.25
    assert model.learning_rate == 0.25
    assert model.functions.learning_rate.get_value() == 0.25
    with pytest.raises(ValueError, match="learning rate"):
        model.learning_rate = -1


def test_compiling_again_keeps_the_functions_that_still_fit(model):
    model.compile("sgd")
    inference = model.inference
    model.compile("adam")
    assert model.inference is inference
    model.unfreeze("block2")
    model.compile("adam")
    assert model.inference is not inference


def test_summary_tells_frozen_from_trainable(model):
    lines = model.summary().splitlines()
    assert [line.split()[-1] for line in lines if line.startswith("block1_conv")] == ["frozen"]
    assert [line.split()[-1] for line in lines if line.startswith("head_dense1")] == ["trainable"]
    assert lines[-1] == "407 parameters: 43 trainable, 364 not"


def test_the_network_is_one_of_the_zoos_kind(model):
    assert isinstance(model.net, Network)
    assert model.net.record.name == "small"
    assert list(model.net.params)[-4:] == PARAMS

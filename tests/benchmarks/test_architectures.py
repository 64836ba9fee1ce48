import numpy as np
import pytest

from benchmarks import architectures
from benchmarks.fusing import folded, fuse
from benchmarks.nodes import Node, Table

# Of keras.applications with include_top=False.
PARAMETERS = {"vgg16": 14_714_688, "resnet50": 23_587_712, "mobilenet_v2": 2_257_984}


@pytest.fixture(params=architectures.ARCHITECTURES)
def model(request):
    return request.param


def test_parameters_are_those_of_keras(model):
    assert architectures.count_parameters(architectures.nodes(model)) == PARAMETERS[model]


def test_efficientnet_has_what_lies_below_the_top():
    table = architectures.nodes("efficientnet_b0", symmetric=True)
    top = 1280 * 1000 + 1000
    preprocessing = 7  # of Keras: mean and variance of three colours, and a counter
    assert architectures.count_parameters(table) == 5_330_571 - top - preprocessing
    assert table[-1].size == 7


def test_maps_end_in_7_by_7(model):
    assert architectures.nodes(model)[-1].size == 7


def test_symmetric_padding_changes_no_shape(model):
    def shapes(symmetric):
        table = architectures.nodes(model, symmetric=symmetric)
        return [(node.name, node.channels, node.size) for node in table]

    assert shapes(True) == shapes(False)


@pytest.mark.parametrize(
    ("scope", "share"), [("head", (0, 0)), ("block", (0.2, 0.7)), ("all", (1, 1))]
)
def test_share_of_parameters_that_are_trained(model, scope, share):
    table = architectures.nodes(model)
    trained = architectures.trained_names(model, scope)
    part = architectures.count_parameters(
        [node if node.name in trained else _without_parameters(node) for node in table]
    )
    low, high = share
    assert low <= part / PARAMETERS[model] <= high


def _without_parameters(node):
    return Node(node.name, "relu", node.inputs, node.channels, node.size)


def test_parameters_do_not_depend_on_the_order(model):
    table = architectures.nodes(model)[:20]
    values = architectures.parameters(table)
    again = architectures.parameters([*table[:1], *reversed(table[1:])])
    assert values.keys() == again.keys()
    name = next(iter(values))
    np.testing.assert_array_equal(values[name], again[name])


def test_two_nodes_of_one_name_are_refused():
    table = Table()
    table.conv("input", "twice", 4, 3)
    with pytest.raises(ValueError, match="two nodes called 'twice'"):
        table.conv("input", "twice", 4, 3)


def test_everything_is_fused(model):
    table = architectures.nodes(model)
    primitives = fuse(table)
    operations = [node.op for node in table]
    assert len(primitives) == operations.count("conv") + operations.count("max_pool")
    assert sum(p.residual >= 0 for p in primitives) == operations.count("add")
    assert sum(p.norm is not None for p in primitives) == operations.count("bn")


def test_no_buffer_is_overwritten_before_it_is_read(model):
    primitives = fuse(architectures.nodes(model))
    holds = {}  # buffer -> the primitive whose output lies there
    for i, primitive in enumerate(primitives):
        for needed in (primitive.source, primitive.residual):
            if needed >= 0:
                assert holds[primitives[needed].buffer] == needed
        if primitive.residual < 0 <= primitive.source:
            assert primitive.buffer != primitives[primitive.source].buffer
        holds[primitive.buffer] = i


def test_few_buffers_are_enough(model):
    assert max(p.buffer for p in fuse(architectures.nodes(model))) <= 3


def test_folding_is_convolution_then_normalisation(rng):
    table = Table(size=1)
    table.bn(table.conv("input", "conv", 4, 1, bias=True), "bn", 1e-3)
    nodes = list(table.nodes.values())
    values = architectures.parameters(nodes)
    kernel, bias = folded(fuse(nodes)[0], values)
    x = rng.standard_normal(3)
    maps = values["conv.W"][:, :, 0, 0] @ x + values["conv.b"]
    expected = (maps - values["bn.mean"]) / np.sqrt(values["bn.var"] + 1e-3)
    expected = expected * values["bn.gamma"] + values["bn.beta"]
    np.testing.assert_allclose(kernel[:, :, 0, 0] @ x + bias, expected, rtol=1e-5, atol=1e-6)


def test_what_cannot_be_fused_is_refused():
    table = Table()
    table.same("relu", "relu", table.max_pool("input", "pool", 2, 2))
    with pytest.raises(ValueError, match="relu does not follow a convolution"):
        fuse(list(table.nodes.values()))

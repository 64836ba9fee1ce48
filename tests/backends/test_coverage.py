"""Everything that there is to train can be computed by JAX: layers, losses, rules, networks.

What is new is found by itself. Here conversions are looked up; what they compute is held against
NumPy in the other files, and for layers by the slow half of ``tests/legacy/lasagne_0_2``.
"""

import inspect

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.graph.basic import Constant, graph_inputs
from aesara.graph.fg import FunctionGraph
from aesara.graph.op import Op
from aesara.link.jax.dispatch import jax_funcify
from lasagne.layers import InputLayer, Layer
from zoo import cases

import theano_transfer as tt
import theano_transfer.backends.conversions
from theano_transfer.backends._graph import conversion
from theano_transfer.backends._mode import JaxMode
from theano_transfer.kernels import _bfloat16, _depthwise_block
from theano_transfer.layers import _pad_op
from theano_transfer.legacy.mended import loops, ops
from theano_transfer.tuning._losses import LOSSES
from theano_transfer.tuning._metrics import METRICS

# Placed by rewrites that the mode leaves out; bases of Ops elsewhere.
WITHOUT_CONVERSION = {
    _bfloat16.Convert, _bfloat16.Conv2dBfloat16, _bfloat16.Pool2dBfloat16,
    _depthwise_block.DepthwiseBlock, ops.COp, ops.Op,
}  # fmt: skip


def check(outputs, *, rewritten=False):
    """Look up the conversion of each Op, those that rewrites place if `rewritten`."""
    inputs = [v for v in graph_inputs(outputs) if not isinstance(v, Constant)]
    fgraph = FunctionGraph(inputs, outputs, clone=True)
    if rewritten:
        JaxMode().optimizer.rewrite(fgraph)
    for node in fgraph.apply_nodes:
        conversion(node)


def subclasses(cls):
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_op_of_ours():
    ours = {op for op in subclasses(Op) if op.__module__.startswith("theano_transfer.")}
    assert ours > {tt.kernels.Conv2d, tt.kernels.Pool2d, _pad_op.PadImages, loops._AnyLength}
    usable = {op for op in ours if not list(op.__subclasses__())} | {tt.kernels.Conv2d}
    lacking = {op for op in usable if jax_funcify.dispatch(op) is jax_funcify.dispatch(object)}
    assert lacking <= WITHOUT_CONVERSION


def layer_classes():
    """All public layers, those that only GPUs had too."""
    modules = [lasagne.layers, lasagne.layers.dnn, lasagne.layers.corrmm]
    modules += [lasagne.layers.cuda_convnet, tt.layers]
    found = {}
    for module in modules:
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, Layer):
                found[f"{value.__module__}.{value.__qualname__}"] = value
    for name in ("Layer", "MergeLayer", "InputLayer"):  # which compute nothing
        del found[f"lasagne.layers.{'input' if name == 'InputLayer' else 'base'}.{name}"]
    found.pop("lasagne.layers.conv.BaseConvLayer")
    return found


LAYERS = layer_classes()
MAPS = (2, 4, 8, 8)
# The shape of what comes in, by a part of the layer's name; others take maps.
SHAPES = {
    "1DLayer": (2, 4, 8), "SequenceLayer": (2, 4, 8), "3D": (2, 4, 6, 6, 6),
    "Recurrent": (2, 5, 4), "LSTM": (2, 5, 4), "GRU": (2, 5, 4), "Embedding": (2, 5),
    "CCLayer": (2, 16, 8, 8), "c01b": (4, 8, 8, 2), "C01BTo": (4, 8, 8, 2),
}  # fmt: skip
# By the name of a parameter that has no default: what a layer is given for it.
ARGUMENTS = {
    "num_filters": lambda entry: 16 if "CC" in entry.name else 4,
    "filter_size": lambda entry: 3,
    "num_units": lambda entry: 4,
    "pool_size": lambda entry: 2,
    "scale_factor": lambda entry: 2,
    "pattern": lambda entry: (1, 0, 2, 3),
    "shape": lambda entry: (4, -1) if "ChannelsLast" in entry.name else ([0], -1),
    "axes": lambda entry: (2, 2),
    "groups": lambda entry: 2,
    "size": lambda entry: (5, 11),
    "make": lambda entry: lambda shape: lasagne.layers.Conv2DLayer(shape, 3, (3, 1)),
    "indices": lambda entry: 0,
    "width": lambda entry: 1,
    "padding": lambda entry: 1,
    "cropping": lambda entry: 1,
    "scale": lambda entry: 2.0,
    "input_size": lambda entry: 5,
    "output_size": lambda entry: 3,
    "merge_function": lambda entry: T.mul,
    "function": lambda entry: T.mul if "Merge" in entry.name else T.tanh,
    "layer": lambda entry: entry.layer,
    "localization_network": lambda entry: lasagne.layers.DenseLayer(
        entry, 32 if "TPS" in entry.name else 6
    ),
    "input_to_hidden": lambda entry: lasagne.layers.DenseLayer(
        InputLayer((None, 4)), 3, nonlinearity=None
    ),
    "hidden_to_hidden": lambda entry: lasagne.layers.DenseLayer(InputLayer((None, 3)), 3),
}


def built(cls):
    """A layer of that class on inputs that suit it."""
    shape = next((s for part, s in SHAPES.items() if part in cls.__name__), MAPS)
    integers = T.imatrix() if cls.__name__ == "EmbeddingLayer" else None
    entry = InputLayer(shape, integers, name=cls.__name__)
    if cls.__name__ == "InverseLayer":
        entry.layer = lasagne.layers.Conv2DLayer(entry, 3, 3, b=None, nonlinearity=None)
        return cls(entry.layer, entry.layer)
    if cls.__name__ == "ExciteLayer":
        return cls([entry, InputLayer((2, 4, 1, 1))])
    if cls.__name__ == "SharedLayer":
        return cls([entry], lasagne.layers.Conv2DLayer(InputLayer(MAPS), 3, 3))
    parameters = [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    given = {name: ARGUMENTS[name](entry) for name in parameters[1:]}
    return cls([entry, entry] if parameters[0] == "incomings" else entry, **given)


def trained(layer):
    """What a layer computes, and the gradients by its inputs and parameters, while training."""
    inputs = [
        each.input_var
        for each in lasagne.layers.get_all_layers(layer)
        if isinstance(each, InputLayer) and each.input_var.dtype == "float32"
    ]
    y = lasagne.layers.get_output(layer)
    wanted = [*inputs, *lasagne.layers.get_all_params(layer, trainable=True)]
    gradients = T.grad((y**2).sum(), wanted, disconnected_inputs="ignore") if wanted else []
    return [y, lasagne.layers.get_output(layer, deterministic=True), *gradients]


@pytest.mark.filterwarnings("ignore:`sqr` is deprecated")  # Lasagne's own layers
class TestLayers:
    @pytest.mark.parametrize("cls", LAYERS.values(), ids=LAYERS.keys())
    def test_each(self, cls):
        check(trained(built(cls)))

    @pytest.mark.slow
    @pytest.mark.parametrize("cls", LAYERS.values(), ids=LAYERS.keys())
    def test_each_as_it_is_rewritten(self, cls):
        check(trained(built(cls)), rewritten=True)

    def test_there_are_those_of_lasagne_and_ours(self):
        assert len(LAYERS) > 70


@pytest.mark.filterwarnings("ignore:the default of binary_hinge_loss")
def test_losses_metrics_and_nonlinearities():
    scores, matrix, classes = T.matrix(), T.matrix(), T.ivector()
    p = T.nnet.softmax(scores)
    outputs = []
    for loss in LOSSES.values():
        outputs.append(loss.function(p, classes if loss.indices else matrix).sum())
    names = [name for name, f in vars(lasagne.objectives).items() if inspect.isfunction(f)]
    for name in sorted({*names} - {"get_output", "aggregate", "align_targets"}):
        target = classes if name in ("multiclass_hinge_loss", "categorical_accuracy") else matrix
        outputs.append(T.cast(getattr(lasagne.objectives, name)(p, target), "float32").sum())
    for f in vars(lasagne.nonlinearities).values():
        if callable(f) and not inspect.isclass(f):
            outputs.append(f(scores).sum())
    for f in (tt.layers.relu6, tt.layers.hard_sigmoid, tt.layers.hard_swish, tt.layers.swish):
        outputs.append(f(scores).sum())
    assert len(outputs) > 25
    by_scores = [T.grad(y, scores, disconnected_inputs="ignore") for y in outputs]
    measured = [metric(p, matrix) for metric in METRICS.values()]
    check([*outputs, *by_scores, *measured], rewritten=True)


RULES = sorted(
    name
    for name, rule in vars(lasagne.updates).items()
    if inspect.isfunction(rule) and [*inspect.signature(rule).parameters][:1] == ["loss_or_grads"]
)


def test_every_update_rule(slowly, rng):
    """Parameters after some steps, each by a rule of its own, are those of NumPy."""
    rules = [name for name in RULES if name != "get_or_compute_grads"]
    assert len(rules) >= 9
    start, x = rng.normal(size=(3, 2)).astype("float32"), T.matrix()

    def trained_by(mode):
        updates, params = [], []
        for name in rules:
            w, b = theano.shared(start), theano.shared(start[0])
            loss = ((T.dot(x, w) + b) ** 2).mean()
            rule = getattr(lasagne.updates, name)
            updates += rule(loss, [w, b], learning_rate=0.05).items()
            params += [w, b]
        # And what may be done to gradients and updates, of ours and of Lasagne.
        w = theano.shared(start)
        loss = (T.dot(x, w) ** 2).mean()
        clipped = tt.updates.clip_gradients(T.grad(loss, [w]), norm=0.5, value=0.3)
        some = tt.updates.accumulate(
            lambda grads: lasagne.updates.adam(grads, [w]), clipped, [w], 2
        )
        some = tt.updates.decoupled_weight_decay(some, [w], 0.1)
        some[w] = lasagne.updates.norm_constraint(some[w], 1.5)
        params.append(w)
        with theano.config.change_flags(cxx=""):
            step = theano.function([x], [], updates=[*updates, *some.items()], mode=mode)
        for _ in range(3):
            step(np.ones((4, 3), "float32"))
        return [param.get_value() for param in params]

    for found, expected in zip(trained_by("JAX"), trained_by(slowly)):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("case", [pytest.param(c, id=str(c)) for c in cases.everyone()])
def test_every_network(case):
    """A training graph of each network, as rewrites leave it of the smallest of each family."""
    net = case.build(weights=None)
    y = T.ivector()
    prediction = lasagne.layers.get_output(net.output)
    loss = lasagne.objectives.categorical_crossentropy(prediction, y).mean()
    params = lasagne.layers.get_all_params(net.output, trainable=True)
    updates = lasagne.updates.nesterov_momentum(loss, params, 0.1)
    check([loss, *updates.values()], rewritten=case.is_small)

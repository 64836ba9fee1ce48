import numpy as np
import theano
from lasagne.layers import DenseLayer, GlobalPoolLayer, InputLayer, get_all_params, get_output

import theano_transfer as tt
from theano_transfer.layers import BatchNormLayer, Conv2DLayer, SharedLayer


def pair(shape=(None, 2, 7, 7), other=(None, 2, 4, 6)):
    """A convolution whose padding depends on the size, and the same on images of another size."""
    first, second = InputLayer(shape), InputLayer(other)
    layer = Conv2DLayer(first, 3, 3, stride=2, pad="same", name="conv")
    return first, second, layer, SharedLayer([second], layer, name="again")


def test_it_computes_what_the_layer_would_on_the_other_input(rng):
    _, second, layer, again = pair()
    own = Conv2DLayer(second, 3, 3, stride=2, pad="same", W=layer.W, b=layer.b)
    assert again.output_shape == own.output_shape == (None, 3, 2, 3)
    x = rng.normal(size=(2, 2, 4, 6)).astype("f4")
    function = theano.function([second.input_var], get_output([again, own]), mode="FAST_COMPILE")
    np.testing.assert_array_equal(*function(x))


def test_its_parameters_are_those_of_the_layer():
    *_, layer, again = pair()
    assert again.params == {}
    assert get_all_params(again) == [layer.W, layer.b]
    tt.freeze(again)
    assert get_all_params(again, trainable=True) == []


def test_both_uses_count_in_training(rng):
    """The gradient is the sum; averages of batch normalisation move and stay finite."""
    first, second, layer, again = pair((None, 2, 7, 7), (None, 2, 7, 7))
    norm = BatchNormLayer(layer, name="norm")
    both = [GlobalPoolLayer(norm), GlobalPoolLayer(SharedLayer([again], norm, name="norm_again"))]
    outputs = get_output([DenseLayer(both[0], 2, W=np.ones((3, 2), "f4")), both[1]])
    cost = (outputs[0] ** 2).sum() + (outputs[1] ** 2).sum()
    inputs = [first.input_var, second.input_var]
    step = theano.function(inputs, theano.grad(cost, layer.W), mode="FAST_COMPILE")
    x = rng.normal(size=(2, 3, 2, 7, 7)).astype("f4")
    before = norm.mean.get_value()
    assert np.isfinite(step(*x)).all()
    assert np.abs(norm.mean.get_value() - before).max() > 0

"""Every network of Keras's, exported for Keras: there it predicts what it does here."""

import numpy as np
import pytest
import theano
from lasagne.layers import get_output
from zoo.cases import params
from zoo.keras_models import (
    CLASSES,
    filled_model,
    keras_model,
    outputs,
    pictures,
    preprocessing_of,
)

from theano_transfer.weights import export

SIZE = (97, 75)
# Depthwise and residual, Keras's own layers of preprocessing, dense kernels after Flatten.
QUICK = ("caffenet", "efficientnet_v2_b0", "mobilenet_v2")


@pytest.mark.parametrize("case", params(slow=lambda case, _: str(case) not in QUICK))
def test_keras_holds_the_same_weights_from_what_is_exported(case, tmp_path):
    model = keras_model(case, SIZE, include_top=True)
    rng = np.random.default_rng(0)
    values = [rng.uniform(1, 2, value.shape).astype(value.dtype) for value in model.get_weights()]
    model.set_weights(values)
    path = tmp_path / "random.weights.h5"
    model.save_weights(path)
    net = case.build(weights=path, input_shape=(3, *SIZE), classes=CLASSES)
    path.unlink()  # half a gigabyte for a VGG
    for ending in (".weights.h5", ".h5"):
        path = tmp_path / f"exported{ending}"
        export(net, path)
        model.set_weights([np.zeros_like(value) for value in values])
        model.load_weights(path)
        path.unlink()
        for variable, expected in zip(model.weights, values):
            np.testing.assert_array_equal(variable, expected, f"{variable.path} in {ending}")


@pytest.mark.slow
@pytest.mark.parametrize("case", params())
def test_keras_predicts_the_same_from_what_is_exported(case, tmp_path):
    path = tmp_path / "random.weights.h5"
    filled_model(case, SIZE, include_top=True).save_weights(path)
    net = case.build(weights=path, input_shape=(3, *SIZE), classes=CLASSES)
    path.unlink()
    path = tmp_path / "exported.h5"
    export(net, path)
    model = keras_model(case, SIZE, include_top=True)
    model.load_weights(path)
    path.unlink()
    x = pictures(SIZE, preprocessing_of(case))
    (expected,) = outputs(model, x, model.layers[-1].name)
    output = get_output(net.output, deterministic=True)
    found = theano.function([net.input_var], output)(x)
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(found, expected.reshape(found.shape), atol=1e-5)

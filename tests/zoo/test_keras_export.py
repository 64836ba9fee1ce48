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


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
@pytest.mark.parametrize("case", params())
def test_keras_predicts_the_same_from_what_is_exported(case, ending, tmp_path):
    filled_model(case, SIZE, include_top=True).save_weights(tmp_path / "random.weights.h5")
    net = case.build(
        weights=tmp_path / "random.weights.h5", input_shape=(3, *SIZE), classes=CLASSES
    )
    export(net, tmp_path / f"exported{ending}")
    model = keras_model(case, SIZE, include_top=True)
    model.load_weights(tmp_path / f"exported{ending}")
    x = pictures(SIZE, preprocessing_of(case))
    (expected,) = outputs(model, x, model.layers[-1].name)
    output = get_output(net.output, deterministic=True)
    found = theano.function([net.input_var], output)(x)
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(found, expected.reshape(found.shape), atol=1e-5)

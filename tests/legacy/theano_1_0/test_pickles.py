"""Shared variables in pickles, Theano's too, and its zip files."""

import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T
from legacy.theano_1_0.values import PYTHON, value
from numpy.testing import assert_allclose, assert_array_equal


class TestPickles:
    @pytest.mark.parametrize("protocol", [0, 2, 4])
    def test_shared_variables_come_back(self, protocol, x):
        s = theano.shared(x, "s", broadcastable=(False, False))
        back = pickle.loads(pickle.dumps(s, protocol))
        assert_array_equal(back.get_value(), x)
        assert back.name == "s"

    def instance(self, path, **state):
        """An object as protocol 0 writes it: its class by name, its state as a dictionary."""
        module, _, name = path.rpartition(".")
        written = "".join(f"V{key}\n{text}" for key, text in state.items())
        return (
            f"ccopy_reg\n_reconstructor\n(c{module}\n{name}\nc__builtin__\nobject\nNtR({written}db"
        )

    def pickle_of_theano(self, kind, value, name):
        """What Theano 1.0 wrote for a shared variable, with the attributes that it has there."""
        array = pickle.dumps(value, 0)[:-1].decode("latin1")
        pattern = "(" + "I00\n" * value.ndim + "t"
        dtype = pickle.dumps(value.dtype, 0)[:-1].decode("latin1")
        texts = {"name": "N", "dtype": f"V{value.dtype}\n", "broadcastable": pattern}
        type_name, variable = {
            "cpu": (
                "theano.tensor.type.TensorType",
                "theano.tensor.sharedvar.TensorSharedVariable",
            ),
            "cuda": (
                "theano.sandbox.cuda.type.CudaNdarrayType",
                "theano.sandbox.cuda.var.CudaNdarraySharedVariable",
            ),
            "gpuarray": (
                "theano.gpuarray.type.GpuArrayType",
                "theano.gpuarray.type.GpuArraySharedVariable",
            ),
        }[kind]
        if kind == "cpu":
            texts.update(numpy_dtype=dtype, sparse_grad="I00\n")
        else:
            reader = {
                "cuda": "ctheano.sandbox.cuda.type\nCudaNdarray_unpickler\n",
                "gpuarray": "ctheano.gpuarray.type\nGpuArray_unpickler\n",
            }[kind]
            array = f"{reader}({array}{'N' if kind == 'gpuarray' else ''}tR"
        kind_text = self.instance(type_name, **texts)
        container = self.instance(
            "theano.gof.link.Container",
            storage=f"({array}l",
            readonly="I00\n",
            type=kind_text,
            name=f"V{name}\n",
            allow_downcast="N",
            strict="I00\n",
        )
        tag = self.instance("theano.gof.utils.scratchpad", trace="(l")
        shared = self.instance(
            variable,
            tag=tag,
            type=kind_text,
            owner="N",
            index="N",
            name=f"V{name}\n",
            auto_name="Vauto_4\n",
            container=container,
        )
        return (shared + ".").encode("latin1")

    @pytest.mark.parametrize("kind", ["cpu", "cuda", "gpuarray"])
    def test_of_theano(self, kind, x):
        values = x.astype("float32")
        back = pickle.loads(self.pickle_of_theano(kind, values, "W"), encoding="latin1")
        assert isinstance(back, T.sharedvar.TensorSharedVariable)
        assert type(back) is type(theano.shared(values))
        assert back.type == theano.shared(values).type
        assert back.name == "W"
        assert_array_equal(back.get_value(), values)
        assert_allclose(value(back * 2), values * 2)
        theano.function([], updates=[(back, back + 1)], mode=PYTHON)()
        assert_allclose(back.get_value(), values + 1)

    def test_zip_files(self, x, tmp_path):
        from theano.misc import pkl_utils

        s, t = theano.shared(x, "W"), theano.shared(x[0], "W")
        with open(tmp_path / "model.zip", "wb") as file:
            pkl_utils.dump((s, t, {"rate": 0.1}), file)
        with open(tmp_path / "model.zip", "rb") as file:
            back, second, settings = pkl_utils.load(file)
        assert_array_equal(back.get_value(), x)
        assert_array_equal(second.get_value(), x[0])
        assert settings == {"rate": 0.1}
        with np.load(tmp_path / "model.zip") as arrays:
            assert_array_equal(arrays["W"], x)
            assert_array_equal(arrays["W_2"], x[0])
